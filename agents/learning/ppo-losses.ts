/**
 * The losses of proximal policy optimisation over one batch, and their slopes: the clipped surrogate (Schulman et al. 2017,
 * equation 7) with an entropy bonus, and the critic's squared error, clipped if wanted (Huang et al. 2022, core detail 9).
 */
import { type Batch, emptyBatch, type PpoParts } from './ppo-batch.ts'
import type { PpoConfig } from './ppo-config.ts'

export interface PolicyFigures {
  readonly policyLoss: number
  readonly klDivergence: number
  /** Share of the batch whose ratio was beyond the clip range. */
  readonly clippedShare: number
  readonly entropy: number
}

export interface Losses {
  /** To be filled before either is asked for. */
  readonly batch: Batch
  /** Adds to the gradients of policy and distribution. */
  ofPolicy(clipRange: number): PolicyFigures
  /** Adds to the critic's; the loss before the weight. */
  ofCritic(): number
}

type LossConfig = Pick<PpoConfig, 'clipValues' | 'entropyWeight' | 'valueWeight'>

export function createLosses(parts: PpoParts, config: LossConfig, mostRows: number): Losses {
  const { policy, critic, distribution } = parts
  const batch = emptyBatch(parts, mostRows)
  const logLikelihoods = new Float32Array(mostRows)
  const entropies = new Float32Array(mostRows)
  const byLogLikelihood = new Float32Array(mostRows)
  const byOutput = new Float32Array(mostRows * distribution.outputs)
  const byValue = new Float32Array(mostRows)
  return {
    batch,
    ofPolicy(clipRange) {
      const { rows } = batch
      const outputs = policy.forward(batch.observations, rows)
      distribution.evaluate(outputs, batch.actions, rows, { logLikelihoods, entropies })
      const figures = surrogate(batch, { logLikelihoods, entropies }, clipRange, byLogLikelihood)
      const by = { logLikelihoods: byLogLikelihood, entropy: -config.entropyWeight / rows }
      distribution.slopes(outputs, batch.actions, rows, by, byOutput)
      policy.backward(byOutput, rows)
      return figures
    },
    ofCritic() {
      const values = critic.forward(batch.states, batch.rows)
      const loss = squaredError(batch, values, config, byValue)
      critic.backward(byValue, batch.rows)
      return loss
    },
  }
}

/** Writes the loss's slope by each log-likelihood. */
function surrogate(
  batch: Batch,
  now: { readonly logLikelihoods: Float32Array; readonly entropies: Float32Array },
  clipRange: number,
  slopes: Float32Array,
): PolicyFigures {
  const { rows } = batch
  let klDivergence = 0
  let policyLoss = 0
  let clippedShare = 0
  let entropy = 0
  for (let i = 0; i < rows; i++) {
    const distance = now.logLikelihoods[i]! - batch.logLikelihoods[i]!
    const ratio = Math.exp(distance)
    const advantage = batch.advantages[i]!
    const held = Math.min(Math.max(ratio, 1 - clipRange), 1 + clipRange)
    // where the clipped one is the smaller, the loss is flat
    slopes[i] = held * advantage < ratio * advantage ? 0 : (-advantage * ratio) / rows
    policyLoss -= Math.min(ratio * advantage, held * advantage) / rows
    // Schulman 2020, "Approximating KL divergence", estimator k3
    klDivergence += (ratio - 1 - distance) / rows
    clippedShare += held === ratio ? 0 : 1 / rows
    entropy += now.entropies[i]! / rows
  }
  return { policyLoss, klDivergence, clippedShare, entropy }
}

/** Writes the weighted loss's slope by each value. */
function squaredError(
  batch: Batch,
  values: Float32Array,
  { clipValues, valueWeight }: LossConfig,
  slopes: Float32Array,
): number {
  const most = clipValues ?? Number.POSITIVE_INFINITY
  const { rows } = batch
  let loss = 0
  for (let i = 0; i < rows; i++) {
    const before = batch.values[i]!
    const target = batch.returns[i]!
    const error = values[i]! - target
    const heldError = before + Math.min(Math.max(values[i]! - before, -most), most) - target
    const flat = clipValues !== null && heldError ** 2 > error ** 2
    slopes[i] = flat ? 0 : (2 * valueWeight * error) / rows
    loss += (flat ? heldError ** 2 : error ** 2) / rows
  }
  return loss
}
