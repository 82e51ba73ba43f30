/**
 * A CloudWatch alarm's datapoints: the mean of each period, rounded to whole ticks. A period without a sample gives no
 * datapoint ("missing data: missing", the default), so an alarm looks at the newest ones that there are.
 */
export interface Datapoints {
  /** One tick's sample (NaN: none), measured at `measuredAtMs`; a sample seen before counts once. True when a period ends with it. */
  add(measuredAtMs: number, value: number): boolean
  /** Of each of the last `count` datapoints `breaches` is true; false when there are fewer. */
  all(count: number, breaches: (value: number) => boolean): boolean
  /** NaN before the first. */
  newest(): number
}

/** Datapoints of `periodMs` from samples of each tick; the last `keep` are remembered. */
export function createDatapoints(periodMs: number, tickMs: number, keep: number): Datapoints {
  const ticks = Math.max(1, Math.round(periodMs / tickMs))
  const points: number[] = []
  let tick = 0
  let sum = 0
  let samples = 0
  let lastMs = Number.NEGATIVE_INFINITY
  return {
    add(measuredAtMs, value) {
      if (Number.isFinite(value) && measuredAtMs > lastMs) {
        lastMs = measuredAtMs
        sum += value
        samples++
      }
      // the first call is the beginning of the first period, not its end
      const isEnd = tick > 0 && tick % ticks === 0
      tick++
      if (!isEnd || samples === 0) return false
      points.push(sum / samples)
      if (points.length > keep) points.shift()
      sum = 0
      samples = 0
      return true
    },
    all: (count, breaches) => points.length >= count && points.slice(-count).every(breaches),
    newest: () => points.at(-1) ?? Number.NaN,
  }
}
