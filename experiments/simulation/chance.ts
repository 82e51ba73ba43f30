/** Chance of a run: streams by name, so that what one part draws changes nothing for another. */
import { seededRandom } from '../../datasets/random.ts'

export interface Chance {
  /** In [0, 1). */
  unit(): number
  /** In [low, high). */
  between(low: number, high: number): number
  whole(low: number, highIncluded: number): number
  pick<T>(from: readonly T[]): T
  maybe(chance: number): boolean
}

export function chanceOf(seed: number, name: string): Chance {
  const unit = seededRandom('simulation', name, seed)
  const between = (low: number, high: number) => low + unit() * (high - low)
  const whole = (low: number, high: number) => Math.floor(between(low, high + 1))
  return {
    unit,
    between,
    whole,
    pick: (from) => from[whole(0, from.length - 1)]!,
    maybe: (chance) => unit() < chance,
  }
}
