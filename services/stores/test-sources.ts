/** Small stand-ins for InfluxDB and Prometheus over a store in memory: they answer what ours asks. Only for tests. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { SampleStore } from './sample-store.ts'

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** Every service that has the metric, in order. */
async function servicesOf(store: SampleStore, metric: string): Promise<string[]> {
  const rows = await store.inventory()
  return rows.filter((row) => row.metric === metric).map(({ service }) => service)
}

export function influxOver(store: SampleStore): RequestListener {
  return (request, response) => void answerFlux(store, request, response)
}

async function answerFlux(
  store: SampleStore,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = await bodyOf(request)
  if (!request.url?.startsWith('/api/v2/query')) {
    response.writeHead(404).end()
    return
  }
  const { query } = JSON.parse(text) as { query: string }
  const metric = /_measurement == "([^"]*)"/.exec(query)![1]!
  const [fromMs, toMs] = ['start', 'stop'].map((end) =>
    Date.parse(new RegExp(`${end}: time\\(v: "([^"]*)"\\)`).exec(query)![1]!),
  ) as [number, number]
  const services = await servicesOf(store, metric)
  const lines = [',result,table,_time,_value,service']
  const put = (atMs: number, value: number, service: string) =>
    lines.push(`,,0,${new Date(atMs).toISOString()},${value},${service}`)
  if (query.includes('last()')) {
    for (const [service, one] of await store.latest(metric, toMs - 1))
      put(one.atMs, one.value, service)
  } else {
    const stepMs = Number(/every: (\d+)ms/.exec(query)![1])
    const cells = await store.grid({ metric, services, fromMs, toMs, stepMs })
    const steps = cells.length / services.length
    cells.forEach((value, i) => {
      const atMs = fromMs + (i % steps) * stepMs
      if (!Number.isNaN(value)) put(atMs, value, services[Math.floor(i / steps)]!)
    })
  }
  response.writeHead(200, { 'content-type': 'text/csv' })
  response.end(lines.length > 1 ? `${lines.join('\r\n')}\r\n\r\n` : '\r\n')
}

/** A query is the name of a metric. */
export function prometheusOver(store: SampleStore): RequestListener {
  return (request, response) => void answerPromql(store, request, response)
}

async function answerPromql(
  store: SampleStore,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const form = new URLSearchParams(await bodyOf(request))
  response.writeHead(200, { 'content-type': 'application/json' })
  if (request.url === '/api/v1/query') {
    const result = [{ metric: {}, value: [0, '3'] }]
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }))
    return
  }
  const metric = form.get('query')!
  const [start, end, step] = ['start', 'end', 'step'].map((key) =>
    Math.round(Number(form.get(key)) * 1000),
  ) as [number, number, number]
  const services = await servicesOf(store, metric)
  const [fromMs, toMs] = [start + 1 - step, end + 1]
  const cells = await store.grid({ metric, services, fromMs, toMs, stepMs: step })
  const steps = services.length === 0 ? 0 : cells.length / services.length
  const result = services.map((service, row) => ({
    metric: { service },
    values: [...cells.subarray(row * steps, (row + 1) * steps)].flatMap((value, k) =>
      Number.isNaN(value) ? [] : [[(start + k * step) / 1000, String(value)]],
    ),
  }))
  response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }))
}
