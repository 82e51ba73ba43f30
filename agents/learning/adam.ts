/**
 * Adam (Kingma & Ba 2015, algorithm 1) over several parts that are learned together, with their gradients held to one
 * norm first (Pascanu, Mikolov & Bengio 2013), as PyTorch's `clip_grad_norm_` and `Adam` do.
 */
import { z } from 'zod'
import { createPlainAdamPart } from './adam-part.ts'
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
  /** Throws a RangeError when `state` is of other parts; what it returns puts it in. */
  read(state: AdamState): () => void
}

/** Starts anew: no part may have two of them. */
export function createAdam(
  parts: readonly Parameters[],
  {
    mostNorm = Number.POSITIVE_INFINITY,
    first = 0.9,
    second = 0.999,
    epsilon = 1e-8,
  }: AdamOptions = {},
): Adam {
  const adamParts = parts.map((part) => part.adam ?? createPlainAdamPart(part))
  for (const { means, squares } of adamParts) {
    means.fill(0)
    squares.fill(0)
  }
  let steps = 0
  return {
    step(learningRate) {
      const norm = Math.sqrt(adamParts.reduce((sum, part) => sum + part.sumOfSquares(), 0))
      const scale = norm > mostNorm ? mostNorm / (norm + 1e-6) : 1
      steps++
      const rate = learningRate / (1 - first ** steps)
      const correction = 1 / Math.sqrt(1 - second ** steps)
      for (const part of adamParts) part.change({ scale, first, second, rate, correction, epsilon })
      return norm
    },
    save: () => ({
      steps,
      moments: adamParts.map(({ means, squares }) => ({
        first: storeFloats(means),
        second: storeFloats(squares),
      })),
    }),
    read(state) {
      if (state.moments.length !== parts.length)
        throw new RangeError(
          `moments are of ${state.moments.length} parts, must be ${parts.length}`,
        )
      const read = state.moments.map((moments, i) => {
        const { length } = parts[i]!.weights
        return {
          means: readFloats(moments.first, length),
          squares: readFloats(moments.second, length),
        }
      })
      return () => {
        adamParts.forEach(({ means, squares }, i) => {
          means.set(read[i]!.means)
          squares.set(read[i]!.squares)
        })
        steps = state.steps
      }
    },
  }
}
