/**
 * What Adam does with one part of what is learned, in plain TypeScript: of parts that lie in no kernel, and the oracle of
 * kernel/assembly/adam.ts. All is worked out in doubles, and kept in floats.
 */
import type { Parameters } from './network.ts'

export interface AdamStep {
  /** Of the gradients. */
  readonly scale: number
  /** Decay of the mean and of the mean square: β₁ and β₂. */
  readonly first: number
  readonly second: number
  /** Learning rate over 1 − β₁ᵗ, and 1 over √(1 − β₂ᵗ). */
  readonly rate: number
  readonly correction: number
  readonly epsilon: number
}

/** The moments of a part's gradients, and what changes the part by them. */
export interface AdamPart {
  /** Running means of the gradients and of their squares, as many as there are weights. */
  readonly means: Float32Array
  readonly squares: Float32Array
  /** Of the gradients: four sums, of every fourth number each, then (first + second) + (third + fourth). */
  sumOfSquares(): number
  /** Changes weights and moments by the gradients, and sets these to 0. */
  change(by: AdamStep): void
}

export function createPlainAdamPart({ weights, gradients }: Parameters): AdamPart {
  const means = new Float32Array(weights.length)
  const squares = new Float32Array(weights.length)
  return {
    means,
    squares,
    sumOfSquares() {
      const sums = [0, 0, 0, 0]
      for (let i = 0; i < gradients.length; i++)
        sums[i % 4] = sums[i % 4]! + gradients[i]! * gradients[i]!
      return sums[0]! + sums[1]! + (sums[2]! + sums[3]!)
    },
    change({ scale, first, second, rate, correction, epsilon }) {
      for (let i = 0; i < weights.length; i++) {
        const gradient = gradients[i]! * scale
        const mean = means[i]! + (1 - first) * (gradient - means[i]!)
        const square = second * squares[i]! + (1 - second) * gradient * gradient
        means[i] = mean
        squares[i] = square
        weights[i] = weights[i]! - (rate * mean) / (Math.sqrt(square) * correction + epsilon)
      }
      gradients.fill(0)
    },
  }
}
