/**
 * Tabular Q-learning (Watkins & Dayan 1992; Sutton & Barto 2018, §6.5): the value of each action in each cell of a grid
 * over the observation, moved towards r + γ·max Q(s′, ·). The step size of the n-th visit is n^−ω, held above a least rate:
 * means at first and then, as textbooks have it, a constant share, so that a world that changes is followed. With ½ < ω < 1
 * and no least rate the values converge (Even-Dar & Mansour 2003, "Learning Rates for Q-learning", theorem 2).
 */
import { z } from 'zod'
import { type ActingRule, cellOf } from './acting.ts'
import { ChanceState, createChance } from './chance.ts'
import { actionCountOf, bestAction, chooseAction, explorationAt } from './exploration.ts'
import type { Learner, LearnerSetting } from './learner.ts'
import { checkFinite, readFloats, StoredFloats, storeFloats } from './numbers.ts'
import type { QLearningConfig } from './q-learning-config.ts'
import { emptyTransitions, readExperience } from './transitions.ts'

/** Numbers of a table: more than this is no table any more. */
const MOST_VALUES = 2 ** 24

const SavedQLearning = z.strictObject({
  kind: z.literal('q-learning'),
  steps: z.int().min(0),
  chance: ChanceState,
  values: StoredFloats,
  visits: StoredFloats,
})

export function createQLearning(config: QLearningConfig, setting: LearnerSetting): Learner {
  const { observationSize, actions, count, totalSteps } = setting
  const edges = readEdges(config.edges, observationSize)
  const actionCount = actionCountOf(actions, 'q-learning')
  const values = new Float32Array(tableSize(edges, actionCount)).fill(config.initialValue)
  // float32 counts up to 2²⁴ visits and stands still there
  const visits = new Float32Array(values.length)
  let chance = createChance(setting.seed)
  let steps = 0
  let chosen = new Float32Array(count)
  const seen = emptyTransitions(setting, count)
  const placeOf = (observations: Float32Array, row: number) =>
    actionCount * cellOf(edges, observations, row * observationSize)
  const epsilon = () => explorationAt(config.exploration, steps, totalSteps)

  return {
    kind: 'q-learning',
    steps: () => steps,
    act(observations, rows, { explore }) {
      checkFinite('observations', observations, rows * observationSize)
      if (chosen.length < rows) chosen = new Float32Array(rows)
      for (let row = 0; row < rows; row++) {
        const at = placeOf(observations, row)
        chosen[row] = explore
          ? chooseAction(values, at, actionCount, epsilon(), chance)
          : bestAction(values, at, actionCount)
      }
      return chosen.subarray(0, rows)
    },
    learn(experience) {
      readExperience(experience, setting, seen)
      let sum = 0
      for (let row = 0; row < count; row++) {
        const at = placeOf(seen.observations, row) + seen.actions[row]!
        const next = placeOf(seen.nextObservations, row)
        const follows =
          seen.terminated[row] === 1 ? 0 : values[next + bestAction(values, next, actionCount)]!
        const error = seen.rewards[row]! + config.discount * follows - values[at]!
        visits[at] = visits[at]! + 1
        const rate = Math.max(visits[at]! ** -config.rateDecay, config.leastLearningRate)
        values[at] = values[at]! + rate * error
        sum += Math.abs(error)
      }
      steps += count
      return { temporalDifference: sum / count, exploration: epsilon() }
    },
    rule: (): ActingRule => ({
      kind: 'table',
      edges,
      actions: actionCount,
      values: storeFloats(values),
    }),
    save: (): z.infer<typeof SavedQLearning> => ({
      kind: 'q-learning',
      steps,
      chance: chance.save(),
      values: storeFloats(values),
      visits: storeFloats(visits),
    }),
    restore(state) {
      const saved = SavedQLearning.parse(state)
      const savedValues = readFloats(saved.values, values.length)
      const savedVisits = readFloats(saved.visits, visits.length)
      checkFinite('values', savedValues)
      checkFinite('visits', savedVisits)
      values.set(savedValues)
      visits.set(savedVisits)
      steps = saved.steps
      chance = createChance(saved.chance)
    },
  }
}

function readEdges(edges: QLearningConfig['edges'], observationSize: number): number[][] {
  if (edges === null) return Array.from({ length: observationSize }, () => [0.5])
  if (edges.length !== observationSize)
    throw new RangeError(
      `edges are of ${edges.length} numbers, must be of the observation’s ${observationSize}`,
    )
  for (const [i, borders] of edges.entries())
    if (!borders.every((border, j) => j === 0 || border > borders[j - 1]!))
      throw new RangeError(`edges[${i}] is ${borders.join(', ')}, must ascend`)
  return edges
}

function tableSize(edges: readonly (readonly number[])[], actions: number): number {
  const size = edges.reduce((product, borders) => product * (borders.length + 1), actions)
  if (size <= MOST_VALUES) return size
  throw new RangeError(`edges make a table of ${size} values, may be at most ${MOST_VALUES}`)
}
