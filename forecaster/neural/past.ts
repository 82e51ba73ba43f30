/**
 * What a network may look at: a series' newest values up to an issue time, on the square root of the load (which makes
 * a Poisson load's noise even), and what scales them. Training walks `count` over a whole series, a live forecaster
 * keeps a ring; both read through here, so that nothing after the issue time can be seen.
 */
import { LARGEST_VALUE } from '../plain-data.ts'

export interface Past {
  /** The one or two seasons that are looked at, steps, ascending. */
  readonly seasons: readonly number[]
  /** √load; step i's is `ring[i % ring.length]`. */
  readonly ring: Float32Array
  /** Steps seen: the next one is step `count`. */
  count: number
}

/** What makes series of any size alike. */
export interface Scaling {
  /** Median √load. */
  readonly level: number
  /** Typical step from one √load to the next. */
  readonly noise: number
  /** Typical distance of the √load from the baseline, by knot. */
  readonly spreads: Float64Array
}

export const MOST_SEASONS = 2
/** Steps of the mean that stands for "now". */
export const NOW_STEPS = 6
/** Without a season, what is looked at as a long while. */
const LONG_STEPS = 256
const LONG_SAMPLES = 24
/** Half widths of the smoothed looks at a season ago. */
export const NARROW = 2
export const BROAD = 8
/** A season twice as long as this is looked back on once only. */
const MOST_LOOK_BACK = 4500

/** Of the seasons that were found: the shortest and the longest. */
export function chosenSeasons(seasons: readonly number[]): number[] {
  return seasons.length <= MOST_SEASONS ? [...seasons] : [seasons[0]!, seasons.at(-1)!]
}

export function isSeenTwice(season: number): boolean {
  return 2 * season <= MOST_LOOK_BACK
}

export function narrowOf(season: number): number {
  return Math.min(NARROW, Math.floor(season / 12))
}

export function broadOf(season: number): number {
  return Math.min(BROAD, Math.floor(season / 12))
}

/** Steps that a live forecaster must remember. */
export function ringLength(seasons: readonly number[], window: number): number {
  const reach = seasons.map((season) => {
    const back = isSeenTwice(season) ? 2 * season : season
    return Math.max(back + BROAD, season + window, season + NOW_STEPS) + 2
  })
  return Math.max(window + 1, seasons.length > 0 ? 0 : LONG_STEPS, ...reach)
}

export function rootOf(load: number): number {
  return Math.sqrt(load)
}

/** The load whose root this is; below zero there is none. */
export function loadOf(root: number): number {
  return root > 0 ? Math.min(root * root, LARGEST_VALUE) : 0
}

/** √load of a whole series: gaps are as one season before, else as the step before. */
export function rootsOf(values: Float64Array, seasons: readonly number[]): Float32Array {
  const past = { seasons, ring: new Float32Array(values.length), count: 0 }
  for (const value of values) observe(past, value)
  return past.ring
}

/** One step later; NaN: not seen. */
export function observe(past: Past, load: number): void {
  const { ring, count } = past
  ring[count % ring.length] = Number.isNaN(load) ? standIn(past) : Math.sqrt(load)
  past.count = count + 1
}

function standIn(past: Past): number {
  const { seasons, count } = past
  if (count === 0) return 0
  const season = seasons[0]
  return at(
    past,
    season !== undefined && isKnown(past, count - season) ? count - season : count - 1,
  )
}

export function isKnown({ ring, count }: Past, step: number): boolean {
  return step >= 0 && step < count && step >= count - ring.length
}

/** √load of a known step. */
export function at({ ring }: Past, step: number): number {
  return ring[step % ring.length]!
}

/** Mean of the known steps from `centre` − half to `centre` + half. */
export function around({ ring, count }: Past, centre: number, half: number): number {
  const oldest = Math.max(0, count - ring.length)
  const from = Math.max(oldest, Math.min(centre - half, count - 1))
  const to = Math.max(from, Math.min(centre + half, count - 1))
  let sum = 0
  let slot = from % ring.length
  for (let i = from; i <= to; i++) {
    sum += ring[slot]!
    slot = slot + 1 === ring.length ? 0 : slot + 1
  }
  return sum / (to - from + 1)
}

/** Mean of the newest `steps` steps before `end`. */
export function meanBefore({ ring, count }: Past, end: number, steps: number): number {
  const oldest = Math.max(0, count - ring.length)
  const from = Math.max(oldest, end - steps)
  const to = Math.max(from + 1, end)
  let sum = 0
  let slot = from % ring.length
  for (let i = from; i < to; i++) {
    sum += ring[slot]!
    slot = slot + 1 === ring.length ? 0 : slot + 1
  }
  return sum / (to - from)
}

/** Mean over the shortest season, or over a while without one, from a few of its steps. */
export function longMean(past: Past): number {
  const { seasons, count, ring } = past
  const steps = Math.min(seasons[0] ?? LONG_STEPS, count, ring.length)
  const samples = Math.min(LONG_SAMPLES, steps)
  let sum = 0
  for (let i = 0; i < samples; i++) sum += at(past, count - 1 - Math.floor((i * steps) / samples))
  return sum / samples
}

/** The newest step at least a whole number of seasons before `target` that has been seen. */
export function seasonAgo(count: number, ahead: number, season: number): number {
  return count + ahead - season * Math.ceil((ahead + 1) / season)
}

/**
 * A plain forecast of the √load `ahead` steps after the next one, from which the network says how far to depart: the load
 * of the target's time one season ago (mean over the seasons), and how far the load is from its season now, fading.
 */
export function baselineOf(past: Past): (ahead: number) => number {
  const { count } = past
  const now = meanBefore(past, count, NOW_STEPS)
  const seasons = past.seasons.filter((season) => isKnown(past, count - season - NOW_STEPS))
  const shortest = seasons[0]
  if (shortest === undefined) {
    const plain = (now + at(past, count - 1)) / 2
    return () => plain
  }
  let usualNow = 0
  for (const season of seasons) usualNow += meanBefore(past, count - season, NOW_STEPS)
  const departure = now - usualNow / seasons.length
  return (ahead) => {
    let usual = 0
    for (const season of seasons)
      usual += around(past, seasonAgo(count, ahead, season), narrowOf(season))
    const left = Math.exp((-6 * (ahead + 1)) / shortest)
    return Math.max(0, usual / seasons.length + left * departure)
  }
}
