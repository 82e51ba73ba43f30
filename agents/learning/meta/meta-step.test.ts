import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { metaLearn } from './meta-learn.ts'
import { type Adapted, META_KINDS, metaStep } from './meta-step.ts'

/** The loss ½ Σ curvature·(w − optimum)²: its gradient descent is known in closed form. */
interface Bowl {
  readonly optimum: readonly number[]
  readonly curvature: readonly number[]
}

const RATE = 0.1

function descend(weights: Float32Array, { optimum, curvature }: Bowl, steps: number): Adapted {
  let beforeLast = weights
  let last = weights
  for (let step = 0; step < steps; step++) {
    beforeLast = last
    last = last.map((w, i) => w - RATE * curvature[i]! * (w - optimum[i]!))
  }
  return { beforeLast, last }
}

const SIZE = 3
const finite = fc.float({ min: -10, max: 10, noNaN: true })
const vector = fc.array(finite, { minLength: SIZE, maxLength: SIZE })
const bowl = fc.record({
  optimum: vector,
  curvature: fc.array(fc.float({ min: Math.fround(0.1), max: 3, noNaN: true }), {
    minLength: SIZE,
    maxLength: SIZE,
  }),
})
const bowls = fc.array(bowl, { minLength: 1, maxLength: 6 })

describe('a meta step', () => {
  it('of one task and full size is that task’s result, for Reptile', () => {
    fc.assert(
      fc.property(vector, bowl, (start, task) => {
        const weights = Float32Array.from(start)
        const adapted = descend(weights, task, 4)
        metaStep('reptile', weights, [adapted], 1).forEach((w, i) => {
          expect(w).toBeCloseTo(adapted.last[i]!, 5)
        })
      }),
    )
  })

  it('is gradient descent on the mean loss for both kinds when the inner learner makes one step', () => {
    fc.assert(
      fc.property(vector, bowls, (start, tasks) => {
        const weights = Float32Array.from(start)
        const adapted = tasks.map((task) => descend(weights, task, 1))
        for (const kind of META_KINDS) {
          metaStep(kind, weights, adapted, 1).forEach((w, i) => {
            const gradients = tasks.map((t) => t.curvature[i]! * (weights[i]! - t.optimum[i]!))
            const mean = gradients.reduce((sum, g) => sum + g, 0) / tasks.length
            expect(w).toBeCloseTo(weights[i]! - RATE * mean, 3)
          })
        }
      }),
    )
  })

  it('of first-order MAML follows the gradient where adaptation left off', () => {
    fc.assert(
      fc.property(vector, bowls, fc.integer({ min: 2, max: 6 }), (start, tasks, steps) => {
        const weights = Float32Array.from(start)
        const adapted = tasks.map((task) => descend(weights, task, steps))
        metaStep('first-order-maml', weights, adapted, 1).forEach((w, i) => {
          // after k − 1 steps the distance to the optimum has shrunk (1 − rate·curvature)^(k − 1) times
          const gradients = tasks.map(({ optimum, curvature: { [i]: c = 0 } }) => {
            const shrunk = (1 - RATE * c) ** (steps - 1)
            return c * shrunk * (weights[i]! - optimum[i]!)
          })
          const mean = gradients.reduce((sum, g) => sum + g, 0) / tasks.length
          expect(w).toBeCloseTo(weights[i]! - RATE * mean, 3)
        })
      }),
    )
  })

  it('leaves what it was given as it was, and does not depend on the order of the tasks', () => {
    fc.assert(
      fc.property(fc.constantFrom(...META_KINDS), vector, bowls, (kind, start, tasks) => {
        const weights = Float32Array.from(start)
        const adapted = tasks.map((task) => descend(weights, task, 3))
        const copies = adapted.map(({ last }) => last.slice())
        const forwards = metaStep(kind, weights, adapted, 0.3)
        const backwards = metaStep(kind, weights, adapted.toReversed(), 0.3)
        expect(weights).toEqual(Float32Array.from(start))
        expect(adapted.map(({ last }) => last)).toEqual(copies)
        forwards.forEach((w, i) => {
          expect(backwards[i]).toBeCloseTo(w, 4)
        })
      }),
    )
  })

  it('refuses no task, other lengths, and an inner learner that diverged', () => {
    const weights = new Float32Array(2)
    const adapted = (last: Float32Array): Adapted => ({ beforeLast: weights, last })
    expect(() => metaStep('reptile', weights, [], 1)).toThrow('at least one task')
    expect(() => metaStep('reptile', weights, [adapted(new Float32Array(3))], 1)).toThrow('weights')
    const diverged = adapted(Float32Array.of(0, Number.NaN))
    expect(() => metaStep('first-order-maml', weights, [diverged], 1)).toThrow('finite')
  })
})

describe('meta-training', () => {
  const tasks: readonly Bowl[] = [
    { optimum: [1, 0, -2], curvature: [1, 1, 1] },
    { optimum: [3, 4, 2], curvature: [1, 1, 1] },
  ]
  const settings = { iterations: 400, tasksPerIteration: 2, stepSize: 0.5 }

  it.each(META_KINDS)('by %s ends between tasks that are equally curved', (kind) => {
    let next = 0
    const problem = {
      draw: () => tasks[next++ % tasks.length]!,
      adapt: (weights: Float32Array, task: Bowl) => descend(weights, task, 3),
    }
    const found = metaLearn(new Float32Array(SIZE), problem, { ...settings, kind }, () => 0)
    expect(found[0]).toBeCloseTo(2, 2)
    expect(found[1]).toBeCloseTo(2, 2)
    expect(found[2]).toBeCloseTo(0, 2)
  })
})
