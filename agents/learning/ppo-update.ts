/**
 * One update of proximal policy optimisation (Schulman et al. 2017, algorithm 1): epochs of small batches over what was
 * gathered, with the details of Huang et al. 2022 ("The 37 implementation details of PPO"): advantages normalised within
 * each batch, one gradient norm over all parts, Adam's ε of 1e-5, an early end by KL divergence. The critic may see more
 * than the policy does (`states`), as the centralised one of MAPPO (Yu et al. 2022).
 */
import { type Adam, createAdam } from './adam.ts'
import type { Chance } from './chance.ts'
import type { Statistics } from './learner.ts'
import { type Gathered, type PpoParts, standardize, take } from './ppo-batch.ts'
import type { PpoConfig } from './ppo-config.ts'
import { createLosses, type PolicyFigures } from './ppo-losses.ts'

export type PpoUpdateConfig = Pick<
  PpoConfig,
  | 'batchSize'
  | 'epochs'
  | 'clipValues'
  | 'normalizeAdvantages'
  | 'entropyWeight'
  | 'valueWeight'
  | 'mostGradientNorm'
  | 'targetKl'
>

export interface Rates {
  readonly learningRate: number
  readonly clipRange: number
}

export interface PpoUpdate {
  readonly adam: Adam
  /** Learns from it; figures are means over all batches. Throws a RangeError when the loss is not finite. */
  run(gathered: Gathered, rates: Rates, chance: Chance): Statistics
}

/** Both networks must take `config.batchSize` rows. */
export function createPpoUpdate(parts: PpoParts, config: PpoUpdateConfig): PpoUpdate {
  const losses = createLosses(parts, config, config.batchSize)
  const learned = [parts.policy, parts.critic, parts.distribution.parameters]
  const adam = createAdam(learned, { mostNorm: config.mostGradientNorm, epsilon: 1e-5 })
  const tooFar = ({ klDivergence }: PolicyFigures): boolean =>
    config.targetKl !== null && klDivergence > 1.5 * config.targetKl

  /** One batch: its figures, and whether the policy has gone too far to go on. */
  function learnBatch({ learningRate, clipRange }: Rates) {
    if (config.normalizeAdvantages) standardize(losses.batch.advantages, losses.batch.rows)
    const ofPolicy = losses.ofPolicy(clipRange)
    const valueLoss = losses.ofCritic()
    const { policyLoss } = ofPolicy
    if (!Number.isFinite(policyLoss + valueLoss))
      throw new RangeError(`losses are ${policyLoss} and ${valueLoss}, must be finite`)
    const last = tooFar(ofPolicy)
    if (last) for (const { gradients } of learned) gradients.fill(0)
    const gradientNorm = last ? 0 : adam.step(learningRate)
    return { last, figures: { ...ofPolicy, valueLoss, gradientNorm } }
  }

  return {
    adam,
    run(gathered, rates, chance) {
      const order = Int32Array.from({ length: gathered.rows }, (_, i) => i)
      const sums: Record<string, number> = {}
      let batches = 0
      for (let epoch = 0; epoch < config.epochs; epoch++) {
        chance.shuffle(order)
        for (let at = 0; at < gathered.rows; at += config.batchSize) {
          take(gathered, order.subarray(at, at + config.batchSize), losses.batch)
          const { last, figures } = learnBatch(rates)
          batches++
          for (const [name, value] of Object.entries(figures))
            sums[name] = (sums[name] ?? 0) + value
          if (last) return meansOf(sums, batches, gathered)
        }
      }
      return meansOf(sums, batches, gathered)
    },
  }
}

function meansOf(
  sums: Readonly<Record<string, number>>,
  batches: number,
  gathered: Gathered,
): Statistics {
  const means = Object.entries(sums).map(([name, sum]) => [name, sum / batches] as const)
  return { ...Object.fromEntries(means), explained: explained(gathered), batches }
}

/** 1 − variance(returns − values) / variance(returns): 1 for a critic that knew, 0 for one that knew no more than the mean. */
function explained({ rows, returns, values }: Gathered): number {
  const spread = (of: (i: number) => number): number => {
    let sum = 0
    let squares = 0
    for (let i = 0; i < rows; i++) {
      sum += of(i)
      squares += of(i) ** 2
    }
    return squares / rows - (sum / rows) ** 2
  }
  const all = spread((i) => returns[i]!)
  return all > 0 ? 1 - spread((i) => returns[i]! - values[i]!) / all : 0
}
