import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createActor } from './acting.ts'
import { createChance } from './chance.ts'
import { createDqn } from './dqn.ts'
import { DqnConfig } from './dqn-config.ts'
import { createDqnUpdate } from './dqn-update.ts'
import { createValueHead } from './duelling.ts'
import type { Experience, LearnerSetting, Statistics } from './learner.ts'
import { createNetwork, type Network } from './network.ts'
import type { Batch } from './replay.ts'

const ACTIONS = 3
const kinds = [false, true].flatMap((double) =>
  [false, true].map((duelling) => ({ double, duelling })),
)

function network(outputs: number, seed: number, hidden: readonly number[] = [6]): Network {
  return createNetwork(
    { inputs: 2, hidden: [...hidden], outputs, activation: 'tanh' },
    createChance(seed),
    { mostRows: 8, initial: { kind: 'uniform' } },
  )
}

function randomBatch(rows: number, seed: number): Batch {
  const chance = createChance(seed)
  const normals = (length: number) => Float32Array.from({ length }, () => chance.normal())
  return {
    rows,
    observations: normals(2 * rows),
    nextObservations: normals(2 * rows),
    actions: Float32Array.from({ length: rows }, () => chance.below(ACTIONS)),
    rewards: normals(rows),
    terminated: Float32Array.from({ length: rows }, () => chance.below(2)),
    weights: Float32Array.from({ length: rows }, () => chance.uniform()),
    indices: new Int32Array(rows),
  }
}

describe('the values of actions', () => {
  it('duelling: their mean is the state’s value, their differences are those of the advantages', () => {
    const number = fc.double({ min: -10, max: 10, noNaN: true })
    fc.assert(
      fc.property(fc.array(number, { minLength: 4, maxLength: 4 }), (outputs) => {
        const values = new Float32Array(3)
        createValueHead(3, true).values(Float32Array.from(outputs), 1, values)
        const [value, ...advantages] = outputs
        expect((values[0]! + values[1]! + values[2]!) / 3).toBeCloseTo(value!, 4)
        expect(values[0]! - values[2]!).toBeCloseTo(advantages[0]! - advantages[2]!, 4)
      }),
    )
  })
})

describe.each(kinds)('a gradient of DQN, double $double, duelling $duelling', (kind) => {
  it('is that of finite differences of its loss', () => {
    const rows = 5
    const config = DqnConfig.parse({ kind: 'dqn', batchSize: rows, ...kind })
    const head = createValueHead(ACTIONS, kind.duelling)
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const online = network(head.outputs, seed)
        const target = network(head.outputs, seed + 1)
        const update = createDqnUpdate({ network: online, target, head }, config, ACTIONS)
        const batch = randomBatch(rows, seed)
        update.run(batch)
        const slopes = online.gradients.slice()
        const step = 1 / 256
        for (let i = 0; i < slopes.length; i += 5) {
          const weight = online.weights[i]!
          const lossAt = (by: number) => {
            online.weights[i] = weight + by
            return update.run(batch).loss
          }
          const [above, at, below] = [lossAt(step), lossAt(0), lossAt(-step)]
          // a kink: between them another action of the next state became the best
          fc.pre(Math.abs(above - 2 * at + below) < 1e-4)
          expect(Math.abs((above - below) / (2 * step) - slopes[i]!)).toBeLessThan(2e-3)
          online.weights[i] = weight
        }
      }),
      { numRuns: 20 },
    )
  })
})

describe('the temporal-difference error', () => {
  /** Values of the three actions of state 0 and of state 1, whose flags are the observation. */
  function tabular(values: readonly (readonly number[])[]): Network {
    const net = network(ACTIONS, 1, [])
    net.weights.fill(0)
    net.weights.set(values.flat())
    return net
  }
  const online = () =>
    tabular([
      [0, 0.5, 0],
      [1, 2, 0],
    ])
  const target = () =>
    tabular([
      [0, 0, 0],
      [10, 3, 20],
    ])
  const one = (terminated: number): Batch => ({
    ...randomBatch(1, 1),
    observations: Float32Array.of(1, 0),
    nextObservations: Float32Array.of(0, 1),
    actions: Float32Array.of(1),
    rewards: Float32Array.of(1),
    terminated: Float32Array.of(terminated),
    weights: Float32Array.of(1),
  })
  const errorOf = (options: object, batch: Batch) => {
    const config = DqnConfig.parse({ kind: 'dqn', batchSize: 1, discount: 0.5, ...options })
    const head = createValueHead(ACTIONS, false)
    const update = createDqnUpdate({ network: online(), target: target(), head }, config, ACTIONS)
    const { loss } = update.run(batch)
    return [update.errors[0], loss]
  }

  it('double: the network chooses what follows, its target says what that is worth', () => {
    // 1 + 0.5·3 − 0.5, and Huber’s loss of it
    expect(errorOf({ double: true }, one(0))).toEqual([2, 1.5])
  })

  it('not double: the target does both', () => {
    expect(errorOf({ double: false }, one(0))).toEqual([10.5, 10])
  })

  it('nothing follows an end', () => {
    expect(errorOf({ double: true }, one(1))).toEqual([0.5, 0.125])
  })
})

describe('DQN', () => {
  const SETTING: LearnerSetting = {
    observationSize: 2,
    actions: { kind: 'discrete', count: ACTIONS },
    count: 4,
    totalSteps: 400,
    seed: 5,
  }
  const SMALL = { kind: 'dqn', hidden: [8], batchSize: 8, capacity: 64, learningRate: 0.01 }

  function experience(seed: number): Experience {
    const chance = createChance(seed)
    const normals = (length: number) => Float32Array.from({ length }, () => chance.normal())
    return {
      observations: normals(8),
      actions: Float32Array.from({ length: 4 }, () => chance.below(ACTIONS)),
      step: {
        observations: normals(8),
        rewards: Float64Array.from({ length: 4 }, () => chance.normal()),
        terminated: new Uint8Array(4),
        truncated: new Uint8Array(4),
        finalObservations: new Float32Array(8),
      },
    }
  }
  const Saved = z.looseObject({ network: z.string(), target: z.string() })

  it('learns every so many steps once it has seen enough, and its target follows every so many', () => {
    const config = DqnConfig.parse({
      ...SMALL,
      learningStarts: 20,
      learnEvery: 8,
      targetEvery: 40,
    })
    const learner = createDqn(config, SETTING)
    const course = Array.from({ length: 20 }, (_, i) => {
      const before = Saved.parse(learner.save())
      const learned = learner.learn(experience(i)) !== undefined
      const after = Saved.parse(learner.save())
      expect(after.network !== before.network).toBe(learned)
      return { steps: learner.steps(), learned, moved: after.target !== before.target }
    })
    const at = (what: 'learned' | 'moved') =>
      course.filter((step) => step[what]).map(({ steps }) => steps)
    expect(at('learned')).toEqual([24, 32, 40, 48, 56, 64, 72, 80])
    expect(at('moved')).toEqual([40, 80])
  })

  it('takes so many gradients an update, for every one that became due', () => {
    // 20 turns of four environments
    for (const [learnEvery, gradientSteps, each] of [
      [8, 3, 1.5],
      [2, 5, 10],
    ] as const) {
      const config = DqnConfig.parse({ ...SMALL, learningStarts: 4, learnEvery, gradientSteps })
      const learner = createDqn(config, SETTING)
      for (let i = 0; i < 20; i++) learner.learn(experience(i))
      const { adam } = z.looseObject({ adam: z.object({ steps: z.int() }) }).parse(learner.save())
      expect(adam.steps).toBe(20 * each)
    }
  })

  it('draws evenly until it has seen enough, then as its exploration says', () => {
    const config = DqnConfig.parse({
      ...SMALL,
      learningStarts: 400,
      exploration: { first: 0, last: 0 },
    })
    const learner = createDqn(config, SETTING)
    const counts = [0, 0, 0]
    const { observations } = experience(1)
    const act = () => learner.act(observations, 4, { explore: true })
    for (let i = 0; i < 100; i++) {
      for (const action of act()) counts[action]!++
      learner.learn(experience(i))
    }
    // 5 standard deviations of a binomial count
    for (const count of counts) expect(Math.abs(count - 400 / 3)).toBeLessThan(5 * 9.4)
    const best = learner.act(observations, 4, { explore: false }).slice()
    for (let i = 0; i < 10; i++) expect(act()).toEqual(best)
  })

  it('values what follows when time was up, and nothing after an end', () => {
    // every step of an endless task is worth 1: with the discount of ½ values come to 2
    const values = [0, 1].map((terminated) => {
      const config = { ...SMALL, discount: 0.5, targetEvery: 20, learningStarts: 8, learnEvery: 4 }
      const learner = createDqn(DqnConfig.parse(config), SETTING)
      let last: Statistics | undefined
      const observations = new Float32Array(8).fill(1)
      for (let i = 0; i < 400; i++) {
        const actions = learner.act(observations, 4, { explore: true }).slice()
        const step = {
          observations: new Float32Array(8),
          rewards: new Float64Array(4).fill(1),
          terminated: new Uint8Array(4).fill(terminated),
          truncated: new Uint8Array(4).fill(1),
          finalObservations: observations,
        }
        last = learner.learn({ observations, actions, step }) ?? last
      }
      return last!.value!
    })
    expect(values[0]).toBeCloseTo(2, 1)
    expect(values[1]).toBeCloseTo(1, 1)
  })

  it('its frozen rule acts as it does', () => {
    for (const duelling of [false, true]) {
      const config = DqnConfig.parse({ ...SMALL, duelling, learningStarts: 4 })
      const learner = createDqn(config, SETTING)
      for (let i = 0; i < 20; i++) learner.learn(experience(i))
      const { observations } = experience(99)
      const rule = JSON.parse(JSON.stringify(learner.rule()))
      expect(createActor(rule, 4).act(observations, 4)).toEqual(
        learner.act(observations, 4, { explore: false }),
      )
    }
  })

  it('stays as it was when a part of what it shall restore is broken', () => {
    const learner = createDqn(DqnConfig.parse(SMALL), SETTING)
    for (let i = 0; i < 30; i++) learner.learn(experience(i))
    const saved = JSON.parse(JSON.stringify(learner.save()))
    const broken = structuredClone(saved)
    broken.replay.ring.next = 64
    broken.network = broken.target
    expect(() =>
      createDqn(DqnConfig.parse({ ...SMALL, hidden: [4] }), SETTING).restore(saved),
    ).toThrow('stored numbers are')
    expect(() => learner.restore(broken)).toThrow('next is 64, with 64 of 64 held')
    expect(learner.save()).toEqual(saved)
  })
})
