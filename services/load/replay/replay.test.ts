/** Replays against real HTTP servers on loopback: what is sent, what is measured, how it ends. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { workloadCurve } from './curve.ts'
import { intervalsCsv, replayDocument } from './document.ts'
import { type Progress, type ReplayOptions, runReplay } from './replay.ts'
import { arrivalsBySecond } from './schedule.ts'
import type { Target } from './target.ts'

type Serve = (req: IncomingMessage, res: ServerResponse) => void

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function serverOf(serve: Serve): Promise<Target> {
  const server = createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  )
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = new URL(`http://127.0.0.1:${address.port}/work?key=secret`)
  return { url, method: 'GET', headers: {}, body: null }
}

/** `noon` of a steady workload: about 0.6 of the peak, all the time. */
const steady = (peakRps: number) =>
  workloadCurve('steady', 1, { peakRps, compress: 60, skipMs: 12 * 3_600_000 })
const optionsFor = (target: Target, over: Partial<ReplayOptions> = {}): ReplayOptions => ({
  schedule: { curve: steady(150), seed: 1, durationMs: 3000 },
  target,
  mostPerSecond: 1000,
  mostInFlight: 500,
  timeoutMs: 5000,
  sloSeconds: 0.25,
  ...over,
})
const plannedCount = ({ schedule }: ReplayOptions) => [...arrivalsBySecond(schedule)].flat().length

describe('what is sent', () => {
  it('is the schedule: every arrival once, at its time, whatever the target does', async () => {
    const received: number[] = []
    const quick = await serverOf((_req, res) => {
      received.push(performance.now())
      res.end('ok')
    })
    const slow = await serverOf((_req, res) => void setTimeout(() => res.end('ok'), 400))
    const options = optionsFor(quick)
    const times = [...arrivalsBySecond(options.schedule)].flat()
    const one = await runReplay(options)
    expect(one.total).toMatchObject({ arrivals: times.length, good: times.length, held: 0 })
    expect(received).toHaveLength(times.length)
    // the gaps on the wire are those of the schedule, but for the delay of both processes
    const shift = received[0]! - times[0]!
    const late = received.map((at, i) => at - times[i]! - shift).sort((a, b) => a - b)
    expect(Math.abs(late[Math.floor(late.length / 2)]!)).toBeLessThan(30)

    const other = await runReplay({ ...options, target: slow })
    expect(other.arrivalsHash).toBe(one.arrivalsHash)
    expect(other.total.arrivals).toBe(one.total.arrivals)
    const third = await runReplay({ ...options, schedule: { ...options.schedule, seed: 2 } })
    expect(third.arrivalsHash).not.toBe(one.arrivalsHash)
  })

  it('carries method, headers and body', async () => {
    const seen: string[] = []
    const target = await serverOf(async (req, res) => {
      let body = ''
      for await (const chunk of req) body += chunk
      seen.push(`${req.method} ${req.url} ${req.headers['x-key']} ${body}`)
      res.end()
    })
    const headers = { 'x-key': 'k' }
    const body = Buffer.from('{"a":1}')
    const report = await runReplay(
      optionsFor(
        { ...target, method: 'POST', headers, body },
        {
          schedule: { curve: steady(50), seed: 1, durationMs: 1000 },
        },
      ),
    )
    expect(seen).toHaveLength(report.total.good)
    expect(new Set(seen)).toEqual(new Set(['POST /work?key=secret k {"a":1}']))
  })

  it('is never more than was declared: the rest is held back and counted', async () => {
    const received: number[] = []
    const target = await serverOf((_req, res) => {
      received.push(performance.now())
      res.end()
    })
    const report = await runReplay(optionsFor(target, { mostPerSecond: 40 }))
    const { arrivals, held, good, violations } = report.total
    expect(arrivals - held).toBe(received.length)
    // three seconds, and the window that is open at the end
    expect(received.length).toBeLessThanOrEqual(3 * 40 + 1)
    expect(received.length).toBeGreaterThan(110)
    expect(good).toBe(received.length)
    expect(violations).toBe(0)
  })
})

describe('what is measured', () => {
  it('begins when a request was due: a stall is seen by all that would have come, not by those few that were stuck', async () => {
    let stalledTillMs = 0
    let served = 0
    const target = await serverOf((_req, res) => {
      if (++served === 50) stalledTillMs = performance.now() + 1000
      setTimeout(() => res.end(), Math.max(2, stalledTillMs - performance.now()))
    })
    const options = optionsFor(target, { mostInFlight: 4 })
    const { total } = await runReplay(options)
    expect(total.good).toBe(plannedCount(options))
    // about a third of three seconds were due within the second that stalled; their waits are even over [0, 1 s]
    expect(total.violationRatio).toBeGreaterThan(0.15)
    expect(total.violationRatio).toBeLessThan(0.4)
    expect(total.latency.p95).toBeGreaterThan(0.6)
    // who starts the clock at the sending sees four slow requests in hundreds, and calls it well
    expect(total.served.p95).toBeLessThan(0.2)
  })

  it('counts what failed: answers from 400 on, cut connections, and no answer in time', async () => {
    let asked = 0
    const target = await serverOf((req, res) => {
      const turn = asked++ % 4
      if (turn === 0) res.end('ok')
      else if (turn === 1) res.writeHead(503).end()
      else if (turn === 2) req.socket.destroy()
      // the fourth is never answered
    })
    const options = optionsFor(target, {
      schedule: { curve: steady(100), seed: 1, durationMs: 2000 },
      timeoutMs: 400,
    })
    const { total, statuses, faults } = await runReplay(options)
    const planned = plannedCount(options)
    expect(total.arrivals).toBe(planned)
    expect(total.good + total.failures).toBe(planned)
    expect(total.violations).toBe(total.failures)
    expect(statuses).toEqual({ 200: total.good, 503: statuses[503] })
    for (const count of [
      total.good,
      statuses[503]!,
      total.timeouts,
      planned - total.good - statuses[503]! - total.timeouts,
    ])
      expect(count).toBeGreaterThan(planned / 4 - 3)
    expect(Object.values(faults).reduce((a, b) => a + b, 0)).toBe(
      planned - total.good - statuses[503]! - total.timeouts,
    )
  })

  it('ends by itself though nothing is ever answered, and waits no longer than was said', async () => {
    const target = await serverOf(() => {})
    const options = optionsFor(target, {
      schedule: { curve: steady(100), seed: 1, durationMs: 1500 },
      mostInFlight: 5,
      timeoutMs: 300,
    })
    const sinceMs = performance.now()
    const { total } = await runReplay(options)
    expect(performance.now() - sinceMs).toBeLessThan(1500 + 2000)
    expect(total).toMatchObject({ timeouts: plannedCount(options), good: 0, violationRatio: 1 })
    expect(total.latency).toEqual({ p50: null, p95: null, p99: null })
  })

  it('sums up: intervals and stages hold every request once', async () => {
    const target = await serverOf((_req, res) => void setTimeout(() => res.end(), 10))
    const progress: Progress[] = []
    const options = optionsFor(target, { onProgress: (told) => progress.push(told) })
    const report = await runReplay(options)
    const { total, stages, intervals, histogram } = report
    const sum = (rows: readonly { arrivals: number; good: number }[]) =>
      rows.reduce((all, row) => all + row.arrivals + row.good, 0)
    expect(sum(intervals)).toBe(total.arrivals + total.good)
    expect(sum(stages)).toBe(total.arrivals + total.good)
    expect(histogram.reduce((all, { count }) => all + count, 0)).toBe(total.good)
    expect(intervals.map(({ fromMs }) => fromMs)).toEqual([0, 1000, 2000])
    expect(progress.length).toBeGreaterThanOrEqual(2)
    expect(progress.at(-1)!.total.arrivals).toBeLessThanOrEqual(total.arrivals)
    expect(total.latency.p50).toBeGreaterThan(0.009)

    const setting = {
      ...options,
      startedAtMs: 0,
      source: { kind: 'workload' as const, peakRps: 150, compress: 60, skipMs: 0 },
    }
    const text = JSON.stringify(replayDocument(setting, report))
    expect(text).not.toContain('secret')
    expect(JSON.parse(text)).toMatchObject({
      format: 'forescale-load/1',
      source: { name: 'steady', synthetic: true },
      total: { arrivals: total.arrivals },
    })
    const lines = intervalsCsv(options.schedule, report).trim().split('\n')
    expect(lines).toHaveLength(4)
    expect(new Set(lines.map((line) => line.split(',').length))).toEqual(new Set([12]))
  })
})

describe('told to stop', () => {
  it('it ends at once and keeps what it knows', async () => {
    let received = 0
    const target = await serverOf((_req, res) => {
      // one in ten is never answered
      if (++received % 10 !== 0) res.end()
    })
    const stop = new AbortController()
    const options = optionsFor(target, {
      schedule: { curve: steady(150), seed: 1, durationMs: 60_000 },
      timeoutMs: 10_000,
      stop: stop.signal,
    })
    setTimeout(() => stop.abort(), 1200)
    const sinceMs = performance.now()
    const report = await runReplay(options)
    expect(performance.now() - sinceMs).toBeLessThan(1200 + 3500)
    expect(report.ended).toBe('interrupted')
    expect(report.lastedMs).toBeGreaterThan(1190)
    expect(report.lastedMs).toBeLessThan(2500)
    const { arrivals, good, unfinished, violations } = report.total
    expect(arrivals).toBe(received)
    expect(good + unfinished).toBe(arrivals)
    expect(unfinished).toBe(Math.floor(received / 10))
    // what was broken off is held against nobody
    expect(violations).toBe(0)
    expect(report.intervals.length).toBeLessThanOrEqual(3)
    const before = received
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(received).toBe(before)
  })
})
