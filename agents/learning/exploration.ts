/**
 * ε-greedy exploration, for the learners of action values: any action with probability ε, else the best known, where ε
 * falls in a straight line over the first part of training and stays at its last value (Mnih et al. 2015, "Human-level
 * control through deep reinforcement learning", Methods).
 */
import { z } from 'zod'
import type { Chance } from './chance.ts'
import type { ActionSpace } from './environment.ts'

export const Exploration = z
  .strictObject({
    first: z.number().min(0).max(1).default(1),
    last: z.number().min(0).max(1).default(0.05),
    fraction: z.number().positive().max(1).default(0.1).meta({
      description: 'Part of training after which it is at its last value.',
    }),
  })
  .meta({ id: 'Exploration', description: 'Probability of an action drawn by chance.' })
export type Exploration = z.infer<typeof Exploration>

/** ε after `steps` of `totalSteps`. */
export function explorationAt(
  { first, last, fraction }: Exploration,
  steps: number,
  totalSteps: number,
): number {
  const done = Math.min(steps / (fraction * totalSteps), 1)
  return first + done * (last - first)
}

/** By row, an action for `values` [rows][count]: any with probability `epsilon`, else one of the best. */
export function explored(
  values: Float32Array,
  rows: number,
  count: number,
  epsilon: number,
  chance: Chance,
): Float32Array {
  return Float32Array.from({ length: rows }, (_, row) =>
    chooseAction(values, row * count, count, epsilon, chance),
  )
}

/** One action of `count`: any with probability `epsilon`, else one of those with the largest of `values` at `at`. */
export function chooseAction(
  values: Float32Array,
  at: number,
  count: number,
  epsilon: number,
  chance: Chance,
): number {
  if (chance.uniform() < epsilon) return chance.below(count)
  let best = 0
  let equals = 1
  for (let action = 1; action < count; action++) {
    if (values[at + action]! > values[at + best]!) {
      best = action
      equals = 1
    } else if (values[at + action] === values[at + best] && chance.below(++equals) === 0)
      // each of the equals is as likely as the others: the k-th takes the place with probability 1/k
      best = action
  }
  return best
}

/** The action with the largest of `values` at `at`, the first of equals. */
export function bestAction(values: Float32Array, at: number, count: number): number {
  let best = 0
  for (let action = 1; action < count; action++)
    if (values[at + action]! > values[at + best]!) best = action
  return best
}

/** Actions to choose from; throws a RangeError when they are no list, as `kind` needs it. */
export function actionCountOf(actions: ActionSpace, kind: string): number {
  if (actions.kind === 'discrete') return actions.count
  throw new RangeError(`actions are ${actions.kind}, must be discrete for ${kind}`)
}
