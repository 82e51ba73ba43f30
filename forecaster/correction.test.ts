import { describe, expect, it } from 'vitest'
import { planBacktest, runBacktest } from './accuracy/backtest.ts'
import { chooseCorrection, correctedRun, followError } from './correction.ts'
import type { ForecastModel } from './model.ts'
import { seededRandom } from './random.ts'

/** A model that knows the mean and nothing else. */
const constant: ForecastModel<number> = {
  kind: 'last-value',
  fit: () => 100,
  update: (state) => state,
  next: () => 100,
  predict: (_, steps) => new Float64Array(steps).fill(100),
  read: () => 100,
}
const context = { seasons: [100], horizonSteps: 30, random: () => 0.5 }

function around100(persistence: number): Float64Array {
  const random = seededRandom(5)
  let past = 0
  return Float64Array.from({ length: 600 }, () => {
    past = persistence * past + 4 * (random() + random() - 1)
    return 100 + past
  })
}

function errorOf(points: Float64Array, actuals: Float64Array): number {
  return points.reduce((sum, p, i) => sum + (Math.abs(actuals[i]! - p) || 0), 0)
}

describe('correction by recent errors', () => {
  it('lowers the error of a model whose misses persist, and decays as they do', () => {
    const history = around100(0.9)
    const run = runBacktest(constant, history, planBacktest(600, 100, 10, 90)!, context)!
    const correction = chooseCorrection(run)
    expect(correction.decay).toBeGreaterThanOrEqual(0.8)
    expect(correction.gain).toBeGreaterThanOrEqual(0.5)
    const corrected = correctedRun(run, { ...correction, residual: 0 })
    expect(errorOf(corrected.points, run.actuals)).toBeLessThan(
      0.9 * errorOf(run.points, run.actuals),
    )
  })

  it('is left out where misses are mere noise', () => {
    const run = runBacktest(constant, around100(0), planBacktest(600, 100, 10, 90)!, context)!
    expect(chooseCorrection(run)).toEqual({ decay: 0, gain: 0, residual: 0 })
  })

  it('follows errors as an AR(1) when the gain is 1, and only decays over an unseen step', () => {
    const correction = { decay: 0.5, gain: 1, residual: 0 }
    followError(correction, 8)
    expect(correction.residual).toBe(8)
    followError(correction, Number.NaN)
    expect(correction.residual).toBe(4)
  })
})
