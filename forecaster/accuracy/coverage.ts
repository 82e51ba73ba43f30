/** Coverage: the share of actual values that a prediction interval held. A 90 % interval should hold 90 %. */
export interface Interval {
  readonly lower: number
  readonly upper: number
}

/** Share of `actuals` inside the closed interval of the same index; NaN actuals do not count, null without any. */
export function coverage(
  intervals: readonly Interval[],
  actuals: ArrayLike<number>,
): number | null {
  let inside = 0
  let seen = 0
  intervals.forEach(({ lower, upper }, i) => {
    const actual = actuals[i]!
    if (Number.isNaN(actual)) return
    seen++
    if (actual >= lower && actual <= upper) inside++
  })
  return seen === 0 ? null : inside / seen
}
