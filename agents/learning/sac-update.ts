/**
 * One gradient of soft actor–critic with two critics (Haarnoja et al. 2018, "Soft Actor-Critic Algorithms and
 * Applications", algorithm 1): the critics towards r + γ·(min Q_target(s′, a′) − α·log π(a′)) (equations 5 and 6), the
 * actor to less α·log π(a) − min Q(s, a) (equation 9, by the drawn action's own slope), α so that the entropy stays at its
 * target (equation 18; of its logarithm, as the authors' code), the target critics some way after the critics. α is that
 * of before the update in all of them.
 */
import type { Adam } from './adam.ts'
import type { Chance } from './chance.ts'
import { blend, type Network, type Parameters } from './network.ts'
import { checkFinite } from './numbers.ts'
import type { Batch } from './replay.ts'
import type { SacConfig } from './sac-config.ts'
import { createSquashedGaussian } from './squashed-gaussian.ts'

export interface SacParts {
  /** Observation → means and logarithms of deviations. */
  readonly actor: Network
  /** Observation and action between −1 and 1 → value. */
  readonly critics: readonly [Network, Network]
  readonly targets: readonly [Network, Network]
  /** One number: log α. */
  readonly entropy: Parameters
}

export interface SacOptimisers {
  readonly actor: Adam
  readonly critics: Adam
  readonly entropy: Adam
}

/** Means over the batch's rows. */
export interface SacFigures {
  readonly criticLoss: number
  readonly actorLoss: number
  /** Of the policy, nats. */
  readonly entropy: number
  readonly entropyWeight: number
}

export interface SacUpdate {
  /** Of a batch whose actions run from −1 to 1. Throws a RangeError when a value is not finite any more. */
  run(batch: Batch, by: SacOptimisers, chance: Chance): SacFigures
}

export function createSacUpdate(parts: SacParts, config: SacConfig): SacUpdate {
  const { actor, critics, targets, entropy } = parts
  const rows = config.batchSize
  const size = actor.shape.outputs / 2
  const policy = createSquashedGaussian(size, rows)
  const pairs = createPairs(actor.shape.inputs, size, rows)
  const wantedEntropy = config.targetEntropy ?? -size
  const goals = new Float32Array(rows)
  const slopes = [new Float32Array(rows), new Float32Array(rows)] as const
  const byActions = new Float32Array(rows * size)
  const byOutputs = new Float32Array(rows * 2 * size)

  function setGoals(
    { nextObservations, rewards, terminated }: Batch,
    chance: Chance,
    alpha: number,
  ) {
    policy.draw(actor.forward(nextObservations, rows), rows, chance)
    const inputs = pairs.join(nextObservations, policy.actions)
    const [first, second] = targets.map((target) => target.forward(inputs, rows))
    for (let row = 0; row < rows; row++) {
      const follows = Math.min(first![row]!, second![row]!) - alpha * policy.logLikelihoods[row]!
      goals[row] = rewards[row]! + config.discount * (1 - terminated[row]!) * follows
    }
    checkFinite('values of what follows', goals)
  }

  function improveCritics({ observations, actions }: Batch, adam: Adam): number {
    const inputs = pairs.join(observations, actions)
    let loss = 0
    critics.forEach((critic, i) => {
      const values = critic.forward(inputs, rows)
      for (let row = 0; row < rows; row++) {
        const error = values[row]! - goals[row]!
        loss += (error * error) / 2 / rows
        slopes[i]![row] = error / rows
      }
      critic.backward(slopes[i]!, rows, 'weights')
    })
    adam.step(config.learningRate)
    return loss
  }

  /** The loss, whose slopes by the actor's weights are in its gradients then. */
  function judgeActor({ observations }: Batch, chance: Chance, alpha: number): number {
    policy.draw(actor.forward(observations, rows), rows, chance)
    const inputs = pairs.join(observations, policy.actions)
    const [first, second] = critics.map((critic) => critic.forward(inputs, rows))
    let loss = 0
    for (let row = 0; row < rows; row++) {
      const lesser = first![row]! <= second![row]! ? 0 : 1
      slopes[lesser]![row] = -1 / rows
      slopes[1 - lesser]![row] = 0
      const value = Math.min(first![row]!, second![row]!)
      loss += (alpha * policy.logLikelihoods[row]! - value) / rows
    }
    byActions.fill(0)
    critics.forEach((critic, i) => {
      pairs.addActionSlopes(critic.backward(slopes[i]!, rows, 'inputs'), byActions)
    })
    policy.slopes(byActions, alpha / rows, rows, byOutputs)
    actor.backward(byOutputs, rows, 'weights')
    return loss
  }

  return {
    run(batch, by, chance) {
      const fixed = config.entropyWeight
      const alpha = fixed === 'learned' ? Math.exp(entropy.weights[0]!) : fixed
      setGoals(batch, chance, alpha)
      const criticLoss = improveCritics(batch, by.critics)
      const actorLoss = judgeActor(batch, chance, alpha)
      by.actor.step(config.learningRate)
      const spread = -meanOf(policy.logLikelihoods)
      if (fixed === 'learned') {
        entropy.gradients[0] = spread - wantedEntropy
        by.entropy.step(config.learningRate)
      }
      targets.forEach((target, i) => {
        blend(target, critics[i]!, config.targetShare)
      })
      return { criticLoss, actorLoss, entropy: spread, entropyWeight: alpha }
    },
  }
}

/** Tables of observation and action side by side, as critics take them. */
function createPairs(observationSize: number, size: number, rows: number) {
  const width = observationSize + size
  const table = new Float32Array(rows * width)
  return {
    /** The same table in every call. */
    join(observations: Float32Array, actions: Float32Array): Float32Array {
      for (let row = 0; row < rows; row++) {
        for (let j = 0; j < observationSize; j++)
          table[row * width + j] = observations[row * observationSize + j]!
        for (let j = 0; j < size; j++)
          table[row * width + observationSize + j] = actions[row * size + j]!
      }
      return table
    },
    addActionSlopes(from: Float32Array, to: Float32Array): void {
      for (let i = 0; i < rows * size; i++)
        to[i] = to[i]! + from[Math.floor(i / size) * width + observationSize + (i % size)]!
    },
  }
}

function meanOf(values: Float32Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}
