/**
 * Numbers drawn each by itself from a normal distribution: the network puts out means; the logarithms of the deviations
 * are learned beside it, the same for every observation (Huang et al. 2022, "The 37 implementation details of PPO",
 * continuous details 1 to 4). What is drawn outside the bounds is cut off for the environment alone.
 */
import type { Distribution } from './distribution.ts'
import type { ActionSpace } from './environment.ts'

type Bounds = Pick<Extract<ActionSpace, { kind: 'continuous' }>, 'low' | 'high'>

const HALF_LOG_2_PI = Math.log(2 * Math.PI) / 2

export function createGaussian(
  { low, high }: Bounds,
  size: number,
  logDeviation: number,
): Distribution {
  const weights = new Float32Array(size).fill(logDeviation)
  const gradients = new Float32Array(size)
  const logLikelihood = (outputs: Float32Array, actions: Float32Array, row: number): number => {
    let sum = 0
    for (let j = 0; j < size; j++) {
      const z = (actions[row * size + j]! - outputs[row * size + j]!) / Math.exp(weights[j]!)
      sum -= (z * z) / 2 + weights[j]! + HALF_LOG_2_PI
    }
    return sum
  }
  const allowed = (actions: Float32Array, rows: number): Float32Array =>
    Float32Array.from({ length: rows * size }, (_, i) =>
      Math.min(Math.max(actions[i]!, low[i % size]!), high[i % size]!),
    )
  return {
    outputs: size,
    width: size,
    parameters: { weights, gradients },
    draw(outputs, rows, chance, { actions, logLikelihoods }) {
      for (let row = 0; row < rows; row++) {
        for (let j = 0; j < size; j++)
          actions[row * size + j] =
            outputs[row * size + j]! + Math.exp(weights[j]!) * chance.normal()
        logLikelihoods[row] = logLikelihood(outputs, actions, row)
      }
    },
    evaluate(outputs, actions, rows, { logLikelihoods, entropies }) {
      const entropy = weights.reduce((sum, log) => sum + log + HALF_LOG_2_PI + 0.5, 0)
      for (let row = 0; row < rows; row++) {
        logLikelihoods[row] = logLikelihood(outputs, actions, row)
        entropies[row] = entropy
      }
    },
    slopes(outputs, actions, rows, by, to) {
      for (let j = 0; j < size; j++) {
        const variance = Math.exp(2 * weights[j]!)
        let sum = 0
        for (let row = 0; row < rows; row++) {
          const distance = actions[row * size + j]! - outputs[row * size + j]!
          const slope = by.logLikelihoods[row]!
          to[row * size + j] = (slope * distance) / variance
          sum += slope * ((distance * distance) / variance - 1) + by.entropy
        }
        gradients[j] = gradients[j]! + sum
      }
    },
    allowed,
    likeliest: allowed,
    rule: (network, normalization) => ({
      kind: 'gaussian',
      normalization,
      network,
      logDeviation: [...weights],
      low: [...low],
      high: [...high],
    }),
  }
}
