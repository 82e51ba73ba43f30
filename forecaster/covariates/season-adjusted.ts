/**
 * A series without its level and seasons, so that what remains can be held against covariates. Steps on which an event
 * was on teach neither level nor season, and no step teaches the season that it is itself held against: so what remains
 * of a step is as large whether or not an event was on, and the two may be compared.
 */

export interface Adjusted {
  /** What remains of each step; NaN where nothing was seen, or its time of the season never was. */
  readonly rest: Float64Array
  /** What level and seasons say of the step `k` after the end. */
  ahead(k: number): number
}

/** Robust deviations beyond which a value no longer pulls at the season. */
const CLIP_DEVIATIONS = 4
const WINDOW_WITHOUT_SEASON = 120

/**
 * `values`: any scale, NaN where nothing was seen. `isOn[t]` ≠ 0: an event was on. `widest`: steps of the longest event;
 * the level looks beyond it.
 */
export function adjustForSeasons(
  values: Float64Array,
  isOn: Uint8Array,
  seasons: readonly number[],
  widest: number,
): Adjusted {
  const n = values.length
  const usable = seasons.filter((season) => 2 * season <= n)
  const window = Math.max(usable[0] ?? WINDOW_WITHOUT_SEASON, 4 * widest)
  const quiet = values.map((v, t) => (isOn[t] ? Number.NaN : v))
  let left = quiet
  const rough = centredMean(quiet, Math.max(usable.at(-1) ?? window, window))
  const shapes: Shape[] = []
  for (const season of usable) {
    const shape = shapeOf(minus(left, rough), season)
    shapes.push(shape)
    left = left.map((v, t) => v - shape.at(t))
  }
  const level = centredMean(left, window)
  const rest = values.map(
    (v, t) => v - level[t]! - shapes.reduce((sum, shape) => sum + shape.without(t), 0),
  )
  const newest = trailingMean(left, window)
  return { rest, ahead: (k) => newest + shapes.reduce((sum, shape) => sum + shape.at(n + k), 0) }
}

interface Shape {
  /** Its mean at this time of the season. */
  at(t: number): number
  /** The same, step `t` itself left out; NaN when no other was seen. */
  without(t: number): number
}

function shapeOf(above: Float64Array, season: number): Shape {
  const limit = CLIP_DEVIATIONS * deviationOf(above)
  const drawnIn = above.map((v) => Math.min(Math.max(v, -limit), limit))
  const sums = new Float64Array(season)
  const counts = new Float64Array(season)
  for (let t = 0; t < drawnIn.length; t++) {
    if (Number.isNaN(drawnIn[t]!)) continue
    sums[t % season]! += drawnIn[t]!
    counts[t % season]!++
  }
  return {
    at: (t) => (counts[t % season]! > 0 ? sums[t % season]! / counts[t % season]! : 0),
    without(t) {
      const own = drawnIn[t]!
      const seen = Number.isNaN(own) ? 0 : 1
      const others = counts[t % season]! - seen
      return others > 0 ? (sums[t % season]! - (seen ? own : 0)) / others : Number.NaN
    },
  }
}

/** Standard deviation by the median of absolute values (those of a normal law); NaN without values. */
export function deviationOf(values: Float64Array): number {
  const sizes = values
    .filter((v) => !Number.isNaN(v))
    .map(Math.abs)
    .sort()
  return 1.4826 * (sizes[sizes.length >> 1] ?? Number.NaN)
}

const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((v, i) => v - b[i]!)

/** Mean of what was seen within half a `window` of each step; the nearest such mean where nothing was. */
function centredMean(values: Float64Array, window: number): Float64Array {
  const n = values.length
  const sums = new Float64Array(n + 1)
  const counts = new Float64Array(n + 1)
  for (let t = 0; t < n; t++) {
    const seen = !Number.isNaN(values[t]!)
    sums[t + 1] = sums[t]! + (seen ? values[t]! : 0)
    counts[t + 1] = counts[t]! + (seen ? 1 : 0)
  }
  const half = window >> 1
  const out = values.map((_, t) => {
    const from = Math.max(0, t - half)
    const to = Math.min(n, t + half + 1)
    const count = counts[to]! - counts[from]!
    return count > 0 ? (sums[to]! - sums[from]!) / count : Number.NaN
  })
  for (let t = 1; t < n; t++) if (Number.isNaN(out[t]!)) out[t] = out[t - 1]!
  for (let t = n - 2; t >= 0; t--) if (Number.isNaN(out[t]!)) out[t] = out[t + 1]!
  return out
}

/** Mean of the newest values seen, as many as half a `window` holds. */
function trailingMean(values: Float64Array, window: number): number {
  let sum = 0
  let count = 0
  for (let t = values.length - 1; t >= 0 && count < Math.max(1, window >> 1); t--) {
    if (Number.isNaN(values[t]!)) continue
    sum += values[t]!
    count++
  }
  return count > 0 ? sum / count : 0
}
