/**
 * The smallest things that can be learned, for tests: each observation is one of two, drawn by chance, and the best action
 * is the one that goes with it. Episodes of four steps run out of time.
 */
import { createChance } from './chance.ts'
import type { ActionSpace, VectorEnvironment } from './environment.ts'

const EPISODE = 4
const DISCRETE: ActionSpace = { kind: 'discrete', count: 2 }
const CONTINUOUS: ActionSpace = { kind: 'continuous', size: 1, low: [-1], high: [1] }

/** Best: a reward of 0 in each step; the worst is −1. */
export function createToy(kind: ActionSpace['kind'], count: number): VectorEnvironment {
  let chance = createChance(0)
  let signs = new Float32Array(count)
  let step = 0
  const observe = (): Float32Array =>
    Float32Array.from({ length: 2 * count }, (_, i) => {
      const sign = signs[Math.floor(i / 2)]!
      return (i % 2 === 0) === sign > 0 ? 1 : 0
    })
  const draw = (): Float32Array => {
    signs = signs.map(() => (chance.uniform() < 0.5 ? -1 : 1))
    return observe()
  }
  return {
    count,
    observationSize: 2,
    actions: kind === 'discrete' ? DISCRETE : CONTINUOUS,
    reset(seed) {
      chance = createChance(seed)
      step = 0
      return draw()
    },
    step(actions) {
      const rewards = Float64Array.from(signs, (sign, i) => {
        const action = actions[i]!
        if (kind === 'discrete') return (action === 1) === sign > 0 ? 0 : -1
        return -(((action - sign / 2) / 1.5) ** 2)
      })
      step++
      const truncated = new Uint8Array(count).fill(step % EPISODE === 0 ? 1 : 0)
      const finalObservations = observe()
      const observations = draw()
      return {
        observations,
        rewards,
        terminated: new Uint8Array(count),
        truncated,
        finalObservations,
      }
    },
  }
}
