/**
 * Values that stand far out of their neighbourhood, marked and never removed: the Hampel identifier, a modified z-score
 * 0.6745·|x − median| / MAD above 3.5 in a moving window (Iglewicz and Hoaglin 1993, section 4; Pearson 2002). Where more
 * than half of a window is one value, MAD is 0 and 1.2533 times the mean absolute deviation takes its place.
 */

/** Steps to each side. */
const REACH = 12
const LARGEST_SCORE = 3.5
/** From MAD, and from mean absolute deviation, to the standard deviation of a normal distribution. */
const OF_MAD = 1.4826
const OF_MEAN_DEVIATION = 1.253314
/** A window with fewer values has no median worth the name. */
const FEWEST = 7

/** 1 where a value is an outlier; 0 elsewhere, and where it is missing. */
export function markOutliers(values: Float64Array): Uint8Array {
  return Uint8Array.from(values, (value, i) => {
    if (Number.isNaN(value)) return 0
    const near = values
      .subarray(Math.max(0, i - REACH), i + REACH + 1)
      .filter((v) => !Number.isNaN(v))
    return near.length >= FEWEST && score(value, near) > LARGEST_SCORE ? 1 : 0
  })
}

function score(value: number, near: Float64Array): number {
  const middle = median(near)
  const apart = near.map((v) => Math.abs(v - middle))
  const mad = median(apart)
  const meanApart = apart.reduce((sum, v) => sum + v, 0) / apart.length
  const scale = mad > 0 ? OF_MAD * mad : OF_MEAN_DEVIATION * meanApart
  return scale > 0 ? Math.abs(value - middle) / scale : 0
}

function median(values: Float64Array): number {
  const sorted = values.toSorted()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
