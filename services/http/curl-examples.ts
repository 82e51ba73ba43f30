/** One curl command for each route and body type, made from the route's own examples. A test runs them all. */
import type { Media, NamedOperation } from './api-docs.ts'

export interface CurlExample {
  /** `GET /v1/services` */
  readonly name: string
  readonly command: string
  /** The status that the documentation promises. */
  readonly status: number
}

/** Values that only the running controller knows; set in the shell by the reader. */
const VARIABLES: Readonly<Record<string, string>> = {
  '/v1/decisions/{id}': '$DECISION_ID',
  '/v1/decisions/{id}/replay': '$DECISION_ID',
  '/v1/ticks/{tick}': '$TICK',
  '/v1/alerts/{id}': '$ALERT_ID',
  '/v1/alerts/{id}/acknowledge': '$ALERT_ID',
  '/v1/demo/spikes/{id}': '$SPIKE_ID',
}

const QUERIES: Readonly<Record<string, string>> = {
  'GET /readyz': 'verbose=true',
  'GET /v1/services/{service}/series': 'metric=requests_per_second&step=15000',
  'GET /v1/services/{service}/forecast': 'levels=0.1,0.5,0.9&horizon=3',
  'GET /v1/decisions': 'service=search&limit=5',
  'GET /v1/ticks': 'limit=5',
  'GET /v1/alerts': 'open=true&limit=5',
  'GET /v1/covariates': 'service=search',
  'GET /v1/outlook': 'days=7',
  'GET /v1/models': 'service=search&limit=5',
  'GET /v1/models/{service}/compare': 'a=1&b=2',
  'GET /v1/outcomes': 'service=search',
  'GET /predict/{service}': 'horizon_seconds=30',
}

/** Bodies that no example can show: a file that another route, or Prometheus, has written. */
const FILES: Readonly<Record<string, string>> = {
  'POST /v1/models/{service}/import': '@search.model.json',
  'POST /api/v1/write': '@write.snappy',
}

/** Streams do not end by themselves; what another example reads is written to a file. */
const OPTIONS: Readonly<Record<string, string>> = {
  'GET /v1/events': '-N --max-time 2 ',
  'POST /api/v1/write': "-H 'content-encoding: snappy' ",
  'GET /v1/models/{service}/{number}/export': '-o search.model.json ',
  'GET /v1/ws':
    "-N --max-time 2 --http1.1 -H 'connection: upgrade' -H 'upgrade: websocket' -H 'sec-websocket-version: 13' -H 'sec-websocket-key: Zm9yZXNjYWxlLWRvY3MhIQ==' ",
}

export function curlExamples(operations: readonly NamedOperation[]): CurlExample[] {
  return operations.flatMap((row) => {
    const name = `${row.method} ${row.path}`
    const bodies = Object.entries(row.operation.requestBody?.content ?? {})
    const status = Number(Object.keys(row.operation.responses).sort()[0])
    const given = bodies.filter(([, media]) => media.example !== undefined)
    const shown: (readonly [string, Media] | undefined)[] = given.length > 0 ? given : [undefined]
    return shown.map((body) => ({ name, status, command: command(row, name, body) }))
  })
}

function command(
  { method, path, operation }: NamedOperation,
  name: string,
  body: readonly [string, Media] | undefined,
): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => {
    const found = operation.parameters?.find((p) => p.name === parameter)
    return VARIABLES[path] ?? String(found?.example ?? found?.schema.example)
  })
  const query = QUERIES[name] ? `?${QUERIES[name]}` : ''
  const verb = method === 'GET' ? '' : `-X ${method} `
  const data = body
    ? ` \\\n  -H 'content-type: ${body[0]}' ${FILES[name] ? `--data-binary ${FILES[name]}` : payload(body[1].example)}`
    : ''
  return `curl -sS ${verb}${OPTIONS[name] ?? ''}"$FORESCALE${filled}${query}"${data}`
}

function payload(example: unknown): string {
  return typeof example === 'string'
    ? `--data-binary '${example}'`
    : `-d '${JSON.stringify(example)}'`
}
