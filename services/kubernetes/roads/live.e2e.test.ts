/**
 * Each road with everything real but the nodes: a Deployment is scaled out before a peak that only the forecast knows,
 * a budget that is cut takes replicas away, and what falls silent or lies takes none. Where KEDA was not built the direct
 * road is tried alone.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest'
import { KEDA_HERE } from '../scaler/test-keda.ts'
import { CONTROL_PLANE_HERE } from '../test-control-plane.ts'
import type { Road } from './plan.ts'
import {
  CAPACITY,
  type Live,
  loadAt,
  PERIOD_MS,
  serviceOf,
  startLive,
  untilPeakMs,
} from './test-live.ts'

/** Road 1 by KEDA, road 2 by the custom metrics API, road 3 and road 4. */
const ROADS: readonly Road[] = KEDA_HERE
  ? ['keda-prometheus', 'hpa-adapter', 'keda-external', 'direct']
  : ['direct']
const LOOK_EVERY_MS = 250
/** Long against KEDA's poll and the HPA's look, which are a second each. */
const FALLBACK_TIME_MS = 8000
const CUT_BUDGET = 3 * ROADS.length
const NAN = JSON.stringify({
  status: 'success',
  data: { resultType: 'vector', result: [{ metric: {}, value: [Date.now() / 1000, 'NaN'] }] },
})

interface Step {
  readonly count: number
  /** Until the peak, ms. */
  readonly leftMs: number
}
const textOf = (way: readonly Step[]): string =>
  way
    .map(({ count, leftMs }, i) =>
      i === 0 ? `${count}` : `${count} (${(leftMs / 1000).toFixed(1)} s before the peak)`,
    )
    .join(' → ')

describe.runIf(CONTROL_PLANE_HERE)('a cluster that follows Forescale', () => {
  let live: Live
  beforeAll(async () => {
    live = await startLive(ROADS)
  }, 180_000)
  afterAll(() => live?.stop())
  const showsLogs = () => onTestFailed(async () => void process.stderr.write(await live.logs()))

  /** Waits for the next moment that is so long before the load rises. */
  async function untilBefore(peakInMs: number): Promise<void> {
    while (untilPeakMs(Date.now()) > peakInMs || untilPeakMs(Date.now()) < peakInMs - 1000)
      await sleep(LOOK_EVERY_MS)
  }
  async function stay(roads: readonly Road[], what: string): Promise<void> {
    const before = await live.replicas()
    const untilMs = Date.now() + FALLBACK_TIME_MS
    while (Date.now() < untilMs) {
      const now = await live.replicas()
      for (const road of roads)
        expect(now[serviceOf(road)], `${road}: ${what}`).toBe(before[serviceOf(road)])
      await sleep(LOOK_EVERY_MS)
    }
  }

  /** Each road's counts until the load rises, with the time that was left when they were first seen. */
  async function untilPeak(early: Readonly<Record<string, number>>): Promise<Map<Road, Step[]>> {
    const ways = new Map<Road, Step[]>(
      ROADS.map((road) => [road, [{ count: early[serviceOf(road)]!, leftMs: Number.NaN }]]),
    )
    for (let leftMs = untilPeakMs(Date.now()); leftMs > 0; leftMs = untilPeakMs(Date.now())) {
      const now = await live.replicas()
      for (const [road, way] of ways) {
        const count = now[serviceOf(road)]!
        if (way.at(-1)!.count !== count && untilPeakMs(Date.now()) > 0) way.push({ count, leftMs })
      }
      await sleep(LOOK_EVERY_MS)
    }
    return ways
  }

  it('scales out before a peak that nothing but the forecast knows, by every road', async () => {
    showsLogs()
    const needed = Math.ceil(loadAt(PERIOD_MS - 1) / CAPACITY)
    const quiet = Math.ceil(loadAt(0) / CAPACITY)
    const hpas = ROADS.filter((road) => road !== 'direct').length
    await expect.poll(live.sighted, { timeout: 60_000, interval: 1000 }).toHaveLength(hpas)
    await untilBefore(18_000)
    const early = await live.replicas()
    const ways = await untilPeak(early)
    process.stdout.write(
      `${ROADS.map((road) => `${road}: ${textOf(ways.get(road)!)}`).join('\n')}\n`,
    )
    for (const road of ROADS) {
      expect(early[serviceOf(road)], road).toBeLessThan(needed)
      expect(early[serviceOf(road)], road).toBeGreaterThanOrEqual(quiet)
    }
    // it is there before the peak, stays until it comes, and never went back
    for (const [road, way] of ways) {
      const counts = way.map(({ count }) => count)
      expect(counts, road).toEqual(counts.toSorted((a, b) => a - b))
      expect(counts.at(-1), road).toBeGreaterThanOrEqual(needed)
    }
  }, 240_000)

  it('takes replicas away when the budget is cut, by every road', async () => {
    showsLogs()
    const total = async () =>
      Object.values(await live.replicas()).reduce((sum, count) => sum + count, 0)
    expect(await total()).toBeGreaterThan(CUT_BUDGET)
    await live.ask('/v1/budget', { costBudgetPerHour: CUT_BUDGET }, 'PUT')
    await expect
      .poll(total, { timeout: 30_000, interval: LOOK_EVERY_MS })
      .toBeLessThanOrEqual(CUT_BUDGET)
    await live.ask('/v1/budget', { costBudgetPerHour: 1000 }, 'PUT')
  }, 60_000)

  it.runIf(KEDA_HERE)(
    'changes nothing when Prometheus answers NaN',
    async () => {
      showsLogs()
      live.lie = NAN
      await sleep(1500)
      await stay(['keda-prometheus'], 'NaN')
      live.lie = undefined
    },
    60_000,
  )

  it.runIf(KEDA_HERE)(
    'changes nothing when Prometheus is killed',
    async () => {
      showsLogs()
      await live.prometheus.stop()
      await sleep(1500)
      await stay(['keda-prometheus'], 'Prometheus is gone')
      await live.prometheus.start()
    },
    60_000,
  )

  it('changes nothing when loads stop coming', async () => {
    showsLogs()
    await untilBefore(30_000)
    live.isQuiet = true
    await sleep(5000) // the newest load is dead
    await stay(ROADS, 'no load comes any more')
    live.isQuiet = false
  }, 120_000)

  it('changes nothing when Forescale is killed, and goes on when it is back', async () => {
    showsLogs()
    await untilBefore(30_000)
    await live.killController()
    await sleep(4500) // what was scraped last expires
    await stay(ROADS, 'Forescale is gone')
    await live.startController()
    const needed = Math.ceil(loadAt(PERIOD_MS - 1) / CAPACITY)
    await expect
      .poll(async () => Math.min(...Object.values(await live.replicas())), {
        ...{ timeout: PERIOD_MS + 20_000, interval: LOOK_EVERY_MS },
      })
      .toBeGreaterThanOrEqual(needed)
  }, 180_000)
})
