/**
 * Interval of a paired difference: whole blocks of time are drawn again with replacement (block bootstrap: Künsch 1989),
 * so that what belongs together in time stays together. Percentile interval.
 */
export interface Interval {
  readonly low: number
  readonly high: number
}

/** Interval that holds `level` of the bootstrap distribution of statistic(rows) over rows drawn with replacement. */
export function bootstrapInterval<Row>(
  rows: readonly Row[],
  statistic: (drawn: readonly Row[]) => number,
  random: () => number,
  { draws = 2000, level = 0.95 } = {},
): Interval {
  const values = Array.from({ length: draws }, () =>
    statistic(rows.map(() => rows[Math.floor(random() * rows.length)]!)),
  ).sort((a, b) => a - b)
  const at = (share: number) => values[Math.min(draws - 1, Math.max(0, Math.floor(share * draws)))]!
  return { low: at((1 - level) / 2), high: at(1 - (1 - level) / 2) }
}
