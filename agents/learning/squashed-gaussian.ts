/**
 * Actions drawn from a normal distribution and taken between −1 and 1 by tanh (Haarnoja et al. 2018, "Soft Actor-Critic
 * Algorithms and Applications", appendix C). For each number of the action the network puts out the mean and the logarithm
 * of the deviation: u = μ + σ·ε, a = tanh u, and
 * log π(a) = Σ log N(u; μ, σ) − log(1 − tanh² u), where log(1 − tanh² u) = 2·(log 2 − u − log(1 + e^−2u)) never underflows.
 */
import type { Chance } from './chance.ts'

/** Logarithms of deviations beyond these are held there, and there nothing moves them further. */
const LEAST_LOG_DEVIATION = -20
const MOST_LOG_DEVIATION = 2

const HALF_LOG_2_PI = Math.log(2 * Math.PI) / 2

export interface SquashedGaussian {
  /** Of the last draw, [rows][size]: the actions, between −1 and 1. */
  readonly actions: Float32Array
  /** Of the last draw, by row; natural logarithm of the density. */
  readonly logLikelihoods: Float32Array
  /** Draws an action for each row of `outputs` [rows][2·size]: means, then logarithms of deviations. */
  draw(outputs: Float32Array, rows: number, chance: Chance): void
  /**
   * From a loss's slope by each number of the last draw's actions [rows][size] and its slope by every row's
   * log-likelihood, with the chance of the draw held: its slope by each output [rows][2·size].
   */
  slopes(byActions: Float32Array, byLogLikelihood: number, rows: number, to: Float32Array): void
}

export function createSquashedGaussian(size: number, mostRows: number): SquashedGaussian {
  const actions = new Float32Array(mostRows * size)
  const logLikelihoods = new Float32Array(mostRows)
  const noise = new Float64Array(mostRows * size)
  const deviations = new Float64Array(mostRows * size)
  const held = new Uint8Array(mostRows * size)
  // d tanh u / du = 1 − tanh² u, of which the actions, being floats, have too few digits left near a bound
  const steepness = new Float64Array(mostRows * size)
  return {
    actions,
    logLikelihoods,
    draw(outputs, rows, chance) {
      for (let row = 0; row < rows; row++) {
        let sum = 0
        for (let j = 0; j < size; j++) {
          const i = row * size + j
          const mean = outputs[2 * row * size + j]!
          const wanted = outputs[(2 * row + 1) * size + j]!
          const log = Math.min(Math.max(wanted, LEAST_LOG_DEVIATION), MOST_LOG_DEVIATION)
          const epsilon = chance.normal()
          const u = mean + Math.exp(log) * epsilon
          noise[i] = epsilon
          deviations[i] = Math.exp(log)
          held[i] = wanted === log ? 0 : 1
          actions[i] = Math.tanh(u)
          steepness[i] = 1 / Math.cosh(u) ** 2
          sum -= (epsilon * epsilon) / 2 + log + HALF_LOG_2_PI
          sum -= 2 * (Math.LN2 - u - softplus(-2 * u))
        }
        logLikelihoods[row] = sum
      }
    },
    slopes(byActions, byLogLikelihood, rows, to) {
      for (let row = 0; row < rows; row++)
        for (let j = 0; j < size; j++) {
          const i = row * size + j
          const a = actions[i]!
          // d log π / du = 2·tanh u: what the squashing takes from the density
          const byU = byActions[i]! * steepness[i]! + byLogLikelihood * 2 * a
          to[2 * row * size + j] = byU
          to[(2 * row + 1) * size + j] =
            held[i] === 1 ? 0 : byU * deviations[i]! * noise[i]! - byLogLikelihood
        }
    },
  }
}

/** log(1 + e^x). */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
}
