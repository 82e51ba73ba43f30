/** The faults that a violation needs: of a failing seed's list, by leaving out ever smaller parts (delta debugging, Zeller 1999). */
import { brokenBy, type RunChoice, simulate } from './simulate.ts'

const MOST_RUNS = 60

/** Indices into the seed's list of faults, with which the same guarantee is still broken; fewer are not enough. */
export async function shrink(choice: RunChoice, faults: number): Promise<readonly number[]> {
  const wanted = brokenBy(await simulate(choice))
  let keep = choice.keep ?? Array.from({ length: faults }, (_, i) => i)
  let runs = 0
  for (let part = Math.ceil(keep.length / 2); part >= 1 && runs < MOST_RUNS; ) {
    const shorter = await firstThatBreaks(keep, part)
    if (shorter) keep = shorter
    if (shorter && part <= keep.length) continue
    if (part === 1) break
    part = Math.ceil(part / 2)
  }
  return keep

  async function firstThatBreaks(
    all: readonly number[],
    part: number,
  ): Promise<readonly number[] | undefined> {
    for (let from = 0; from < all.length && runs < MOST_RUNS; from += part) {
      const rest = [...all.slice(0, from), ...all.slice(from + part)]
      runs++
      if (brokenBy(await simulate({ ...choice, keep: rest })) === wanted) return rest
    }
    return undefined
  }
}
