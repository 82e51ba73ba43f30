/**
 * Training of several agents at once. Flat: one policy for all services, each paid by the environment's own reward.
 * Feudal: an upper agent a copy, paid by what all services got, tells the lower ones what they are paid for (prices or
 * strategies) or may spend (shares), and learns at its own slow pace from the rewards summed over that time (Dayan &
 * Hinton 1993; a step of the upper agent is an option of fixed length: Sutton, Precup & Singh 1999, §3).
 */
import type { VectorStep } from '../../../agents/learning/environment.ts'
import type { Learner, Statistics } from '../../../agents/learning/learner.ts'
import type { Cluster, ClusterSeen, ClusterStep } from './cluster.ts'
import { lowerRows, lowerStep, type Sight } from './lower-vector.ts'

export interface TrainParts {
  readonly cluster: Cluster
  readonly sight: Sight
  /** Of count copies · services. */
  readonly lower: Learner
  /** Absent where nobody is above the services, or where `direct` speaks. */
  readonly upper?: Upper
  /** Steps of the cluster. */
  readonly steps: number
  readonly seed: number
  readonly onUpdate?: (update: Update) => void
}

/** Whoever is above the services. */
export interface Upper {
  /** Actions [copies][upperActionSize] for what the upper agents see; asked at every `everyTicks`-th step. */
  act(seen: ClusterSeen): Float32Array
  /** After as many steps again: rewards summed over them, and how they ended. */
  learn?(period: Period): void
}

export interface Period {
  /** [copies][upperSize] when it began. */
  readonly observations: Float32Array
  readonly actions: Float32Array
  readonly step: VectorStep
}

export interface Update {
  /** Decisions of services learned from so far. */
  readonly decisions: number
  /** Mean reward of a decision since the update before. */
  readonly reward: number
  readonly statistics: Statistics
}

/** Throws a RangeError where an episode is no whole number of the upper agent's steps. */
export function train({ cluster, sight, lower, upper, steps, seed, onUpdate }: TrainParts): void {
  const every = cluster.everyTicks
  let seen: ClusterSeen = cluster.reset(seed)
  let rows = lowerRows(cluster, sight, seen.lower)
  const count = cluster.copies * cluster.services
  const periods = upper && createPeriods(cluster, upper)
  let sum = 0
  let terms = 0
  for (let tick = 0; tick < steps; tick++) {
    if (periods && tick % every === 0) periods.begin(seen)
    // held: what `act` returns is overwritten by its next call
    const actions = lower.act(rows, count, { explore: true }).slice()
    const step = cluster.step(actions, periods?.actions() ?? NOBODY)
    const taken = lowerStep(cluster, sight, step)
    const statistics = lower.learn({ observations: rows, actions, step: taken })
    periods?.note(step, (tick + 1) % every === 0)
    seen = step
    rows = taken.observations
    for (const reward of step.lowerRewards) sum += reward
    terms += count
    if (!statistics) continue
    onUpdate?.({ decisions: lower.steps(), reward: sum / terms, statistics })
    sum = 0
    terms = 0
  }
}

const NOBODY = new Float32Array(0)

interface Periods {
  begin(seen: ClusterSeen): void
  actions(): Float32Array
  note(step: ClusterStep, isLast: boolean): void
}

function createPeriods(cluster: Cluster, upper: Upper): Periods {
  const { copies, everyTicks } = cluster
  if (everyTicks === 0) throw new RangeError('an upper agent needs a hierarchical environment')
  let observations: Float32Array = NOBODY
  let actions: Float32Array = NOBODY
  let rewards = new Float64Array(copies)
  return {
    actions: () => actions,
    begin(seen) {
      observations = seen.upper
      actions = upper.act(seen).slice()
      rewards = new Float64Array(copies)
    },
    note(step, isLast) {
      for (let i = 0; i < copies; i++) rewards[i]! += step.upperRewards[i]!
      if (!isLast) {
        if (step.truncated.includes(1))
          throw new RangeError(`episodeTicks must be a multiple of everyTicks, ${everyTicks}`)
        return
      }
      const terminated = new Uint8Array(copies)
      const { truncated, upper: next, final } = step
      const taken = { observations: next, rewards, terminated, truncated }
      upper.learn?.({
        observations,
        actions,
        step: { ...taken, finalObservations: final.upper },
      })
    },
  }
}

/** An upper agent that learns, one policy for all copies. */
export function learningUpper(learner: Learner, copies: number): Upper {
  return {
    act: ({ upper }) => learner.act(upper, copies, { explore: true }),
    learn: (period) => {
      learner.learn(period)
    },
  }
}
