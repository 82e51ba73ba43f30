/**
 * What the newest errors say of the next ones: r ← φr + g·(error − φr), and the path is raised by φ^h · r. An AR(1)
 * seen through noise, followed by its steady-state Kalman filter; φ (decay) and g (gain) are those that lower the
 * backtest's absolute error, or none when they lower it by less than a percent.
 */
import type { BacktestRun } from './accuracy/backtest.ts'

export interface Correction {
  readonly decay: number
  readonly gain: number
  residual: number
}

const DECAYS = [0.5, 0.7, 0.8, 0.9, 0.95, 0.98]
const GAINS = [0.08, 0.15, 0.3, 0.5, 0.75, 1]
const LEAST_IMPROVEMENT = 0.01

export function noCorrection(): Correction {
  return { decay: 0, gain: 0, residual: 0 }
}

/** One observed step later; an unseen step (NaN) only decays. */
export function followError(correction: Correction, error: number): void {
  const expected = correction.decay * correction.residual
  correction.residual = Number.isNaN(error)
    ? expected
    : expected + correction.gain * (error - expected)
}

/** The correction that serves the run best; its residual stands at the run's end. */
export function chooseCorrection(run: BacktestRun): Correction {
  let best = noCorrection()
  let least = lossOf(run, run.points) * (1 - LEAST_IMPROVEMENT)
  for (const decay of DECAYS) {
    for (const gain of GAINS) {
      const candidate = { decay, gain, residual: 0 }
      const loss = lossOf(run, correctedPoints(run, candidate))
      if (loss >= least) continue
      least = loss
      best = candidate
    }
  }
  return best
}

/** The run as it is with the correction, whose residual is carried to the run's end. */
export function correctedRun(run: BacktestRun, correction: Correction): BacktestRun {
  if (correction.gain === 0) return run
  const errors = new Float64Array(run.errors.length)
  return { ...run, points: correctedPoints(run, correction, errors), errors }
}

/** The corrected points; writes what is left of the one-step errors into `left`. */
function correctedPoints(
  run: BacktestRun,
  correction: Correction,
  left?: Float64Array,
): Float64Array {
  const { origins, probes, trainSteps } = run.plan
  const out = new Float64Array(run.points.length)
  const factors = probes.map((k) => correction.decay ** (k + 1))
  let origin = 0
  for (let i = 0; i < run.errors.length; i++) {
    if (trainSteps + i === origins[origin]) {
      for (let j = 0; j < probes.length; j++) {
        const cell = origin * probes.length + j
        out[cell] = Math.max(0, run.points[cell]! + factors[j]! * correction.residual)
      }
      origin++
    }
    if (left) left[i] = run.errors[i]! - correction.decay * correction.residual
    followError(correction, run.errors[i]!)
  }
  return out
}

function lossOf(run: BacktestRun, points: Float64Array): number {
  let sum = 0
  for (let i = 0; i < points.length; i++) {
    const miss = Math.abs(run.actuals[i]! - points[i]!)
    if (!Number.isNaN(miss)) sum += miss
  }
  return sum
}
