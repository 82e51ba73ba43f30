import { describe, expect, it } from 'vitest'
import {
  barOf,
  type Changepoint,
  createChangeDetector,
  followErrors,
  runLengthOf,
  standardError,
} from './changepoint.ts'
import { LEVELS } from './forecast.ts'
import { normalQuantile } from './normal-quantile.ts'
import { seededRandom } from './random.ts'
import { forecastOfQuantiles } from './test-forecasts.ts'

const standard = forecastOfQuantiles(LEVELS.map((level) => 50 + normalQuantile(level)))

function normals(seed: number): () => number {
  const random = seededRandom(seed)
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** Steps until the first alarm of errors z(step), and what it said. */
function untilAlarm(
  bar: number,
  errorAt: (step: number) => number,
): { steps: number; found: Changepoint } {
  const detector = createChangeDetector()
  for (let step = 1; ; step++) {
    const found = followErrors(detector, Math.min(3, Math.max(-3, errorAt(step))), bar)
    if (found) return { steps: step, found }
  }
}

const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

describe('the normal quantile', () => {
  it.each([
    // Algorithm AS 241's own check values, and scipy.stats.norm.ppf
    [0.25, -0.6744897501960817],
    [0.001, -3.090232306167813],
    [1e-20, -9.262340089798409],
    [0.975, 1.959963984540054],
    [0.5, 0],
  ])('of %d is %d', (p, z) => {
    expect(normalQuantile(p)).toBeCloseTo(z, 12)
  })
})

describe('a step’s error', () => {
  it('is standard normal under the distribution that was foreseen', () => {
    for (const z of [-2, -0.7, 0, 0.3, 1.8])
      expect(standardError(standard, 50 + z)).toBeCloseTo(z, 1)
  })

  it('is cut, so that one outlier is no change', () => {
    expect(standardError(standard, 1e9)).toBe(3)
    expect(standardError(standard, -1e9)).toBe(-3)
  })

  it('is the middle of the mass where quantiles coincide: an idle service that stays idle', () => {
    const idle = forecastOfQuantiles(LEVELS.map(() => 0))
    expect(standardError(idle, 0)).toBe(0)
    expect(standardError(idle, 5)).toBeGreaterThan(2)
  })
})

describe('false alarms', () => {
  it('the bar and the run length are each other’s inverse', () => {
    for (const steps of [100, 5000, 1e7])
      expect(runLengthOf(barOf(steps)) / steps).toBeCloseTo(1, 6)
  })

  it.each([
    [200, 1500],
    [1000, 600],
  ])('come once in %d steps or later, on average, under the null', (steps, runs) => {
    const normal = normals(3)
    const bar = barOf(steps)
    const lengths = Array.from({ length: runs }, () => untilAlarm(bar, normal).steps)
    // run lengths are nearly exponential: their mean has a standard error of mean / √runs
    expect(meanOf(lengths)).toBeGreaterThan(steps * (1 - 3 / Math.sqrt(runs)))
    expect(meanOf(lengths)).toBeLessThan(steps * 1.4)
  })
})

describe('changes', () => {
  const bar = barOf(10_000)
  const delays = (errorAt: (z: number) => number) => {
    const normal = normals(5)
    const runs = Array.from({ length: 300 }, () => untilAlarm(bar, () => errorAt(normal())))
    const most = (change: string) =>
      runs.filter(({ found }) => found.change === change).length / runs.length
    return { mean: meanOf(runs.map(({ steps }) => steps)), most }
  }

  it('of one standard deviation in the level are found within twenty steps on average', () => {
    const up = delays((z) => z + 1)
    expect(up.mean).toBeLessThan(20)
    expect(up.most('level-up')).toBeGreaterThan(0.9)
    const down = delays((z) => z - 1)
    expect(down.mean).toBeLessThan(20)
    expect(down.most('level-down')).toBeGreaterThan(0.9)
  })

  it('of two standard deviations within eight', () => {
    expect(delays((z) => z + 2).mean).toBeLessThan(8)
  })

  it('of the spread, doubled, within thirty', () => {
    const wider = delays((z) => 2 * z)
    expect(wider.mean).toBeLessThan(30)
    expect(wider.most('spread')).toBeGreaterThan(0.6)
  })

  it('are dated: how long ago they began is known within a few steps', () => {
    const normal = normals(11)
    const misses = Array.from({ length: 200 }, () => {
      const { steps, found } = untilAlarm(bar, (step) => normal() + (step > 100 ? 1.5 : 0))
      return steps <= 100 ? undefined : Math.abs(steps - found.stepsAgo - 100)
    }).filter((miss) => miss !== undefined)
    expect(misses.length).toBeGreaterThan(190)
    expect(meanOf(misses)).toBeLessThan(6)
  })

  it('that were one outlier alone are none', () => {
    const detector = createChangeDetector()
    for (let step = 0; step < 50; step++) expect(followErrors(detector, 0, bar)).toBeUndefined()
    expect(followErrors(detector, 3, bar)).toBeUndefined()
    for (let step = 0; step < 50; step++) expect(followErrors(detector, 0, bar)).toBeUndefined()
  })
})
