/**
 * All weights of a PPO learner as one vector, and a learner with other weights: what meta-learning moves. Optimiser, scales
 * and chance begin anew with each task, as a new learner's do.
 */

import { z } from 'zod'
import type { Learner, LearnerSetting } from '../learner.ts'
import { readFloats, StoredFloats, storeFloats } from '../numbers.ts'
import { createLearner, type LearnerConfig } from '../registry.ts'

/** Of what PPO saves, the tables that are learned. */
const Weights = z.looseObject({
  policy: StoredFloats,
  critic: StoredFloats,
  distribution: StoredFloats,
})
const TABLES = ['policy', 'critic', 'distribution'] as const

export type PpoLearnerConfig = Extract<LearnerConfig, { kind: 'ppo' }>

/** A copy. */
export function weightsOf(learner: Learner): Float32Array {
  const saved = Weights.parse(learner.save())
  const tables = TABLES.map((name) => readFloats(saved[name]))
  const all = new Float32Array(tables.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const table of tables) {
    all.set(table, at)
    at += table.length
  }
  return all
}

/** A new learner that begins with `weights`. Throws a RangeError when they are too many or too few. */
export function learnerWith(
  weights: Float32Array,
  config: PpoLearnerConfig,
  setting: LearnerSetting,
): Learner {
  const learner = createLearner(config, setting)
  const saved = Weights.parse(learner.save())
  let at = 0
  const stored = TABLES.map((name): [string, string] => {
    const from = at
    at += readFloats(saved[name]).length
    return [name, storeFloats(weights.subarray(from, at))]
  })
  if (at !== weights.length) throw new RangeError(`weights are ${weights.length}, must be ${at}`)
  learner.restore({ ...saved, ...Object.fromEntries(stored) })
  return learner
}
