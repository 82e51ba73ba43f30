/**
 * Adam (Kingma & Ba 2015, algorithm 1) over several parts that are learned together, with their gradients held to one
 * norm first (Pascanu, Mikolov & Bengio 2013), as PyTorch's `clip_grad_norm_` and `Adam` do.
 */
import { z } from 'zod'
import type { Parameters } from './network.ts'
import { readFloats, StoredFloats, storeFloats } from './numbers.ts'

export interface AdamOptions {
  /** Norm to which all gradients together are held; infinite: they are not. */
  readonly mostNorm?: number
  readonly first?: number
  readonly second?: number
  readonly epsilon?: number
}

export const AdamState = z.strictObject({
  steps: z.int().min(0),
  moments: z.array(z.strictObject({ first: StoredFloats, second: StoredFloats })),
})
export type AdamState = z.infer<typeof AdamState>

export interface Adam {
  /** Changes all weights by their gradients and sets these to 0; the norm that the gradients had. */
  step(learningRate: number): number
  save(): AdamState
  restore(state: AdamState): void
}

export function createAdam(
  parts: readonly Parameters[],
  {
    mostNorm = Number.POSITIVE_INFINITY,
    first = 0.9,
    second = 0.999,
    epsilon = 1e-8,
  }: AdamOptions = {},
): Adam {
  const moments = parts.map(({ weights }) => ({
    first: new Float32Array(weights.length),
    second: new Float32Array(weights.length),
  }))
  let steps = 0
  return {
    step(learningRate) {
      const norm = normOf(parts)
      const scale = norm > mostNorm ? mostNorm / (norm + 1e-6) : 1
      steps++
      const rate = learningRate / (1 - first ** steps)
      const correction = 1 / Math.sqrt(1 - second ** steps)
      parts.forEach(({ weights, gradients }, p) => {
        const { first: means, second: squares } = moments[p]!
        for (let i = 0; i < weights.length; i++) {
          const gradient = gradients[i]! * scale
          const mean = means[i]! + (1 - first) * (gradient - means[i]!)
          const square = second * squares[i]! + (1 - second) * gradient * gradient
          means[i] = mean
          squares[i] = square
          weights[i] = weights[i]! - (rate * mean) / (Math.sqrt(square) * correction + epsilon)
        }
        gradients.fill(0)
      })
      return norm
    },
    save: () => ({
      steps,
      moments: moments.map((m) => ({ first: storeFloats(m.first), second: storeFloats(m.second) })),
    }),
    restore(state) {
      if (state.moments.length !== parts.length)
        throw new RangeError(
          `moments are of ${state.moments.length} parts, must be ${parts.length}`,
        )
      const read = state.moments.map((m, i) => {
        const { length } = parts[i]!.weights
        return { first: readFloats(m.first, length), second: readFloats(m.second, length) }
      })
      read.forEach((m, i) => {
        moments[i]!.first.set(m.first)
        moments[i]!.second.set(m.second)
      })
      steps = state.steps
    },
  }
}

function normOf(parts: readonly Parameters[]): number {
  let sum = 0
  for (const { gradients } of parts)
    for (let i = 0; i < gradients.length; i++) sum += gradients[i]! * gradients[i]!
  return Math.sqrt(sum)
}
