import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createActor } from './acting.ts'
import { createChance } from './chance.ts'
import type { Experience, LearnerSetting } from './learner.ts'
import { readFloats } from './numbers.ts'
import { createQLearning } from './q-learning.ts'
import { QLearningConfig } from './q-learning-config.ts'

const STATES = 3
const ACTIONS = 2
const SETTING: LearnerSetting = {
  observationSize: 1,
  actions: { kind: 'discrete', count: ACTIONS },
  count: 1,
  totalSteps: 60_000,
  seed: 3,
}
/** States 0, 1, 2 as one number. */
const EDGES = [[0.5, 1.5]]

const configured = (options: object) =>
  QLearningConfig.parse({ kind: 'q-learning', edges: EDGES, ...options })

function experience(from: number, action: number, reward: number, to: number): Experience {
  return {
    observations: Float32Array.of(from),
    actions: Float32Array.of(action),
    step: {
      observations: Float32Array.of(to),
      rewards: Float64Array.of(reward),
      terminated: Uint8Array.of(0),
      truncated: Uint8Array.of(0),
      finalObservations: Float32Array.of(0),
    },
  }
}

function valuesOf(learner: ReturnType<typeof createQLearning>): number[] {
  const rule = learner.rule()
  return rule.kind === 'table' ? [...readFloats(rule.values)] : []
}

describe('Q-learning', () => {
  it('comes to the values of value iteration in any small world', () => {
    const world = fc.array(
      fc.record({
        rewards: fc.tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 })),
        // the one or the other follows, as likely
        next: fc.tuple(fc.nat(STATES - 1), fc.nat(STATES - 1)),
      }),
      { minLength: STATES * ACTIONS, maxLength: STATES * ACTIONS },
    )
    fc.assert(
      fc.property(world, (cells) => {
        const discount = 0.5
        const config = configured({
          discount,
          rateDecay: 0.8,
          leastLearningRate: 0,
          exploration: { first: 1, last: 1 },
        })
        const learner = createQLearning(config, SETTING)
        const chance = createChance(11)
        let state = 0
        for (let step = 0; step < 20_000; step++) {
          const action = learner.act(Float32Array.of(state), 1, { explore: true })[0]!
          const cell = cells[state * ACTIONS + action]!
          const which = chance.below(2)
          const next = cell.next[which]!
          learner.learn(experience(state, action, cell.rewards[which]!, next))
          // from anywhere, so that every cell is seen however the world hangs together
          state = step % 4 === 0 ? chance.below(STATES) : next
        }
        const known = iterateValues(cells, discount)
        for (const [i, value] of valuesOf(learner).entries())
          expect(Math.abs(value - known[i]!)).toBeLessThan(0.35)
      }),
      { numRuns: 15 },
    )
  })

  it('takes the first step all the way, and each later one less far', () => {
    const learner = createQLearning(configured({ discount: 0, rateDecay: 1 }), SETTING)
    const seen = [8, 2, 5].map((reward) => {
      learner.learn(experience(1, 1, reward, 0))
      return valuesOf(learner)[3]
    })
    // the mean so far: step sizes 1, 1/2, 1/3
    expect(seen).toEqual([8, 5, 5])
  })

  it('never learns more slowly than the least rate', () => {
    const config = configured({ discount: 0, rateDecay: 1, leastLearningRate: 0.5 })
    const learner = createQLearning(config, SETTING)
    for (const reward of [8, 0, 0, 0]) learner.learn(experience(1, 1, reward, 0))
    expect(valuesOf(learner)[3]).toBe(1)
  })

  it('values what follows when time was up, and nothing after an end', () => {
    const ends = ['terminated', 'truncated'].map((end) => {
      const learner = createQLearning(configured({ discount: 0.5, initialValue: 4 }), SETTING)
      const { step, ...rest } = experience(0, 0, 1, 0)
      learner.learn({
        ...rest,
        step: { ...step, [end]: Uint8Array.of(1), finalObservations: Float32Array.of(2) },
      })
      return valuesOf(learner)[0]
    })
    expect(ends).toEqual([1, 3])
  })

  it('hopeful first values make it try everything without any chance', () => {
    const config = configured({ initialValue: 10, exploration: { first: 0, last: 0 } })
    const learner = createQLearning(config, SETTING)
    const tried = new Set<number>()
    for (let i = 0; i < 2; i++) {
      const action = learner.act(Float32Array.of(0), 1, { explore: true })[0]!
      tried.add(action)
      learner.learn(experience(0, action, 0, 2))
    }
    expect([...tried].sort()).toEqual([0, 1])
  })

  it('its frozen rule acts as it does', () => {
    const learner = createQLearning(configured({ exploration: { first: 1, last: 1 } }), SETTING)
    const chance = createChance(2)
    for (let i = 0; i < 50; i++)
      learner.learn(experience(chance.below(3), chance.below(2), chance.normal(), chance.below(3)))
    const all = Float32Array.of(0, 1, 2)
    const rule = JSON.parse(JSON.stringify(learner.rule()))
    expect(createActor(rule, 3).act(all, 3)).toEqual(learner.act(all, 3, { explore: false }))
  })

  it.each([
    [{ edges: [[0], [1]] }, 'edges are of 2 numbers, must be of the observation’s 1'],
    [{ edges: [[1, 1]] }, 'edges[0] is 1, 1, must ascend'],
    [{ edges: [Array.from({ length: 2 ** 23 }, (_, i) => i)] }, 'may be at most 16777216'],
  ])('refuses a table that is none (%#)', (options, message) => {
    expect(() => createQLearning(configured(options), SETTING)).toThrow(message)
  })

  it('refuses an action that there is none of, and learns nothing from it', () => {
    const learner = createQLearning(configured({}), SETTING)
    expect(() => learner.learn(experience(0, 2, 1, 0))).toThrow(
      'actions[0] is 2, must be a whole number from 0 to 1',
    )
    expect(learner.steps()).toBe(0)
  })
})

/** Q* by the Bellman optimality equation, applied until it stands still. */
function iterateValues(
  cells: readonly { readonly rewards: readonly number[]; readonly next: readonly number[] }[],
  discount: number,
): number[] {
  let values = cells.map(() => 0)
  const best = (state: number) => Math.max(...values.slice(state * ACTIONS, (state + 1) * ACTIONS))
  for (let i = 0; i < 60; i++)
    values = cells.map(({ rewards, next }) =>
      rewards.reduce((sum, reward, k) => sum + (reward + discount * best(next[k]!)) / 2, 0),
    )
  return values
}
