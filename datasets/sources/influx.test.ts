/**
 * What is asked of InfluxDB 2 and how its answer is read. With FORESCALE_INFLUXD naming an influxd binary (2.x), against
 * that real server. Always also against a small HTTP server of our own that speaks the query endpoint as the API documents
 * it (POST /api/v2/query, annotated CSV with #datatype, #group and #default rows): that one proves what is sent and how
 * rows, gaps and refusals are read, but not that Flux means what we think; only the real server proves that.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readDataset, type SourceInput } from '../dataset.ts'
import { DatasetError, DatasetUnreachable } from '../dataset-error.ts'
import { fluxOf, InfluxSource } from './influx.ts'

const MINUTE_MS = 60_000
const START_MS = Date.UTC(2026, 0, 5)
const source = (url: string, change: Partial<Record<string, unknown>> = {}): SourceInput =>
  ({
    kind: 'influx',
    url,
    org: 'shop',
    bucket: 'load',
    token: 'secret',
    fromMs: START_MS,
    toMs: START_MS + 5 * MINUTE_MS,
    stepMs: MINUTE_MS,
    ...change,
  }) as SourceInput

const BINARY = process.env.FORESCALE_INFLUXD
describe.runIf(BINARY !== undefined && existsSync(BINARY))('a range of the real InfluxDB', () => {
  let folder: string
  let child: ChildProcess
  let url: string
  let token: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'forescale-influx-'))
    const probe = createServer()
    await new Promise<void>((listening) => probe.listen(0, '127.0.0.1', listening))
    const { port } = probe.address() as AddressInfo
    await new Promise((closed) => probe.close(closed))
    url = `http://127.0.0.1:${port}`
    child = spawn(BINARY!, [
      ...['--store', 'memory', '--sqlite-path', ':memory:', '--engine-path', folder],
      ...[
        '--http-bind-address',
        `127.0.0.1:${port}`,
        '--reporting-disabled',
        '--log-level',
        'error',
      ],
    ])
    for (;;) {
      const ready = await fetch(`${url}/health`).catch(() => undefined)
      if (ready?.ok) break
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const setup = await fetch(`${url}/api/v2/setup`, {
      method: 'POST',
      body: JSON.stringify({ username: 'a', password: 'long-enough', org: 'shop', bucket: 'load' }),
    })
    const answer = z.object({ auth: z.object({ token: z.string() }) }).parse(await setup.json())
    token = answer.auth.token
    const lines = Array.from({ length: 60 }, (_, second10) => {
      const atMs = START_MS + second10 * 10_000
      return [
        second10 >= 12 && second10 < 18
          ? ''
          : `requests_per_second,service=search value=${second10} ${atMs}`,
        `requests_per_second,service=auth value=${second10 % 6} ${atMs}`,
        `requests_per_second,service=twice,host=h${second10 % 2} value=1 ${atMs}`,
      ].join('\n')
    })
    const written = await fetch(`${url}/api/v2/write?org=shop&bucket=load&precision=ms`, {
      method: 'POST',
      headers: { authorization: `Token ${token}` },
      body: lines.join('\n'),
    })
    expect(written.status).toBe(204)
  }, 60_000)
  afterAll(async () => {
    const ended = new Promise((done) => child.once('exit', done))
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }, 30_000)

  it.each([
    ['mean', [2.5, 8.5, Number.NaN, 20.5, 26.5], 2.5],
    ['max', [5, 11, Number.NaN, 23, 29], 5],
    ['sum', [15, 51, Number.NaN, 123, 159], 15],
    ['last', [5, 11, Number.NaN, 23, 29], 5],
  ])('by %s, a minute without points as a gap', async (by, search, auth) => {
    const [a, s] = await readDataset(source(url, { token, by, services: ['search', 'auth'] }))
    expect([...s!.series.values]).toEqual(search)
    expect([...a!.series.values]).toEqual([auth, auth, auth, auth, auth])
    expect(s!.series).toMatchObject({ service: 'search', startMs: START_MS, stepMs: MINUTE_MS })
  })

  it('refuses several series of one service, a wrong token and a bucket that is not there', async () => {
    await expect(readDataset(source(url, { token }))).rejects.toThrow(/twice has several/)
    await expect(readDataset(source(url))).rejects.toThrow(/token: /)
    await expect(readDataset(source(url, { token, bucket: 'nope' }))).rejects.toThrow(/org, bucket/)
  })
})

describe('what is asked', () => {
  const parse = (change: object) => InfluxSource.parse(source('http://localhost', change))
  const END_MS = START_MS + 5 * MINUTE_MS

  it('leaves the aggregate to the server, right behind the filter', () => {
    expect(fluxOf(parse({ by: 'max', services: ['a', 'b'] }), START_MS, END_MS)).toBe(
      `from(bucket: "load")
  |> range(start: time(v: "2026-01-05T00:00:00.000Z"), stop: time(v: "2026-01-05T00:05:00.000Z"))
  |> filter(fn: (r) => r._measurement == "requests_per_second" and r._field == "value")
  |> filter(fn: (r) => r["service"] == "a" or r["service"] == "b")
  |> aggregateWindow(every: 60000ms, fn: max, createEmpty: false, timeSrc: "_start")
  |> keep(columns: ["_time", "_value", "service"])`,
    )
  })

  it('cannot be turned into another query by a name', () => {
    const evil = 'x") |> drop(columns: ["a"]) //'
    const asked = fluxOf(parse({ bucket: evil, serviceTag: 'a"b' }), START_MS, END_MS)
    expect(asked).toContain(String.raw`from(bucket: "x\") |> drop(columns: [\"a\"]) //")`)
    expect(asked).toContain(String.raw`"a\"b"`)
  })
})

describe('a server that speaks the query endpoint', () => {
  let server: Server | undefined
  afterEach(() => {
    server?.closeAllConnections()
    server?.close()
  })
  const serve = async (answer: (request: IncomingMessage, response: ServerResponse) => void) => {
    server = createServer(answer)
    const started = server
    await new Promise<void>((listening) => started.listen(0, '127.0.0.1', listening))
    return `http://127.0.0.1:${(started.address() as AddressInfo).port}`
  }
  const ANNOTATED = [
    '#datatype,string,long,dateTime:RFC3339,double,string',
    '#group,false,false,false,false,true',
    '#default,_result,,,,',
    ',result,table,_time,_value,service',
    ',,0,2026-01-05T00:00:00Z,2.5,search',
    ',,0,2026-01-05T00:03:00Z,4,search',
    ',,1,2026-01-05T00:04:00Z,9,auth',
    '',
  ].join('\r\n')

  it('is asked with token, org and Flux, and its rows become series with gaps', async () => {
    const asked: { url: string; token: string; body: string }[] = []
    const url = await serve((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => {
        body += chunk
      })
      request.on('end', () => {
        asked.push({ url: request.url ?? '', token: request.headers.authorization ?? '', body })
        response.setHeader('content-type', 'text/csv; charset=utf-8')
        response.end(ANNOTATED)
      })
    })
    const read = await readDataset(source(url))
    expect(read.map(({ series }) => [series.service, [...series.values]])).toEqual([
      ['auth', [NaN, NaN, NaN, NaN, 9]],
      ['search', [2.5, NaN, NaN, 4, NaN]],
    ])
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({ url: '/api/v2/query?org=shop', token: 'Token secret' })
    const { query } = z.object({ query: z.string() }).parse(JSON.parse(asked[0]!.body))
    expect(query).toContain('aggregateWindow(every: 60000ms, fn: mean')
  })

  it('that has nothing gives no series', async () => {
    const url = await serve((_request, response) => response.end(''))
    expect(await readDataset(source(url))).toEqual([])
  })

  const refusal = (status: number, code: string, message: string) =>
    [status, JSON.stringify({ code, message })] as const
  it.each([
    [
      'an unknown token',
      refusal(401, 'unauthorized', 'unauthorized access'),
      DatasetError,
      /token: .*unauthorized access/,
    ],
    [
      'an unknown bucket',
      refusal(404, 'not found', 'could not find bucket "load"'),
      DatasetError,
      /org, bucket: "shop, load".*could not find bucket/,
    ],
    [
      'too much to do',
      refusal(503, 'unavailable', 'queue full'),
      DatasetUnreachable,
      /HTTP 503: queue full/,
    ],
    [
      'two series of a service',
      [200, `${ANNOTATED},,2,2026-01-05T00:04:00Z,8,auth\r\n`] as const,
      DatasetError,
      /measurement, field: .*auth has several/,
    ],
    [
      'a tag that is no service',
      [200, ANNOTATED.replaceAll('auth', 'Not A Name')] as const,
      DatasetError,
      /service: "Not A Name"/,
    ],
  ])('and refuses with %s, is understood', async (_what, [status, body], kind, message) => {
    const url = await serve((_request, response) => {
      response.writeHead(status, {
        'content-type': status === 200 ? 'text/csv' : 'application/json',
      })
      response.end(body)
    })
    const reading = readDataset(source(url))
    await expect(reading).rejects.toThrow(kind)
    await expect(reading).rejects.toThrow(message)
  })

  it('that never answers, or is not there, is unreachable', async () => {
    const url = await serve(() => {})
    await expect(readDataset(source(url, { timeoutMs: 200 }))).rejects.toThrow(DatasetUnreachable)
    const gone = readDataset(source('http://127.0.0.1:9', { timeoutMs: 500 }))
    await expect(gone).rejects.toThrow(DatasetUnreachable)
  })
})
