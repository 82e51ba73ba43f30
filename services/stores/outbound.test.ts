/**
 * Every client of a configured server goes by the guarded way: what answers with a redirect, what its name resolves to
 * now or the next time, and what the address itself says. A canary stands where they would be led; it must hear nothing.
 */
import type { lookup } from 'node:dns'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { readDataset, type SourceInput } from '../../datasets/dataset.ts'
import { download } from '../../datasets/traces/download.ts'
import { AppConfig } from '../config.ts'
import { InfluxStoreConfig, PrometheusServer } from './config.ts'
import { createInfluxClient } from './influx/client.ts'
import { createPrometheusClient } from './prometheus/client.ts'

const METADATA = [
  '169.254.169.254',
  '[fd00:ec2::254]',
  '100.100.100.200',
  '[::ffff:169.254.169.254]',
]
const RANGE = { fromMs: 0, toMs: 120_000, stepMs: 60_000, timeoutMs: 1000 }

let canary: Server
let server: Server
let heard: string[] = []
/** What the configured server answers. */
let answer: (path: string) => { status: number; headers?: Record<string, string> }

const portOf = (one: Server) => (one.address() as AddressInfo).port
const listening = (one: Server) =>
  new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve))

beforeAll(async () => {
  canary = createServer((_request, response) => response.end('{}'))
  canary.on('connection', () => heard.push('connection'))
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      const { status, headers } = answer(request.url ?? '')
      response.writeHead(status, { ...headers, connection: 'close' }).end('{}')
    })
  })
  await Promise.all([listening(canary), listening(server)])
})
afterAll(() => {
  for (const one of [canary, server]) one.close()
})
afterEach(() => {
  heard = []
})

/** One answer after the other, the last one for ever. */
function resolving(...answers: readonly string[]): typeof lookup {
  let asked = 0
  return ((_name: string, _options: unknown, callback: (...given: unknown[]) => void) => {
    const address = answers[Math.min(asked++, answers.length - 1)]!
    callback(null, [{ address, family: address.includes(':') ? 6 : 4 }])
  }) as unknown as typeof lookup
}

type Way = { readonly lookup?: typeof lookup; readonly networks?: string[] }

const influx = (url: string, way: Way = {}) => {
  const client = createInfluxClient({ url, org: 'o', token: 'secret', way })
  return client.write('b', ['m,service=a value=1 1'], 1000)
}
const prometheus = (url: string, { lookup, networks }: Way = {}) => {
  const server = PrometheusServer.parse({ url, networks, timeoutMs: 1000 })
  const client = createPrometheusClient({ name: 'p', server, mostSeries: 1, lookup })
  return client.range({ query: 'up', startMs: 0, endMs: 1, stepMs: 1 })
}
const source = (input: SourceInput) => readDataset(input)

/** Every way out of a configured address. */
const CLIENTS: Readonly<Record<string, (url: string) => Promise<unknown>>> = {
  'the InfluxDB store': influx,
  'a Prometheus server': prometheus,
  'a data set of Prometheus': (url) => source({ kind: 'prometheus', url, query: 'up', ...RANGE }),
  'a data set of InfluxDB': (url) =>
    source({ kind: 'influx', url, org: 'o', bucket: 'b', token: 't', ...RANGE }),
  'a download': (url) => download(url, { timeoutMs: 1000, mostBytes: 100 }),
}
/** Those whose names a test can resolve. */
const RESOLVING = { 'the InfluxDB store': influx, 'a Prometheus server': prometheus }

const ended = (work: () => Promise<unknown>): Promise<string> =>
  Promise.resolve()
    .then(work)
    .then(
      () => 'done',
      (error: unknown) => chainOf(error),
    )
const chainOf = (error: unknown): string =>
  error instanceof Error ? `${error.message} ${chainOf(error.cause)}` : ''

describe.each(Object.entries(CLIENTS))('%s', (_name, ask) => {
  it('is not led elsewhere by a redirect: another port, another host, metadata', async () => {
    const to = [`http://127.0.0.1:${portOf(canary)}/`, `http://localhost:${portOf(canary)}/`]
    for (const location of [...to, ...METADATA.map((host) => `http://${host}/latest/`)])
      for (const status of [301, 302, 307, 308]) {
        answer = () => ({ status, headers: { location } })
        expect(await ended(() => ask(`http://127.0.0.1:${portOf(server)}`)), location).not.toBe(
          'done',
        )
      }
    expect(heard).toEqual([])
  })

  it('is not asked for what its address alone forbids', async () => {
    answer = () => ({ status: 204 })
    const port = portOf(canary)
    const forbidden = [
      ...METADATA.map((host) => `http://${host}/`),
      ...[`http://me:pw@127.0.0.1:${port}/`, `http://0.0.0.0:${port}/`, 'http://[fe80::1]/'],
      ...['file:///etc/passwd', `gopher://127.0.0.1:${port}/`, 'unix:/run/x.sock', 'no address'],
    ]
    for (const url of forbidden) {
      const why = await ended(() => ask(url))
      expect(why, url).toMatch(/refused|not http|user|must be|no address|not asked/)
      expect(why, url).not.toContain('pw')
    }
    expect(heard).toEqual([])
  })
})

describe.each(Object.entries(RESOLVING))('%s by name', (_name, ask) => {
  const named = () => `http://store.internal:${portOf(server)}`

  it('is not connected to where the name means metadata, or loopback that nobody wrote', async () => {
    for (const address of ['169.254.169.254', 'fd00:ec2::254', '::ffff:169.254.169.254', '0.0.0.0'])
      expect(await ended(() => ask(named(), { lookup: resolving(address) }))).toContain(
        'refused to everybody',
      )
    const own = await ended(() => ask(named(), { lookup: resolving('127.0.0.1') }))
    expect(own).toContain('resolves to loopback')
  })

  it('is asked where its networks allow it, and no longer when the name is bound anew', async () => {
    const seen: string[] = []
    answer = (path) => {
      seen.push(path)
      return { status: 503 }
    }
    const networks = ['127.0.0.0/8']
    const lookup = resolving('127.0.0.1', '10.255.255.1', '169.254.169.254')
    await ended(() => ask(named(), { networks, lookup }))
    expect(seen).toHaveLength(1)
    expect(await ended(() => ask(named(), { networks, lookup }))).toContain('is not in 127.0.0.0/8')
    expect(await ended(() => ask(named(), { networks, lookup }))).toContain('refused to everybody')
    expect(seen).toHaveLength(1)
  })
})

describe('the configuration', () => {
  const faultOf = (store: unknown) =>
    AppConfig.safeParse({ services: { a: {} }, store }).error?.issues[0]

  it('names the field of an address that may not be asked', () => {
    const url = 'http://169.254.169.254/'
    expect(faultOf({ kind: 'influxdb', org: 'o', url })).toMatchObject({
      path: ['store', 'url'],
      message: expect.stringContaining('169.254.169.254 is refused to everybody'),
    })
    const servers = { one: { url: 'http://me:pw@prometheus:9090' } }
    const metrics = [{ metric: 'requests_per_second', query: 'up', server: 'one' }]
    expect(faultOf({ kind: 'prometheus', servers, metrics })).toMatchObject({
      path: ['store', 'servers', 'one', 'url'],
      message: expect.stringContaining('holds a user or a password'),
    })
    const networks = ['10.0.0.0/40']
    expect(faultOf({ kind: 'influxdb', org: 'o', url: 'http://i', networks })?.path).toEqual([
      'store',
      'networks',
      0,
    ])
  })

  it('lets private addresses be, which is where stores live', () => {
    for (const host of [
      '10.1.2.3',
      '192.168.0.9',
      '[fd12::1]',
      '127.0.0.1',
      'influx.monitoring.svc',
    ])
      expect(
        InfluxStoreConfig.safeParse({ kind: 'influxdb', org: 'o', url: `http://${host}:8086` })
          .success,
      ).toBe(true)
  })
})
