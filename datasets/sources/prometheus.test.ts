/**
 * Against the real Prometheus binary, on a database that promtool filled. What only a faulty server says (an answer that
 * never comes, one that is no Prometheus) comes from a small HTTP server.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readDataset, type SourceInput } from '../dataset.ts'
import { DatasetError, DatasetUnreachable } from '../dataset-error.ts'

const BINARY = '/usr/bin/prometheus'
const PROMTOOL = '/usr/bin/promtool'
/** Short, so that many points are few hours: promtool makes a block of every two. */
const STEP_MS = 5000
const START_MS = Date.UTC(2026, 0, 5)
/** More points than one query may ask for. */
const STEPS = 24_000
/** No samples in these steps. */
const GAP = { from: 12_000, to: 12_060 }
const isGap = (step: number) => step >= GAP.from && step < GAP.to

const freePort = () =>
  new Promise<number>((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => done(port))
    })
  })

/** A gauge in the middle of each step: the step's number mod 1000; and a second service in the first 60 steps. */
function openMetrics(): string {
  const lines = ['# TYPE load gauge']
  for (let step = 0; step < STEPS; step++) {
    const seconds = (START_MS + (step + 0.5) * STEP_MS) / 1000
    if (!isGap(step)) lines.push(`load{service="search"} ${step % 1000} ${seconds}`)
    if (step < 60) lines.push(`load{service="auth"} 7 ${seconds}`)
    if (step < 3) lines.push(`load{service="Not A Name"} NaN ${seconds}`)
    if (step < 3) lines.push(`load{service="odd"} ${['NaN', '+Inf', '5'][step]} ${seconds}`)
  }
  return `${lines.join('\n')}\n# EOF\n`
}

const source = (url: string, change: Partial<Record<string, unknown>> = {}): SourceInput =>
  ({
    kind: 'prometheus',
    url,
    query: 'avg_over_time(load{service=~"search|auth"}[5s])',
    fromMs: START_MS,
    toMs: START_MS + STEPS * STEP_MS,
    stepMs: STEP_MS,
    ...change,
  }) as SourceInput

describe.runIf(existsSync(BINARY) && existsSync(PROMTOOL))('a range of Prometheus', () => {
  let folder: string
  let child: ChildProcess
  let url: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'forescale-prometheus-'))
    const data = join(folder, 'data')
    mkdirSync(data)
    writeFileSync(join(folder, 'load.om'), openMetrics())
    writeFileSync(join(folder, 'prometheus.yml'), 'scrape_configs: []\n')
    execFileSync(PROMTOOL, [
      'tsdb',
      'create-blocks-from',
      'openmetrics',
      join(folder, 'load.om'),
      data,
    ])
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    child = spawn(BINARY, [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=10y',
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ])
    for (;;) {
      const ready = await fetch(`${url}/-/ready`).catch(() => undefined)
      if (ready?.ok) break
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }, 120_000)
  afterAll(async () => {
    const ended = new Promise((done) => child.once('exit', done))
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true })
  }, 30_000)

  it('comes whole although it is more than one query may ask for, gaps as gaps', async () => {
    const [auth, search] = await readDataset(source(url))
    expect([auth?.series.service, search?.series.service]).toEqual(['auth', 'search'])
    const { values, startMs, stepMs, metric } = search!.series
    expect([startMs, stepMs, metric, values.length]).toEqual([
      START_MS,
      STEP_MS,
      'requests_per_second',
      STEPS,
    ])
    const expected = Array.from(values, (_, step) => (isGap(step) ? Number.NaN : step % 1000))
    expect([...values]).toEqual(expected)
    expect(auth!.series.values.slice(0, 60).every((v) => v === 7)).toBe(true)
    expect(auth!.series.values.slice(60).every(Number.isNaN)).toBe(true)
  }, 60_000)

  it('takes NaN and +Inf for missing', async () => {
    const query = 'load{service="odd"}'
    const [odd] = await readDataset(source(url, { query, toMs: START_MS + 3 * STEP_MS }))
    expect([...odd!.series.values]).toEqual([Number.NaN, Number.NaN, 5])
  })

  it('names a series without a label as it is told', async () => {
    const change = { query: 'sum(load{service=~"search|auth"})', service: 'all', metric: 'load' }
    const [all] = await readDataset(source(url, { ...change, toMs: START_MS + 10 * STEP_MS }))
    // the newest samples at the end of each step: the step's number, and 7
    expect(all?.series).toMatchObject({ service: 'all', metric: 'load' })
    expect([...all!.series.values]).toEqual([7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
  })

  it('that holds nothing is no series', async () => {
    expect(await readDataset(source(url, { query: 'nothing' }))).toEqual([])
  })

  it.each([
    ['PromQL that is none', { query: 'rate(' }, /query: "rate\(" .*PromQL: /],
    [
      'several series of one service',
      { query: 'load', serviceLabel: 'nope' },
      /nope: "absent" .*DNS label/,
    ],
    ['PromQL that fails', { query: 'load + on() load' }, /query: .*PromQL: .*many-to-many/],
    ['a label that is no service', { query: 'load' }, /service: "Not A Name" .*DNS label/],
    ['a range that is empty', { toMs: START_MS }, /fromMs, toMs: .*1 to 1000000 whole steps/],
    ['a range without end', { toMs: START_MS * 100 }, /fromMs, toMs: /],
    ['a step that is none', { stepMs: 10 }, /source: .*stepMs/],
  ])('is refused with %s', async (_what, change, message) => {
    const reading = readDataset(source(url, change))
    await expect(reading).rejects.toThrow(DatasetError)
    await expect(reading).rejects.toThrow(message)
  })

  it('refuses two series of one service', async () => {
    const query = 'label_replace(load{service=~"search|auth"}, "team", "shop", "", "")'
    const change = { query, serviceLabel: 'team', toMs: START_MS + 5 * STEP_MS }
    await expect(readDataset(source(url, change))).rejects.toThrow(
      /query: .*one series a service, as sum by \(team\) .*shop has several/,
    )
  })
})

describe('a server that is no Prometheus', () => {
  it.each([
    ['does not listen', undefined, /could not be reached: .*(ECONNREFUSED|bad port)/],
    ['never answers', '', /no answer within 0\.2 s/],
    ['answers something else', '<html>', /does not answer like Prometheus/],
    [
      'is overloaded',
      '{"status":"error","errorType":"timeout","error":"query timed out"}',
      /timeout: query timed out/,
    ],
  ])('that %s is unreachable', async (_what, answer, message) => {
    const server = createServer((_request, response) => {
      if (answer !== '') response.end(answer)
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const { port } = server.address() as AddressInfo
    const url = `http://127.0.0.1:${answer === undefined ? 1 : port}`
    const reading = readDataset(source(url, { timeoutMs: 200 }))
    await expect(reading).rejects.toThrow(DatasetUnreachable)
    await expect(reading).rejects.toThrow(message)
    server.closeAllConnections()
    server.close()
  })
})
