import { describe, expect, it } from 'vitest'
import { createActor } from './acting.ts'
import { createChance } from './chance.ts'
import type { Learner, LearnerSetting, Statistics } from './learner.ts'
import { createSac } from './sac.ts'
import { SacConfig } from './sac-config.ts'

function setting(low: number, high: number, count = 8): LearnerSetting {
  return {
    observationSize: 1,
    actions: { kind: 'continuous', size: 1, low: [low], high: [high] },
    count,
    totalSteps: 20_000,
    seed: 4,
  }
}
const SMALL = {
  kind: 'sac',
  hidden: [16],
  batchSize: 32,
  learnEvery: 8,
  capacity: 10_000,
  learningRate: 0.005,
}

/** One step an episode: the reward is `rewardOf(observation, action)`. */
function drive(
  learner: Learner,
  steps: number,
  rewardOf: (observation: number, action: number) => number,
  count = 8,
): Statistics[] {
  const chance = createChance(9)
  const draw = () => Float32Array.from({ length: count }, () => 2 * chance.uniform() - 1)
  const course: Statistics[] = []
  let observations = draw()
  for (let i = 0; i < steps / count; i++) {
    const actions = learner.act(observations, count, { explore: true }).slice()
    const rewards = Float64Array.from(actions, (action, row) =>
      rewardOf(observations[row]!, action),
    )
    const ends = new Uint8Array(count).fill(1)
    const next = draw()
    const step = {
      observations: next,
      rewards,
      terminated: ends,
      truncated: new Uint8Array(count),
      finalObservations: observations,
    }
    const statistics = learner.learn({ observations, actions, step })
    if (statistics) course.push(statistics)
    observations = next
  }
  return course
}

describe('SAC', () => {
  it('finds the best action of every observation, and keeps its entropy at the target', () => {
    const learner = createSac(SacConfig.parse({ ...SMALL, targetEntropy: -1.5 }), setting(-2, 2))
    const course = drive(learner, 16_000, (seen, action) => -((action - seen) ** 2))
    for (const seen of [-0.8, -0.3, 0.4, 0.9]) {
      const [action] = learner.act(Float32Array.of(seen), 1, { explore: false })
      expect(Math.abs(action! - seen)).toBeLessThan(0.2)
    }
    const late = course.slice(-200).map(({ entropy }) => entropy!)
    expect(late.reduce((a, b) => a + b) / late.length).toBeCloseTo(-1.5, 0)
  })

  it('with a fixed weight of entropy draws as exp(reward / weight) says', () => {
    const weight = 0.1
    const learner = createSac(SacConfig.parse({ ...SMALL, entropyWeight: weight }), setting(-1, 1))
    const course = drive(learner, 16_000, (_, action) => -(action ** 2))
    // far inside the bounds the best density is normal, of variance weight / 2: its entropy is ½·log(2πe·variance)
    const expected = Math.log(2 * Math.PI * Math.E * (weight / 2)) / 2
    const late = course.slice(-200).map(({ entropy }) => entropy!)
    expect(Math.abs(late.reduce((a, b) => a + b) / late.length - expected)).toBeLessThan(0.15)
    expect(course.at(-1)!['entropyWeight']).toBe(weight)
  })

  it('learns the same in whatever unit its environment counts actions', () => {
    const [plain, scaled] = [1, 8].map((unit) => {
      const learner = createSac(SacConfig.parse(SMALL), setting(-unit, unit))
      drive(learner, 1_600, (seen, action) => -Math.abs(action / unit - seen))
      return learner.act(Float32Array.of(-0.5, 0, 0.5), 3, { explore: false })
    })
    expect([...scaled!]).toEqual([...plain!].map((action) => 8 * action))
  })

  it('draws evenly between the bounds before it learns', () => {
    const learner = createSac(SacConfig.parse({ ...SMALL, learningStarts: 9_000 }), setting(2, 6))
    const counts = [0, 0, 0, 0]
    for (let i = 0; i < 1_000; i++)
      for (const action of learner.act(new Float32Array(8), 8, { explore: true }))
        counts[Math.floor(action - 2)]!++
    // 6 standard deviations of a binomial count
    for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(6 * 39)
  })

  it('values what follows when time was up', () => {
    // every step of an endless task is worth 1: the critics come to 1 / (1 − discount), less nothing for entropy
    const config = { ...SMALL, entropyWeight: 0, discount: 0.5, targetShare: 0.05 }
    const values = [0, 1].map((terminated) => {
      const learner = createSac(SacConfig.parse(config), setting(-1, 1))
      let last: Statistics | undefined
      const observations = new Float32Array(8).fill(1)
      for (let i = 0; i < 600; i++) {
        const actions = learner.act(observations, 8, { explore: true }).slice()
        const step = {
          observations: new Float32Array(8),
          rewards: new Float64Array(8).fill(1),
          terminated: new Uint8Array(8).fill(terminated),
          truncated: new Uint8Array(8).fill(1),
          finalObservations: observations,
        }
        last = learner.learn({ observations, actions, step }) ?? last
      }
      // without entropy the actor's loss is minus the lesser critic
      return -last!['actorLoss']!
    })
    expect(values[0]).toBeCloseTo(2, 1)
    expect(values[1]).toBeCloseTo(1, 1)
  })

  it('its frozen rule acts as it does', () => {
    const learner = createSac(SacConfig.parse(SMALL), setting(-3, 5))
    drive(learner, 800, (seen, action) => seen * action)
    const observations = Float32Array.of(-0.5, 0, 0.5, 3)
    const rule = JSON.parse(JSON.stringify(learner.rule()))
    expect(createActor(rule, 4).act(observations, 4)).toEqual(
      learner.act(observations, 4, { explore: false }),
    )
  })

  it('stays as it was when a part of what it shall restore is broken', () => {
    const learner = createSac(SacConfig.parse(SMALL), setting(-1, 1))
    drive(learner, 400, (seen, action) => seen * action)
    const saved = JSON.parse(JSON.stringify(learner.save()))
    const broken = structuredClone(saved)
    broken.weights.actor = broken.weights.entropy
    expect(() => learner.restore(broken)).toThrow('stored numbers are 1')
    const other = structuredClone(saved)
    other.replay.priorities = { raised: [], largest: 1 }
    expect(() => learner.restore(other)).toThrow('draws are uniform here')
    expect(learner.save()).toEqual(saved)
  })

  it('needs actions that are numbers', () => {
    const discrete = { ...setting(-1, 1), actions: { kind: 'discrete', count: 2 } as const }
    expect(() => createSac(SacConfig.parse(SMALL), discrete)).toThrow(
      'actions are discrete, must be continuous for sac',
    )
  })
})
