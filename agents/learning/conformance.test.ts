/** To be a learner is to pass this suite; it walks the registry. */
import { describe, expect, it } from 'vitest'
import { createActor } from './acting.ts'
import type { ActionSpace, VectorEnvironment } from './environment.ts'
import type { Learner } from './learner.ts'
import { createLearner, LearnerConfig } from './registry.ts'
import { createToy } from './test-toys.ts'

type Kind = LearnerConfig['kind']
type SpaceKind = ActionSpace['kind']

/** What each acts with, and settings so small that it learns within a moment. */
const LEARNERS: Readonly<Record<Kind, { spaces: readonly SpaceKind[]; small: object }>> = {
  dqn: {
    spaces: ['discrete'],
    small: { hidden: [16], learningStarts: 40, targetEvery: 50, learningRate: 5e-3, capacity: 500 },
  },
  ppo: {
    spaces: ['discrete', 'continuous'],
    small: { hidden: [16], rolloutSteps: 16, batchSize: 32, epochs: 4, learningRate: 1e-2 },
  },
  'q-learning': { spaces: ['discrete'], small: { edges: [[0.5], []] } },
  sac: {
    spaces: ['continuous'],
    small: { hidden: [16], batchSize: 32, learningRate: 1e-2, capacity: 500, discount: 0.5 },
  },
}
const COUNT = 4
const STEPS = 4000
const kinds = LearnerConfig.options.map((option) => option.shape.kind.value)
const cases = kinds.flatMap((kind) => LEARNERS[kind].spaces.map((space) => ({ kind, space })))

interface Run {
  readonly learner: Learner
  readonly environment: VectorEnvironment
  observations: Float32Array
}

function begin(kind: Kind, space: SpaceKind, seed = 1, more: object = {}): Run {
  const environment = createToy(space, COUNT)
  const config = LearnerConfig.parse({ kind, ...LEARNERS[kind].small, ...more })
  const learner = createLearner(config, { ...environment, totalSteps: STEPS, seed })
  return { learner, environment, observations: environment.reset(seed) }
}

/** The mean reward of what it did. */
function play(run: Run, turns: number): number {
  let sum = 0
  for (let turn = 0; turn < turns; turn++) {
    const { learner, environment, observations } = run
    const actions = learner.act(observations, COUNT, { explore: true }).slice()
    const step = environment.step(actions)
    learner.learn({ observations, actions, step })
    run.observations = step.observations
    for (const reward of step.rewards) sum += reward / COUNT / turns
  }
  return sum
}

const both = Float32Array.of(1, 0, 0, 1)
const greedy = (learner: Learner): number[] => [...learner.act(both, 2, { explore: false })]
const stored = (learner: Learner): unknown => JSON.parse(JSON.stringify(learner.save()))

describe.each(cases)('$kind with $space actions', ({ kind, space }) => {
  it('says what it is, and counts the steps that it learned from', () => {
    const run = begin(kind, space)
    play(run, 3)
    expect([run.learner.kind, run.learner.steps()]).toEqual([kind, 3 * COUNT])
  })

  it('learns what goes with what', () => {
    const run = begin(kind, space)
    play(run, STEPS / COUNT)
    const [first, second] = greedy(run.learner) as [number, number]
    if (space === 'discrete') expect([first, second]).toEqual([1, 0])
    else {
      expect(Math.abs(first - 0.5)).toBeLessThan(0.2)
      expect(Math.abs(second + 0.5)).toBeLessThan(0.2)
    }
  })

  it('is the same to the bit for the same seed, and another for another', () => {
    const runs = [1, 1, 2].map((seed) => begin(kind, space, seed))
    for (const run of runs) play(run, 40)
    const [one, same, other] = runs.map(({ learner }) => stored(learner))
    expect(same).toEqual(one)
    expect(other).not.toEqual(one)
  })

  it.each([1, 21, 40])('goes on to the bit from what was saved after %i turns', (turns) => {
    const run = begin(kind, space)
    play(run, turns)
    const again = begin(kind, space, 2)
    again.learner.restore(stored(run.learner))
    // the same world for both
    const worlds = [run, again].map(({ learner }) => {
      const environment = createToy(space, COUNT)
      return { learner, environment, observations: environment.reset(3) }
    })
    const [mean, meanAgain] = worlds.map((world) => play(world, 30))
    expect(meanAgain).toBe(mean)
    expect(stored(again.learner)).toEqual(stored(run.learner))
  })

  it('goes on to the bit when it was saved between acting and learning', () => {
    const run = begin(kind, space)
    play(run, 20)
    const again = begin(kind, space, 2)
    const actions = run.learner.act(run.observations, COUNT, { explore: true }).slice()
    again.learner.restore(stored(run.learner))
    const step = run.environment.step(actions)
    for (const { learner } of [run, again])
      learner.learn({ observations: run.observations, actions, step })
    expect(stored(again.learner)).toEqual(stored(run.learner))
  })

  it('changes nothing by acting greedily, alone or in company', () => {
    const run = begin(kind, space)
    play(run, 30)
    const before = stored(run.learner)
    const together = greedy(run.learner)
    expect([...run.learner.act(both, 1, { explore: false })].slice(0, 1)).toEqual([together[0]])
    expect(stored(run.learner)).toEqual(before)
  })

  it('hands out a rule, plain data, that acts as it does', () => {
    const run = begin(kind, space)
    play(run, 60)
    const actor = createActor(JSON.parse(JSON.stringify(run.learner.rule())), 2)
    expect([...actor.act(both, 2)]).toEqual(greedy(run.learner))
    expect(actor.probabilities !== undefined).toBe(space === 'discrete')
  })

  it('refuses numbers that are not finite, and stays as it was', () => {
    const run = begin(kind, space)
    play(run, 20)
    const before = stored(run.learner)
    const bad = run.observations.slice()
    bad[1] = Number.NaN
    for (const explore of [true, false])
      expect(() => run.learner.act(bad, COUNT, { explore })).toThrow(/\[1\] is NaN/)
    expect(stored(run.learner)).toEqual(before)
    const { observations } = run
    const actions = run.learner.act(observations, COUNT, { explore: true }).slice()
    const acted = stored(run.learner)
    const step = run.environment.step(actions)
    const rewards = step.rewards.map((reward, i) => (i === 2 ? Number.POSITIVE_INFINITY : reward))
    expect(() => run.learner.learn({ observations, actions, step: { ...step, rewards } })).toThrow(
      /rewards\[2\] is Infinity/,
    )
    const next = { ...step, observations: step.observations.map(() => Number.NaN) }
    const ends = {
      ...step,
      finalObservations: next.observations,
      truncated: step.truncated.fill(1),
    }
    expect(() => run.learner.learn({ observations, actions, step: ends })).toThrow(RangeError)
    expect(stored(run.learner)).toEqual(acted)
  })

  it('refuses what was saved by another learner, and stays as it was', () => {
    const run = begin(kind, space)
    play(run, 20)
    const before = stored(run.learner)
    const foreign = cases
      .filter((other) => other.kind !== kind)
      .map((other) => stored(begin(other.kind, other.space).learner))
    const damaged = { ...(before as object), steps: -1 }
    for (const state of [...foreign, damaged, {}, undefined])
      expect(() => run.learner.restore(state)).toThrow()
    expect(stored(run.learner)).toEqual(before)
  })
})

describe('a learner of one kind of actions', () => {
  const narrow = kinds.filter((kind) => LEARNERS[kind].spaces.length === 1)

  it.each(narrow)('%s refuses the other kind', (kind) => {
    const other = LEARNERS[kind].spaces[0] === 'discrete' ? 'continuous' : 'discrete'
    expect(() => begin(kind, other)).toThrow(RangeError)
  })
})

describe('networks of another size', () => {
  it.each(kinds.filter((kind) => kind !== 'q-learning'))('%s does not restore them', (kind) => {
    const [space] = LEARNERS[kind].spaces
    const run = begin(kind, space!)
    const before = stored(run.learner)
    const larger = begin(kind, space!, 1, { hidden: [17] })
    expect(() => run.learner.restore(stored(larger.learner))).toThrow()
    expect(stored(run.learner)).toEqual(before)
  })
})
