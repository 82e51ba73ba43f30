/** The nearest-rank quantile: the smallest sample that at least `level` of all samples do not exceed. */
export function quantileOf(samples: ArrayLike<number>, level: number): number {
  const sorted = Float64Array.from(samples).sort()
  const rank = Math.ceil(level * sorted.length - 1e-9)
  return sorted[Math.max(0, rank - 1)] ?? Number.NaN
}
