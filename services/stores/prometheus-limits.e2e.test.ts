/**
 * A real Prometheus that answers only for so much at once, and one behind TLS and a password, read as the configuration
 * says; what is sent to a Mimir or Thanos, and what becomes of answers that are only a part.
 */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppConfig } from '../config.ts'
import { openPrometheusStore } from './prometheus.ts'
import { StoreUnavailable } from './sample-store.ts'
import { remoteWrite } from './test-remote-write.ts'
import { announce, hasPrometheus, type RunningServer, startPrometheus } from './test-servers.ts'

const METRIC = 'requests_per_second'
const STEP_MS = 15_000
const SERVICES = ['a', 'b', 'c', 'd']
const START_MS = 1_795_248_000_000
const PASSWORD = 'correct horse'
/** Of that password, as Prometheus wants it (crypt(3), $2b$). */
const BCRYPT = '$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2'

function open(server: object, query = `avg_over_time(load{service=~"$services"}[$step])`) {
  const config = AppConfig.parse({
    store: {
      kind: 'prometheus',
      servers: { default: server },
      metrics: [{ metric: METRIC, query }],
    },
    services: Object.fromEntries(SERVICES.map((name) => [name, {}])),
  }).store
  if (config.kind !== 'prometheus') throw new Error('of another kind')
  return openPrometheusStore({ config, services: SERVICES, stepMs: STEP_MS, retryAfterMs: 50 })
}

const gridOf = (store: ReturnType<typeof open>, fromMs: number, toMs: number) =>
  store.grid({ metric: METRIC, services: SERVICES, fromMs, toMs, stepMs: STEP_MS })

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-limits-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
const file = async (name: string, text: string) => {
  await writeFile(path.join(folder, name), text)
  return path.join(folder, name)
}

announce('prometheus', hasPrometheus)
describe.runIf(hasPrometheus)('a Prometheus with a limit of 2,000 samples a query', () => {
  const STEPS = 1500
  const nowMs = Math.floor(Date.now() / STEP_MS) * STEP_MS
  const fromMs = nowMs - STEPS * STEP_MS
  /** Of the third service a stretch is missing. */
  const isGap = (service: number, step: number) => service === 2 && step >= 700 && step < 740
  let server: RunningServer
  beforeAll(async () => {
    server = await startPrometheus('', ['--query.max-samples=2000'])
    const series = SERVICES.map((service, i) => ({
      labels: { __name__: 'load', service },
      samples: Array.from({ length: STEPS }, (_, step) => ({
        atMs: fromMs + step * STEP_MS + 1000,
        value: 1000 * i + step,
      })).filter((_, step) => !isGap(i, step)),
    }))
    const response = await remoteWrite(`${server.url}/api/v1/write`, series)
    expect(response.status).toBe(204)
  })
  afterAll(() => server?.remove())

  it('really refuses the whole at once, with 422', async () => {
    const [start, end] = [fromMs, nowMs].map((ms) => String(ms / 1000)) as [string, string]
    const query = new URLSearchParams({ query: 'load', start, end, step: '15' })
    const response = await fetch(`${server.url}/api/v1/query_range?${query}`)
    expect([response.status, await response.text()]).toEqual([
      422,
      expect.stringContaining('too many samples'),
    ])
  })

  it('is asked again for less, until all of it is there; what is missing is missing and never zero', async () => {
    const store = open({ url: server.url, timeoutMs: 20_000 })
    const cells = await gridOf(store, fromMs, nowMs)
    for (const [i, service] of SERVICES.entries())
      for (let step = 0; step < STEPS; step++) {
        const value = cells[i * STEPS + step]!
        const wanted = isGap(i, step) ? Number.NaN : 1000 * i + step
        if (!Object.is(value, wanted)) throw new Error(`${service} ${step}: ${value}`)
      }
    expect(store.health!().state).toBe('ok')
  })

  it('that would not answer even for one step of one service is said to be unavailable', async () => {
    // 15 s of samples every ms would be too many whatever is asked
    const heavy = 'count_over_time(vector(1)[3000000ms:1ms])'
    const store = open({ url: server.url, timeoutMs: 20_000 }, heavy)
    await expect(gridOf(store, nowMs - STEP_MS, nowMs)).rejects.toThrow(StoreUnavailable)
  })
})

describe.runIf(hasPrometheus)('a Prometheus behind TLS and a password', () => {
  let server: RunningServer
  let url: string
  let caFile: string
  beforeAll(async () => {
    const [cert, key] = ['server.crt', 'server.key'].map((name) => path.join(folder, name))
    const subject = [
      '-subj',
      '/CN=prometheus.test',
      '-addext',
      'subjectAltName=DNS:prometheus.test',
    ]
    const files = ['-keyout', key!, '-out', cert!]
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, ...files],
      {
        stdio: 'pipe',
      },
    )
    caFile = cert!
    const web = await file(
      'web.yml',
      `tls_server_config: {cert_file: ${cert}, key_file: ${key}}\nbasic_auth_users:\n  reader: ${BCRYPT}\n`,
    )
    server = await startPrometheus('', [`--web.config.file=${web}`], 400)
    url = server.url.replace('http:', 'https:')
  })
  afterAll(() => server?.remove())

  const access = async (over: object = {}) => ({
    ...{ url, timeoutMs: 5000 },
    tls: { caFile, serverName: 'prometheus.test' },
    basicAuth: { username: 'reader', passwordFile: await file('password', `${PASSWORD}\n`) },
    ...over,
  })
  const ask = (server: object) => gridOf(open(server), START_MS, START_MS + STEP_MS)

  it('is read with its authority, name and password', async () => {
    // it listens a moment before it answers queries
    const cells = async () => [...(await ask(await access()))]
    await expect.poll(cells, { timeout: 20_000 }).toEqual(SERVICES.map(() => Number.NaN))
  })

  it.each([
    ['another password', { basicAuth: { username: 'reader', passwordEnv: 'PATH' } }, /401/],
    ['no authority', { tls: { serverName: 'prometheus.test' } }, /self-signed|unable to verify/],
    ['another name', { tls: undefined }, /self-signed|unable to verify/],
  ])('is unavailable with %s, and the reason holds no secret', async (_what, over, reason) => {
    const failed = await ask(await access(over)).catch((error: Error) => error)
    expect(failed).toBeInstanceOf(StoreUnavailable)
    expect((failed as Error).message).toMatch(reason)
    expect((failed as Error).message).not.toContain(PASSWORD)
  })
})

describe('what a Mimir or Thanos is sent, and what it answers', () => {
  let server: Server
  let url: string
  let answer: object = {}
  const seen: { headers: IncomingHttpHeaders; form: URLSearchParams }[] = []
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      const form = new URLSearchParams(text)
      response.setHeader('content-type', 'application/json')
      if (request.url === '/api/v1/query') {
        const result = [{ metric: {}, value: [0, '3'] }]
        response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }))
        return
      }
      seen.push({ headers: request.headers, form })
      const end = Number(form.get('end'))
      const result = [{ metric: { service: 'a' }, values: [[end, '7']] }]
      const data = { resultType: 'matrix', result }
      response.end(JSON.stringify({ status: 'success', data, ...answer }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (typeof address === 'object' && address) url = `http://127.0.0.1:${address.port}`
  })
  afterAll(() => server.close())
  const values = async (over: object) => [
    ...(await gridOf(open({ url, ...over }), START_MS, START_MS + STEP_MS)),
  ]

  it('is tenant, headers, a token that is read again, and the fields of Thanos', async () => {
    answer = {}
    const tokenFile = await file('token', 'first')
    const headerFiles = { 'X-Gateway-Key': await file('gateway', 'of-the-gateway\n') }
    const store = open({ url, tenant: 'shop|bank', dedup: true, tokenFile, headerFiles })
    await gridOf(store, START_MS, START_MS + STEP_MS)
    await file('token', 'second')
    await gridOf(store, START_MS, START_MS + STEP_MS)
    const [one, two] = seen.slice(-2)
    expect(one!.headers).toMatchObject({
      'x-scope-orgid': 'shop|bank',
      'x-gateway-key': 'of-the-gateway',
      authorization: 'Bearer first',
    })
    expect(two!.headers.authorization).toBe('Bearer second')
    expect(Object.fromEntries(one!.form)).toMatchObject({
      dedup: 'true',
      partial_response: 'false',
    })
  })

  it.each([
    ['warnings', { warnings: ['no store matched'] }],
    ['isPartial', { isPartial: true }],
  ])(
    'a part, told by %s, is no answer; where parts are accepted the rest is missing and not zero',
    async (_how, part) => {
      answer = part
      await expect(values({})).rejects.toThrow(/the answer is not whole/)
      expect(await values({ partial: 'accept' })).toEqual([7, Number.NaN, Number.NaN, Number.NaN])
      expect(seen.at(-1)!.form.get('partial_response')).toBe('true')
    },
  )

  it('faults of the configuration name field and value', () => {
    const faults = (server: object) => () => open({ url, ...server })
    const basicAuth = { username: 'u', passwordEnv: 'PATH' }
    expect(faults({ basicAuth, tokenEnv: 'PATH' })).toThrow(/exclude one another/)
    expect(faults({ basicAuth: { username: 'u' } })).toThrow(/passwordFile/)
    expect(faults({ tenant: 'a b' })).toThrow(/tenant/)
    expect(faults({ tls: { certFile: 'x' } })).toThrow(/keyFile/)
    expect(faults({ headerFiles: { 'X-Key': path.join(folder, 'none') } })).toThrow(/none/)
  })
})
