/** The mean of what was measured within a window, whole ticks of it, one at least. */
export interface TimedMean {
  /** Adds a sample (NaN or seen before: none) and gives the mean at `atMs`; NaN without a sample in the window. */
  add(measuredAtMs: number, value: number, atMs: number): number
}

export function createTimedMean(windowMs: number, tickMs: number): TimedMean {
  const spanMs = Math.max(1, Math.round(windowMs / tickMs)) * tickMs
  const samples: { readonly atMs: number; readonly value: number }[] = []
  let newestMs = Number.NEGATIVE_INFINITY
  let sum = 0
  return {
    add(measuredAtMs, value, atMs) {
      if (Number.isFinite(value) && measuredAtMs > newestMs) {
        newestMs = measuredAtMs
        samples.push({ atMs: measuredAtMs, value })
        sum += value
      }
      // what comes late counts from its measurement on: the window ends with the newest sample, not with the clock
      const endMs = Math.min(atMs, newestMs)
      while (samples.length > 0 && samples[0]!.atMs <= endMs - spanMs) sum -= samples.shift()!.value
      const isOld = samples.length === 0 || newestMs <= atMs - Math.max(spanMs, STALE_MS)
      return isOld ? Number.NaN : Math.max(0, sum) / samples.length
    },
  }
}

/** A source that says nothing for so long has no data, however short the window. */
const STALE_MS = 60_000
