/**
 * The ways to train agents of several services that are compared, each from a seed to something that decides. All lower
 * agents are PPO's with the same settings and one policy for all services; what differs is what their critic sees, what
 * they are paid for, and who is above them.
 *
 *   ippo         every agent on its own: its critic sees what it sees
 *   mappo        one critic that sees all services
 *   feudal       an upper agent sets one price on cost and learns by PPO; each service is paid for its own result at that price
 *   feudal-dual  the same with the price of dual ascent: it rises while more is spent than the budget has, and falls while less is
 *                (Lagrangian relaxation; Low & Lapsley 1999). It is the budget's shadow price, and the only thing by which
 *                services hear of one another: credit for the shared budget without looking at the others.
 *   ippo-tick    as ippo and mappo, but under Forescale's own tick: with the features and the stretch of the product's learned
 *   mappo-tick   policy, and with its arbiter, whose shadow price gives out the budget
 */
import { createActor } from '../../../agents/learning/acting.ts'
import type { LearnerSetting } from '../../../agents/learning/learner.ts'
import { createPpo } from '../../../agents/learning/ppo.ts'
import { PpoConfig } from '../../../agents/learning/ppo-config.ts'
import type { Prepared } from '../../environments/prepare.ts'
import { type Cluster, type ClusterOptions, createCluster, LEARNED_FROM } from './cluster.ts'
import { createDualPrice } from './dual-price.ts'
import { lowerWidth, type Sight } from './lower-vector.ts'
import type { Deciding } from './outcome.ts'
import { actionOf, STRETCH } from './stretch-actions.ts'
import { createTickCluster, type TickSetting } from './tick-cluster.ts'
import { learningUpper, train, type Update, type Upper } from './train.ts'

export const ARMS = ['ippo', 'mappo', 'feudal', 'feudal-dual', 'ippo-tick', 'mappo-tick'] as const
export type Arm = (typeof ARMS)[number]

export interface Training {
  /** Episodes side by side. */
  readonly copies: number
  /** Steps of each. */
  readonly steps: number
  readonly seed: number
  readonly onUpdate?: (update: Update) => void
}

/** Of the arms under Forescale's own tick. */
export interface TickWorld extends TickSetting {
  /** That are learned from: forecasts are fitted once a start. */
  readonly starts: number
}

/** The same kind of environment with one budget each: several agents, and the same with an upper one. */
export interface Worlds {
  readonly flat: readonly Prepared[]
  readonly feudal: readonly Prepared[]
  readonly tick: TickWorld
}

/** What the arm is trained and judged in. */
export function clusterFor(
  arm: Arm,
  variants: readonly Prepared[],
  { tick, ...options }: ClusterOptions & { readonly tick: TickWorld },
): Cluster {
  if (!arm.endsWith('-tick')) return createCluster(variants, options)
  const { starts, ...setting } = tick
  const few = options.part === LEARNED_FROM ? { starts } : {}
  return createTickCluster(variants, { ...options, ...setting, ...few })
}

export const isFeudal = (arm: Arm): boolean => arm === 'feudal' || arm === 'feudal-dual'

/** Trains; the result decides for clusters of any number of copies of that environment, or of one with other services. */
export function trainArm(arm: Arm, worlds: Worlds, training: Training): (c: Cluster) => Deciding {
  const variants = isFeudal(arm) ? worlds.feudal : worlds.flat
  const { copies, steps, seed, onUpdate } = training
  const scales = variants.map((variant) =>
    plainDeviation(arm, variant, { seed, tick: worlds.tick }),
  )
  const options = { copies, part: LEARNED_FROM, isPaired: true, scales, tick: worlds.tick }
  const cluster = clusterFor(arm, variants, options)
  const sight: Sight = arm.startsWith('mappo') ? 'all' : 'own'
  const count = copies * cluster.services
  const lower = createPpo(lowerConfig(cluster, sight), {
    observationSize: lowerWidth(cluster, sight),
    actions: STRETCH,
    ...{ count, totalSteps: steps * count, seed },
  })
  const learned = arm === 'feudal' ? createUpper(cluster, training) : undefined
  const upper = arm === 'feudal-dual' ? createDualPrice(cluster) : learned?.upper
  train({
    ...{ cluster, sight, lower, steps, seed },
    ...(upper ? { upper } : {}),
    ...(onUpdate ? { onUpdate } : {}),
  })
  const rule = lower.rule()
  const upperRule = learned?.learner.rule()
  return (judged) => {
    const deciding = lowerDeciding(rule, judged)
    if (upperRule) {
      const actor = createActor(upperRule, judged.copies)
      return { ...deciding, upper: ({ upper: seen }) => actor.act(seen, judged.copies) }
    }
    if (arm !== 'feudal-dual') return deciding
    const dual = createDualPrice(judged)
    return { ...deciding, upper: (seen) => dual.act(seen) }
  }
}

function lowerDeciding(rule: unknown, judged: Cluster): Deciding {
  const rows = judged.copies * judged.services
  const actor = createActor(rule, rows)
  return { lower: ({ lower }) => actor.act(lower, rows) }
}

/** Always the same stretch: what the environment gives for no learning. */
export function fixedStretch(stretch: number): (cluster: Cluster) => Deciding {
  return ({ copies, services }) => {
    const actions = new Float32Array(copies * services).fill(actionOf(stretch))
    return { lower: () => actions }
  }
}

/**
 * How far rewards under plain actions are from their mean, over an episode. Rewards are divided by it: a constant of the
 * budget, which agents see, so it changes no optimum, but scarcity, where a reward is ten times as large, would drown plenty.
 */
function plainDeviation(
  arm: Arm,
  variant: Prepared,
  { seed, tick }: { readonly seed: number; readonly tick: TickWorld },
): number {
  const cluster = clusterFor(arm, [variant], { copies: 4, part: LEARNED_FROM, tick })
  const deciding = fixedStretch(1)(cluster)
  const upper = new Float32Array(cluster.copies * cluster.upperActionSize).fill(-1)
  let seen = cluster.reset(seed)
  const rewards: number[] = []
  for (let tick = 0; tick < variant.config.episodeTicks; tick++) {
    const step = cluster.step(deciding.lower(seen), upper)
    rewards.push(...step.lowerRewards)
    seen = step
  }
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length
  const squares = rewards.reduce((sum, reward) => sum + (reward - mean) ** 2, 0)
  // a load without any variation has no scale of its own
  return Math.sqrt(squares / rewards.length) || 1
}

const ROLLOUT_STEPS = 60

function lowerConfig(cluster: Cluster, sight: Sight): PpoConfig {
  return PpoConfig.parse({
    kind: 'ppo',
    rolloutSteps: ROLLOUT_STEPS,
    batchSize: 256,
    epochs: 10,
    learningRate: 1e-3,
    annealing: 'linear',
    discount: 0.9,
    lambda: 0.9,
    hidden: [32, 32],
    // one standard deviation stretches by 13 %
    logDeviation: -1.7,
    normalizeObservations: true,
    normalizeRewards: true,
    ...(sight === 'all' ? { policyInputs: cluster.lowerSize } : {}),
  })
}

function createUpper(cluster: Cluster, { copies, steps, seed }: Training) {
  const periods = Math.floor(steps / cluster.everyTicks)
  const config = PpoConfig.parse({
    kind: 'ppo',
    rolloutSteps: 12,
    batchSize: 64,
    epochs: 6,
    learningRate: 1e-3,
    annealing: 'linear',
    discount: 0.9,
    logDeviation: -0.5,
    normalizeObservations: true,
    normalizeRewards: true,
  })
  const bounds = new Array<number>(cluster.upperActionSize)
  const setting: LearnerSetting = {
    observationSize: cluster.upperSize,
    actions: {
      kind: 'continuous',
      size: cluster.upperActionSize,
      low: bounds.fill(-1).slice(),
      high: bounds.fill(1).slice(),
    },
    ...{ count: copies, totalSteps: periods * copies, seed: seed + 1 },
  }
  const learner = createPpo(config, setting)
  const upper: Upper = learningUpper(learner, copies)
  return { learner, upper }
}
