/**
 * How fast something grows: the median of the slopes between all pairs of points (Theil 1950; Sen 1968), with Sen's
 * interval from the distribution of Kendall's tau without ties. One outlier, such as a garbage collection that came
 * late, moves it little.
 */
export interface Slope {
  /** Per unit of the first coordinate. */
  readonly slope: number
  /** 95 % interval. */
  readonly low: number
  readonly high: number
}

/** Quantile of the normal distribution, two-sided 95 %. */
const Z_95 = 1.959964

/** Points (x, y) with distinct x, at least three. Throws a RangeError for fewer. */
export function slopeOf(points: readonly (readonly [number, number])[]): Slope {
  const n = points.length
  if (n < 3) throw new RangeError(`a slope needs at least 3 points, got ${n}`)
  const slopes: number[] = []
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      const [x1, y1] = points[i]!
      const [x2, y2] = points[j]!
      slopes.push((y2 - y1) / (x2 - x1))
    }
  slopes.sort((a, b) => a - b)
  const deviation = Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  const half = (Z_95 * deviation) / 2
  const count = slopes.length
  const low = Math.max(0, Math.round(count / 2 - half) - 1)
  const high = Math.min(count - 1, Math.round(count / 2 + half))
  const median = (slopes[Math.floor((count - 1) / 2)]! + slopes[Math.ceil((count - 1) / 2)]!) / 2
  return { slope: median, low: slopes[low]!, high: slopes[high]! }
}
