/**
 * Interval of a mean over two kinds of chance that cross: trainings (seeds) and cases that each of them is judged on. Both
 * are drawn again with replacement, independently (the two-way bootstrap of crossed random effects: Owen 2007, "The pigeonhole
 * bootstrap"), so that many cases do not stand in for few trainings.
 */
import type { Interval } from '../bootstrap.ts'

export interface PairedEstimate extends Interval {
  readonly mean: number
}

/** `table[seed][case]`, usually differences of two ways on the same case. Throws a RangeError when it is empty. */
export function pairedEstimate(
  table: readonly (readonly number[])[],
  random: () => number,
  { draws = 2000, level = 0.95 } = {},
): PairedEstimate {
  const seeds = table.length
  const cases = table[0]?.length ?? 0
  if (seeds === 0 || cases === 0)
    throw new RangeError('a table has no case, must have at least one')
  const pick = (count: number): number[] =>
    Array.from({ length: count }, () => Math.floor(random() * count))
  const meanAt = (rows: readonly number[], columns: readonly number[]): number => {
    let sum = 0
    for (const row of rows) for (const column of columns) sum += table[row]![column]!
    return sum / (rows.length * columns.length)
  }
  const means = Array.from({ length: draws }, () => meanAt(pick(seeds), pick(cases))).sort(
    (a, b) => a - b,
  )
  const at = (share: number) => means[Math.min(draws - 1, Math.floor(share * draws))]!
  return {
    mean: meanAt([...table.keys()], [...table[0]!.keys()]),
    low: at((1 - level) / 2),
    high: at(1 - (1 - level) / 2),
  }
}
