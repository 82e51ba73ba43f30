import { describe, expect, it } from 'vitest'
import type { HostedService, ReplicaView } from '../shop/host-api.ts'
import { readExposition } from './exposition.ts'
import { type Scrape, samplesOf } from './gather.ts'

const AT_MS = 1_795_248_000_000
const BEAT_MS = 2000

const replica = (id: string, state: ReplicaView['state'] = 'ready'): ReplicaView => ({
  id,
  url: `http://127.0.0.1/${id}`,
  pid: 1,
  state,
  startedAtMs: 0,
  readyAtMs: null,
})
const hosted = (over: Partial<HostedService> = {}): Scrape['hosted'] => ({
  search: { requested: 2, lastDecisionId: null, recentStartupsMs: [], replicas: [], ...over },
})
const scrape = (beat: number, over: Partial<Scrape> = {}): Scrape => ({
  atMs: AT_MS + beat * BEAT_MS,
  gateway: undefined,
  hosted: undefined,
  replicas: new Map(),
  ...over,
})
const valuesOf = (now: Scrape, before?: Scrape) =>
  Object.fromEntries(
    samplesOf('search', now, before, AT_MS).map(({ metric, value }) => [metric, value]),
  )

const gateway = (ok: number, failed: number, violations: number, buckets: readonly number[]) =>
  readExposition(
    [
      `gateway_requests_total{service="search",code="200"} ${ok}`,
      `gateway_requests_total{service="search",code="503"} ${failed}`,
      `gateway_requests_total{service="other",code="200"} 99999`,
      `gateway_slo_violations_total{service="search"} ${violations}`,
      ...['0.1', '0.5', '+Inf'].map(
        (le, i) =>
          `gateway_request_duration_seconds_bucket{service="search",le="${le}"} ${buckets[i]}`,
      ),
    ].join('\n'),
  )

describe('traffic', () => {
  it('is what came between two beats: load with its errors, shares, p95', () => {
    const before = scrape(0, { gateway: gateway(100, 10, 20, [80, 100, 110]) })
    const now = scrape(1, { gateway: gateway(175, 15, 36, [155, 180, 190]) })
    expect(valuesOf(now, before)).toEqual({
      requests_per_second: 40, // 75 + 5 in 2 s
      error_ratio: 5 / 80,
      violation_ratio: 16 / 80,
      latency_p95_seconds: expect.closeTo(0.1 + (0.4 * (76 - 75)) / (80 - 75), 10), // rank 76
    })
  })

  it('is zero load when nobody came, and has then no shares and no latency', () => {
    const gatewayPage = gateway(100, 10, 20, [80, 100, 110])
    expect(
      valuesOf(scrape(1, { gateway: gatewayPage }), scrape(0, { gateway: gatewayPage })),
    ).toEqual({ requests_per_second: 0 })
  })

  it('is a gap, never a zero, while the gateway is silent, and at the beat after it', () => {
    const page = gateway(100, 10, 20, [80, 100, 110])
    expect(valuesOf(scrape(1), scrape(0, { gateway: page }))).toEqual({})
    expect(valuesOf(scrape(2, { gateway: page }), scrape(1))).toEqual({})
    expect(valuesOf(scrape(0, { gateway: page }))).toEqual({})
  })

  it('counts from zero after the gateway began anew', () => {
    const before = scrape(0, { gateway: gateway(100, 10, 20, [2, 100, 110]) })
    const now = scrape(1, { gateway: gateway(10, 0, 2, [8, 10, 10]) })
    expect(valuesOf(now, before)).toEqual({
      requests_per_second: 5,
      error_ratio: 0,
      violation_ratio: 0.2,
      // the first bucket is past its old count; it began anew all the same
      latency_p95_seconds: expect.closeTo(0.1 + (0.4 * (9.5 - 8)) / 2, 10),
    })
  })

  it('includes answers of a code that was never seen before', () => {
    const before = scrape(0, {
      gateway: readExposition('gateway_requests_total{service="search",code="200"} 10'),
    })
    const now = scrape(1, {
      gateway: readExposition(
        'gateway_requests_total{service="search",code="200"} 14\ngateway_requests_total{service="search",code="500"} 4',
      ),
    })
    expect(valuesOf(now, before)).toMatchObject({ requests_per_second: 4, error_ratio: 0.5 })
  })
})

describe('replicas', () => {
  const page = (cpuSeconds: number, queue: number) =>
    readExposition(`process_cpu_seconds_total ${cpuSeconds}\nshop_queue_length ${queue}`)

  it('are counted by state; CPU and queue are summed over those that answered twice', () => {
    const replicas = [
      replica('a'),
      replica('b'),
      replica('silent'),
      replica('new', 'starting'),
      replica('old', 'terminating'),
    ]
    const before = scrape(0, {
      hosted: hosted({ replicas }),
      replicas: new Map([
        ['a', page(10, 0)],
        ['b', page(20, 0)],
      ]),
    })
    const now = scrape(1, {
      hosted: hosted({ replicas }),
      replicas: new Map([
        ['a', page(11, 3)],
        ['b', page(20.5, 4)],
      ]),
    })
    expect(valuesOf(now, before)).toEqual({
      ready_replicas: 3,
      starting_replicas: 1,
      terminating_replicas: 1,
      queue_length: 7,
      cpu_cores: 0.75, // (1 + 0.5) s in 2 s
    })
  })

  it('of which none answers have neither CPU nor queue; their counts are known still', () => {
    const now = scrape(1, { hosted: hosted({ replicas: [replica('a')] }) })
    expect(valuesOf(now, scrape(0))).toEqual({
      ready_replicas: 1,
      starting_replicas: 0,
      terminating_replicas: 0,
    })
  })

  it('are a gap while the host is silent', () => {
    expect(valuesOf(scrape(1), scrape(0, { hosted: hosted() }))).toEqual({})
  })

  it('take as long to start as nine of ten did lately', () => {
    const startups = [5000, 1000, 4000, 2000, 3000]
    const now = scrape(1, { hosted: hosted({ recentStartupsMs: startups }) })
    expect(valuesOf(now)).toMatchObject({ startup_seconds: 5 })
    const many = Array.from({ length: 20 }, (_, i) => (i + 1) * 1000)
    expect(valuesOf(scrape(1, { hosted: hosted({ recentStartupsMs: many }) }))).toMatchObject({
      startup_seconds: 19,
    })
  })
})

it('samples carry the instant of the grid, not that of the answer', () => {
  const now = scrape(1, { hosted: hosted() })
  expect(new Set(samplesOf('search', now, undefined, 42).map((s) => s.atMs))).toEqual(new Set([42]))
})
