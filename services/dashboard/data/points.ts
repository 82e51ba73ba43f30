/** Time-ordered measurements with a bound: what a chart keeps in memory. Every function is pure. */

/** `t` is the end of the interval that the value covers, Unix ms: the instant at which it is known. */
export interface Point {
  readonly t: number
  /** null is a gap, never a zero. */
  readonly v: number | null
}

/** No track grows beyond this, however long the page stays open. */
export const POINTS_MAX = 2000

/**
 * `points` with `added` laid in by time, trimmed to those at or after `keepFromMs` and to `POINTS_MAX`.
 * A gap never overwrites a value. Anything with a time may be kept, not only numbers.
 */
export function merge<Timed extends { readonly t: number }>(
  points: readonly Timed[],
  added: readonly Timed[],
  keepFromMs: number,
  prefer: (old: Timed, next: Timed) => Timed = (_, next) => next,
): readonly Timed[] {
  if (added.length === 0) return trim(points, keepFromMs)
  const first = added[0]!.t
  const split = lowerBound(points, first)
  const tail = new Map<number, Timed>()
  for (let i = split; i < points.length; i++) tail.set(points[i]!.t, points[i]!)
  for (const next of added) {
    const old = tail.get(next.t)
    tail.set(next.t, old === undefined ? next : prefer(old, next))
  }
  const sorted = [...tail.values()].sort((a, b) => a.t - b.t)
  const start = Math.min(...added.map((point) => point.t))
  // `added` may come unordered; then everything is sorted again
  if (start < first)
    return merge(
      points,
      [...added].sort((a, b) => a.t - b.t),
      keepFromMs,
      prefer,
    )
  return trim([...points.slice(0, split), ...sorted], keepFromMs)
}

/** Keeps a value that is there against a gap. */
export const preferValue = (old: Point, next: Point): Point => (next.v === null ? old : next)

function trim<Timed extends { readonly t: number }>(
  points: readonly Timed[],
  keepFromMs: number,
): readonly Timed[] {
  const from = Math.max(lowerBound(points, keepFromMs), points.length - POINTS_MAX)
  return from > 0 ? points.slice(from) : points
}

/** Index of the first point at or after `t`. */
export function lowerBound(points: readonly { readonly t: number }[], t: number): number {
  let low = 0
  let high = points.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (points[middle]!.t < t) low = middle + 1
    else high = middle
  }
  return low
}

/** The newest value that is not a gap. */
export function lastValue(points: readonly Point[]): number | null {
  for (let i = points.length - 1; i >= 0; i--) {
    const { v } = points[i]!
    if (v !== null) return v
  }
  return null
}

export interface GridView {
  readonly startMs: number
  readonly stepMs: number
  readonly values: readonly (number | null)[]
}

/** A series of the API as points; steps that have not ended by `nowMs` and gaps at the end are not there yet. */
export function pointsOf(view: GridView, nowMs: number): Point[] {
  const points = view.values.map((v, i) => ({ t: view.startMs + (i + 1) * view.stepMs, v }))
  while (points.length > 0 && (points.at(-1)!.v === null || points.at(-1)!.t > nowMs)) points.pop()
  const firstValue = points.findIndex((point) => point.v !== null)
  return firstValue > 0 ? points.slice(firstValue) : points
}
