/**
 * Mean absolute scaled error: the forecast's mean absolute error over that of the seasonal naive method on the
 * training part (Hyndman & Koehler 2006; FPP3 §5.8). Below 1 is better than repeating the last season.
 */

/** Mean |y[t] − y[t−m]| over the steps where both are known; null when none are, or nothing ever changes. */
export function naiveScale(training: ArrayLike<number>, seasonSteps: number): number | null {
  let sum = 0
  let count = 0
  for (let i = seasonSteps; i < training.length; i++) {
    const change = Math.abs(training[i]! - training[i - seasonSteps]!)
    if (Number.isNaN(change)) continue
    sum += change
    count++
  }
  return count === 0 || sum === 0 ? null : sum / count
}

/** Null where it cannot be measured: no scale, one too small to divide by, or no step with an actual value. */
export function mase(
  points: ArrayLike<number>,
  actuals: ArrayLike<number>,
  scale: number | null,
): number | null {
  let sum = 0
  let count = 0
  for (let i = 0; i < actuals.length; i++) {
    const error = Math.abs(points[i]! - actuals[i]!)
    if (Number.isNaN(error)) continue
    sum += error
    count++
  }
  return count === 0 || scale === null ? null : ratio(sum / count, scale)
}

/** Null where it is beyond what a number holds: a denominator of hardly anything. */
export function ratio(error: number, scale: number): number | null {
  const value = error / scale
  return Number.isFinite(value) ? value : null
}
