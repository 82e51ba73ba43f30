/**
 * Mean and deviation of what was seen so far, number by number, so that a network's inputs are of one size (Huang et al.
 * 2022, "The 37 implementation details of PPO", continuous details 5 and 6). Batches are joined by the update of Chan,
 * Golub & LeVeque 1979.
 */
import { z } from 'zod'
import { type Normalization, normalize } from './acting.ts'

export const NormalizerState = z.strictObject({
  count: z.number().min(0),
  mean: z.array(z.number()),
  squares: z.array(z.number().min(0)),
})
export type NormalizerState = z.infer<typeof NormalizerState>

export interface Normalizer {
  /** Takes in a table [rows][width]. */
  see(table: ArrayLike<number>, rows: number): void
  apply(from: Float32Array, to: Float32Array, rows: number): void
  /** Frozen. */
  rule(): Normalization
  save(): NormalizerState
  restore(state: NormalizerState): void
}

/** Added to the variance, so that a number that never changes does not blow up. */
const EPSILON = 1e-8

/** What is beyond `clip` deviations is held there. */
export function createNormalizer(width: number, clip: number): Normalizer {
  let count = 0
  const mean = new Float64Array(width)
  /** Sum of squared distances from the mean. */
  const squares = new Float64Array(width)
  const rule = (): Normalization => ({
    mean: [...mean],
    deviation: Array.from(squares, (sum) => Math.sqrt((count > 0 ? sum / count : 1) + EPSILON)),
    clip,
  })
  return {
    see(table, rows) {
      for (let c = 0; c < width; c++) {
        let sum = 0
        for (let row = 0; row < rows; row++) sum += table[row * width + c]!
        const average = sum / rows
        let spread = 0
        for (let row = 0; row < rows; row++) spread += (table[row * width + c]! - average) ** 2
        const distance = average - mean[c]!
        mean[c] = mean[c]! + (distance * rows) / (count + rows)
        squares[c] = squares[c]! + spread + (distance * distance * count * rows) / (count + rows)
      }
      count += rows
    },
    apply: (from, to, rows) => normalize(rule(), from, to, rows),
    rule,
    save: () => ({ count, mean: [...mean], squares: [...squares] }),
    restore(state) {
      if (state.mean.length !== width || state.squares.length !== width)
        throw new RangeError(`the normalizer is of ${state.mean.length} numbers, must be ${width}`)
      count = state.count
      mean.set(state.mean)
      squares.set(state.squares)
    },
  }
}
