import { describe, expect, it } from 'vitest'
import { type BacktestPlan, planBacktest } from './accuracy/backtest.ts'
import { calibrate } from './conformal.ts'
import { type Band, LEVELS, spreadOf } from './forecast.ts'
import type { Errors } from './offset-table.ts'
import { placesIn, probesOf } from './probes.ts'
import { seededRandom } from './random.ts'

const HORIZON = 30
const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1)

function gaussian(seed: number): () => number {
  const random = seededRandom(seed)
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** Errors of a perfect point forecast of `load(cell)` under noise of the given deviation. */
function errorsOf(
  origins: number,
  deviation: (point: number, k: number) => number,
  seed = 1,
): Errors {
  const plan: BacktestPlan = {
    ...planBacktest(2000, 500, HORIZON, 2)!,
    trainSteps: 1000,
    // so far apart that each forecast misses for reasons of its own
    origins: Array.from({ length: origins }, (_, i) => 1000 + i * HORIZON),
  }
  const noise = gaussian(seed)
  const points = new Float64Array(origins * plan.probes.length)
  const actuals = new Float64Array(points.length)
  for (let i = 0; i < points.length; i++) {
    points[i] = 20 + 80 * (((i * 37) % 101) / 101)
    const k = plan.probes[i % plan.probes.length]!
    actuals[i] = Math.max(0, points[i]! + deviation(points[i]!, k) * noise())
  }
  const loads = new Float64Array((origins + 1) * HORIZON).fill(60)
  return { plan, points, actuals, errors: new Float64Array(loads.length), loads, grain: 0 }
}

function offsetOf({ offsets }: Band, level: number, k: number): number {
  const { left, share } = placesIn(HORIZON)[k]!
  const at = left * LEVELS.length + LEVELS.indexOf(level)
  const next = Math.min(at + LEVELS.length, offsets.length - 1)
  return offsets[at]! + (share === 0 ? 0 : share * (offsets[next]! - offsets[at]!))
}

const NORMAL: Record<number, number> = {
  0.01: -2.326,
  0.1: -1.282,
  0.5: 0,
  0.9: 1.282,
  0.99: 2.326,
}

describe('conformal calibration', () => {
  it('finds the quantiles of the errors at every step of the horizon', () => {
    const { band } = calibrate(
      errorsOf(150, () => 5),
      HORIZON,
    )
    for (const level of [0.01, 0.1, 0.5, 0.9, 0.99]) {
      for (const k of [0, 1, 13, 29]) {
        const width = spreadOf(band, 60) * offsetOf(band, level, k)
        expect(Math.abs(width - 5 * NORMAL[level]!)).toBeLessThan(level === 0.5 ? 1 : 2)
      }
    }
  })

  it.each([
    ['of the root of the load', (p: number) => Math.sqrt(p), 0.5],
    ['of the load', (p: number) => 0.1 * p, 1],
    ['that does not depend on the load', () => 5, 0],
  ] as const)('chooses the spread that fits a noise %s', (_, deviation, power) => {
    expect(calibrate(errorsOf(200, deviation), HORIZON).band.power).toBe(power)
  })

  it('covers held-out steps as often as it says', () => {
    const { coverage90 } = calibrate(
      errorsOf(150, (p) => Math.sqrt(p)),
      HORIZON,
    )
    expect(coverage90).toBeGreaterThan(0.86)
    expect(coverage90).toBeLessThan(0.95)
  })

  it('is wider in the tails the fewer errors were seen', () => {
    const tail = (origins: number): number => {
      const bands = SEEDS.map((seed) =>
        calibrate(
          errorsOf(origins, () => 5, seed),
          HORIZON,
        ),
      )
      return (
        bands.reduce((sum, { band }) => sum + spreadOf(band, 60) * offsetOf(band, 0.99, 3), 0) /
        SEEDS.length
      )
    }
    expect(tail(6)).toBeGreaterThan(1.15 * tail(150))
  })

  it('grows with the step ahead as the errors do', () => {
    const { band } = calibrate(
      errorsOf(150, (_, k) => Math.sqrt(k + 1)),
      HORIZON,
    )
    const width = (k: number): number => offsetOf(band, 0.9, k)
    expect(width(3) / width(0)).toBeGreaterThan(1.4)
    expect(width(29) / width(3)).toBeGreaterThan(1.8)
  })

  it('rises with the level everywhere, whatever the errors', () => {
    for (const origins of [1, 2, 5, 40]) {
      const { band } = calibrate(
        errorsOf(origins, (p) => p * 2, origins),
        HORIZON,
      )
      for (let l = 1; l < LEVELS.length; l++)
        for (let k = 0; k < HORIZON; k++)
          expect(
            offsetOf(band, LEVELS[l]!, k) - offsetOf(band, LEVELS[l - 1]!, k),
          ).toBeGreaterThanOrEqual(-1e-9)
    }
  })

  it('widens like a random walk beyond the steps that were ever scored', () => {
    const errors = errorsOf(60, () => 5)
    const { probes } = errors.plan
    const unseen = errors.actuals.map((v, i) => (probes[i % probes.length]! > 9 ? Number.NaN : v))
    const { band } = calibrate({ ...errors, actuals: unseen }, HORIZON)
    const width = (k: number): number => offsetOf(band, 0.9, k)
    expect(width(29)).toBeGreaterThan(1.2 * width(8))
  })

  it('reacts to unrest where noise comes in bursts, and not where it is even', () => {
    const bursts = (burst: number): Errors => {
      const noise = gaussian(9)
      const loads = new Float64Array(1000)
      const sizes = loads.map((_, i) => (i % 100 < 50 ? 1 : burst))
      const errors = sizes.map((size) => size * noise())
      const plan: BacktestPlan = {
        ...planBacktest(2000, 500, 1, 2)!,
        trainSteps: 1000,
        origins: Array.from({ length: 990 }, (_, i) => 1000 + i),
        probes: probesOf(1),
        probeWeights: [1],
      }
      const points = new Float64Array(990).fill(100)
      return {
        plan,
        points,
        actuals: points.map((p, i) => p + errors[i]!),
        errors,
        loads: errors.map((e) => 100 + e),
        grain: 0,
      }
    }
    expect(calibrate(bursts(5), 1).unrest.reaction).toBeGreaterThan(0.3)
    expect(calibrate(bursts(1), 1).unrest.reaction).toBeLessThan(0.5)
    const bursty = calibrate(bursts(5), 1)
    const even = calibrate(bursts(1), 1)
    expect(bursty.coverage90).toBeCloseTo(0.9, 1)
    expect(even.coverage90).toBeCloseTo(0.9, 1)
  })

  it('has no scores where nothing came', () => {
    const errors = errorsOf(10, () => 5)
    const scored = calibrate({ ...errors, actuals: errors.actuals.map(() => Number.NaN) }, HORIZON)
    expect(scored.scaledPinball).toBeNull()
    expect(scored.coverage90).toBeNull()
    expect(scored.band.offsets.every(Number.isFinite)).toBe(true)
  })
})
