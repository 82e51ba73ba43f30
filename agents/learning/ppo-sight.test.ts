/** What PPO does where its critic sees more than its policy (MAPPO's centralised critic). */
import { describe, expect, it } from 'vitest'
import { createActor } from './acting.ts'
import type { VectorEnvironment } from './environment.ts'
import type { Statistics } from './learner.ts'
import { createPpo } from './ppo.ts'
import { PpoConfig } from './ppo-config.ts'

const COUNT = 8
const WIDTH = 2
const SEEN = 1

/**
 * Right is 1 where the first number is above 0, else 0; and every step pays, besides, ten times the second number, about which
 * nothing can be done. Episodes of one step.
 */
function guessing(): VectorEnvironment {
  let state = 1
  const draw = () => {
    state = (state * 48_271) % 2_147_483_647
    return (2 * state) / 2_147_483_647 - 1
  }
  const see = () => Float32Array.from({ length: COUNT * WIDTH }, draw)
  let seen = see()
  return {
    count: COUNT,
    observationSize: WIDTH,
    actions: { kind: 'discrete', count: 2 },
    reset(seed) {
      state = seed + 1
      seen = see()
      return seen
    },
    step(actions) {
      const rewards = Float64Array.from(actions, (action, i) => {
        const right = seen[i * WIDTH]! > 0 ? 1 : 0
        return (action === right ? 1 : 0) + 10 * seen[i * WIDTH + 1]!
      })
      seen = see()
      const ones = new Uint8Array(COUNT).fill(1)
      const none = new Uint8Array(COUNT)
      return {
        observations: seen,
        rewards,
        terminated: ones,
        truncated: none,
        finalObservations: new Float32Array(COUNT * WIDTH),
      }
    },
  }
}

const config = PpoConfig.parse({
  kind: 'ppo',
  rolloutSteps: 32,
  batchSize: 64,
  epochs: 6,
  learningRate: 3e-3,
  hidden: [16],
  normalizeObservations: true,
  policyInputs: SEEN,
})
const setting = {
  observationSize: WIDTH,
  actions: { kind: 'discrete', count: 2 },
  ...{ count: COUNT, totalSteps: 10_000, seed: 3 },
} as const

function trained(used: PpoConfig, steps: number) {
  const environment = guessing()
  const learner = createPpo(used, setting)
  let observations = environment.reset(5)
  let statistics: Statistics = {}
  for (let step = 0; step < steps; step++) {
    const actions = learner.act(observations, COUNT, { explore: true }).slice()
    const taken = environment.step(actions)
    statistics = learner.learn({ observations, actions, step: taken }) ?? statistics
    observations = taken.observations
  }
  return { learner, statistics }
}

describe('a policy that sees less than its critic', () => {
  it('learns what it can see, and acts by that alone', () => {
    const { learner } = trained(config, 32 * 20)
    const rows = Float32Array.of(0.7, -1, 0.7, 1, -0.7, -1, -0.7, 1)
    expect([...learner.act(rows, 4, { explore: false })]).toEqual([1, 1, 0, 0])
  })

  it('is frozen to a rule of its own width that acts alike', () => {
    const { learner } = trained(config, 32 * 20)
    const actor = createActor(learner.rule(), 2)
    expect([...actor.act(Float32Array.of(0.7, -0.7), 2)]).toEqual([1, 0])
  })

  it('has a critic that explains what the policy cannot see', () => {
    const central = trained(config, 32 * 20).statistics.explained
    expect(central).toBeGreaterThan(0.8)
  })

  it('goes on to the bit after it was put aside', () => {
    const { learner } = trained(config, 32 * 3 + 7)
    const other = createPpo(config, { ...setting, seed: 99 })
    other.restore(JSON.parse(JSON.stringify(learner.save())))
    const rows = Float32Array.from({ length: COUNT * WIDTH }, (_, i) => Math.sin(i))
    for (let i = 0; i < 3; i++) {
      const next = learner.act(rows, COUNT, { explore: true }).slice()
      expect(other.act(rows, COUNT, { explore: true })).toEqual(next)
    }
  })

  it('cannot see more than there is', () => {
    const most = { ...config, policyInputs: 3 }
    expect(() => createPpo(most, setting)).toThrow('policyInputs is 3, must be at most 2')
  })
})
