/** Formulas and examples of Rzadca et al., "Autopilot", EuroSys 2020, §3.2.2 and §3.3. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { autopilot, createRecommender, createSmoothing } from './autopilot.ts'
import { drive, testScenario } from './test-service.ts'
import { createUsageWindow } from './usage-window.ts'

const statisticOf = (
  statistic: Parameters<typeof createUsageWindow>[0],
  usage: readonly number[],
  halfLife = 1e9,
) => {
  const window = createUsageWindow(statistic, { samples: 10, halfLife })
  for (const value of usage) window.add(value)
  return window.value()
}

describe('statistics of the window', () => {
  // Figure 2: a load of 1 during nine time units and of 10 during one
  const figure2 = [1, 1, 1, 1, 1, 1, 1, 1, 1, 10]

  it('the 90th percentile by time × load is 10 in the paper’s figure 2, where by time it is 1', () => {
    // h[1] = 1 · 9, h[10] = 10 · 1: only half of the load is served at 1. Buckets of 3 %.
    expect(statisticOf('load-p90', figure2)).toBeGreaterThanOrEqual(10)
    expect(statisticOf('load-p90', figure2)).toBeLessThan(10 * 1.03)
  })

  it('P95 and the maximum are those of the last T samples', () => {
    expect(statisticOf('max', [50, ...figure2])).toBe(10)
    expect(statisticOf('p95', [...figure2.slice(0, 9), 2])).toBe(2)
  })

  it('the average weighs by 2^(−τ/t½): of 4, then 1 a half-life later, (4/2 + 1) / (1/2 + 1)', () => {
    expect(statisticOf('weighted-average', [4, 1], 1)).toBeCloseTo(2, 12)
  })

  it('percentiles of load forget likewise', () => {
    const spike = [10, ...new Array<number>(40).fill(1)]
    expect(statisticOf('load-p95', spike, 1e9)).toBeGreaterThan(9)
    expect(statisticOf('load-p95', spike, 2)).toBeLessThan(1.04)
  })

  it('are no number before the first sample', () => {
    for (const statistic of ['max', 'p95', 'weighted-average', 'load-p98'] as const)
      expect(statisticOf(statistic, [])).toBeNaN()
  })
})

describe('the recommendation', () => {
  const params = autopilot.params.parse({ statistic: 'max', targetUtilization: 0.5, deferHours: 3 })
  const hourly = (hours: number) => Math.max(1, Math.round(hours))

  it('is usage / r*, and the largest of the last T_d', () => {
    const recommender = createRecommender({ ...params, horizonHours: 1 }, hourly)
    const after = (usage: number) => {
      recommender.add(usage)
      recommender.recommend()
      return recommender.wanted()
    }
    expect([2, 5, 1, 1, 1].map(after)).toEqual([4, 10, 10, 10, 2])
  })

  it('has its safety margin on top: 4 · 1.15 / 0.5', () => {
    const recommender = createRecommender({ ...params, safetyMargin: 0.15 }, hourly)
    recommender.add(4)
    recommender.recommend()
    expect(recommender.wanted()).toBe(10)
  })
})

describe('smoothing', () => {
  const counts = (requested: number, starting = 0) => ({ requested, starting })

  it('slow decay halves within the hour, in steps of five minutes; upscaling is at once', () => {
    const smooth = createSmoothing({ halveHours: 1, ignoreShare: 0, startingShare: 1 }, 12)
    expect(smooth(1, counts(100), false)).toBe(100)
    let count = 100
    for (let window = 0; window < 12; window++) count = smooth(1, counts(count), true)
    // rounded up at each step
    expect(count).toBeGreaterThanOrEqual(50)
    expect(count).toBeLessThanOrEqual(56)
    expect(smooth(200, counts(100), false)).toBe(200)
  })

  it('ignores small changes', () => {
    const smooth = createSmoothing({ halveHours: 0, ignoreShare: 0.1, startingShare: 1 }, 1)
    expect(smooth(11, counts(10), true)).toBe(10)
    expect(smooth(12, counts(10), true)).toBe(12)
    expect(smooth(8, counts(10), true)).toBe(8)
  })

  it('limits the share that is starting: a third of the whole', () => {
    const smooth = createSmoothing({ halveHours: 0, ignoreShare: 0, startingShare: 1 / 3 }, 1)
    // 5 of 15
    expect(smooth(40, counts(10), true)).toBe(15)
    expect(smooth(40, counts(15, 5), true)).toBe(15)
    expect(smooth(40, counts(1), true)).toBe(2)
  })
})

describe('the controller', () => {
  it('has from its first tick what the last days needed, though the night is quiet', () => {
    // three days with an hour of 640 requests/s each: 16 busy replicas, a 24th of the time
    const history = Array.from({ length: 3 * 1440 }, (_, i) => (i % 1440 < 60 ? 640 : 40))
    const known = testScenario({ history })
    const counts = (params: object) =>
      drive(known, autopilot.create(known, autopilot.params.parse(params), seededRandom(1)), {
        ticks: 100,
        initial: 2,
        loadAt: () => 40,
      })
    const rest = { targetUtilization: 0.8, deferHours: 0 }
    expect(new Set(counts({ statistic: 'max', ...rest }))).toEqual(new Set([20]))
    // 4.2 % of the samples are the peak: beyond the 95th percentile
    expect(new Set(counts({ statistic: 'p95', ...rest }))).toEqual(new Set([2]))
  })

  it('follows a load that it never saw within one window', () => {
    const known = testScenario({ history: new Array<number>(1440).fill(40) })
    const params = autopilot.params.parse({
      statistic: 'max',
      targetUtilization: 0.5,
      horizonHours: 1,
    })
    const controller = autopilot.create(known, params, seededRandom(1))
    const counts = drive(known, controller, { ticks: 200, initial: 10, loadAt: () => 200 })
    expect(counts.at(-1)).toBe(10)
  })
})

describe('parameters', () => {
  it.each([
    [{ statistic: 'p99' }, /statistic/],
    [{ targetUtilization: 1.1 }, /targetUtilization/],
    [{ startingShare: 0 }, /startingShare/],
    [{ deferHours: -1 }, /deferHours/],
  ])('%j are refused, naming the field', (bad, field) => {
    expect(() => autopilot.params.parse(bad)).toThrow(field)
  })
})
