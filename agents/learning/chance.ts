/**
 * Chance for learning that can be put aside and taken up again: a xoroshiro128+ stream (package pure-rand) whose state
 * is plain data, so that a learner restored in the middle of training goes on with the very same numbers.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'
import { z } from 'zod'

export const ChanceState = z.array(z.int()).length(4)
export type ChanceState = z.infer<typeof ChanceState>

export interface Chance {
  /** In [0, 1). */
  uniform(): number
  /** Standard normal. */
  normal(): number
  /** A whole number from 0, below `count`. */
  below(count: number): number
  /** Puts `items` into an order drawn by chance, in place (Fisher & Yates). */
  shuffle(items: Int32Array): void
  /** A copy. */
  save(): ChanceState
}

/** The same numbers for the same seed, or on from a state that `save` gave. */
export function createChance(from: number | ChanceState): Chance {
  const generator = xoroshiro128plusFromState(typeof from === 'number' ? stateOf(from) : from)
  const uniform = (): number => uniformFloat64(generator)
  const below = (count: number): number => Math.floor(uniform() * count)
  return {
    uniform,
    // Box & Muller 1958; the second number of the pair is left, so that nothing but the generator need be remembered
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    below,
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const other = below(i + 1)
        const held = items[i]!
        items[i] = items[other]!
        items[other] = held
      }
    },
    save: () => [...generator.getState()],
  }
}

/**
 * Words that have nothing in common between neighbouring seeds, as the generator's authors ask (Blackman & Vigna 2021, §5):
 * a Weyl sequence through the finaliser of MurmurHash3.
 */
function stateOf(seed: number): ChanceState {
  return [1, 2, 3, 4].map((step) => {
    let word = (seed + Math.imul(step, 0x9e3779b9)) | 0
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
    return word ^ (word >>> 16)
  })
}
