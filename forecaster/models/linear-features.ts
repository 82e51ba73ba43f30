/**
 * What the linear model looks at, on the square root of the load: the newest values and averages over ever longer
 * times, and for each season the load at the target's time one (and two) seasons ago, the load at this time one
 * season ago, each bare and smoothed, and a slowly learned profile. Fitting and forecasting read the same state.
 */

export interface LinearHistory {
  readonly seasons: readonly number[]
  /** Newest √load, `ring[i % ring.length]` is step i's. */
  readonly ring: Float64Array
  /** Exponentially weighted means, one a rate. */
  readonly means: Float64Array
  /** Per season: one value a step of it; NaN where nothing was seen yet. */
  readonly profiles: readonly Float64Array[]
  /** Steps seen. */
  count: number
}

const RATES = [0.5, 0.2, 0.07, 0.02, 0.005]
const NEWEST = 3
const PROFILE_RATE = 0.3
const LEAST_RING = 16
/** Twice a season is looked back only as far as this. */
const MOST_LOOK_BACK = 4500
/** They come last, season after season. */
export const FEATURES_A_SEASON = 8

export function featureCount(seasons: readonly number[]): number {
  return NEWEST + RATES.length + FEATURES_A_SEASON * seasons.length
}

export function newHistory(seasons: readonly number[]): LinearHistory {
  const reach = seasons.map((m) => (twice(m) ? 2 * m : m) + wide(m) + 2)
  return {
    seasons,
    ring: new Float64Array(Math.max(LEAST_RING, ...reach)),
    means: new Float64Array(RATES.length),
    profiles: seasons.map((m) => new Float64Array(m).fill(Number.NaN)),
    count: 0,
  }
}

/** One step later; a step that was not seen (NaN) is taken to be as one season ago, else as the one before. */
export function observe(history: LinearHistory, root: number): void {
  const { ring, means, seasons, profiles, count } = history
  const value = Number.isNaN(root) ? standIn(history) : root
  ring[count % ring.length] = value
  for (let i = 0; i < RATES.length; i++)
    means[i] = count === 0 ? value : means[i]! + RATES[i]! * (value - means[i]!)
  history.count = count + 1
  for (let s = 0; s < seasons.length; s++) learnProfile(history, profiles[s]!, seasons[s]!)
}

function standIn({ ring, seasons, count }: LinearHistory): number {
  if (count === 0) return 0
  const season = seasons[0]
  const back = season !== undefined && count >= season ? season : 1
  return ring[(count - back) % ring.length]!
}

function learnProfile(history: LinearHistory, profile: Float64Array, season: number): void {
  const half = Math.min(4, Math.floor(season / 24))
  const centre = history.count - 1 - half
  if (centre - half < 0) return
  const value = around(history, centre, half)
  const slot = centre % season
  const known = profile[slot]!
  profile[slot] = Number.isNaN(known) ? value : known + PROFILE_RATE * (value - known)
}

/** Writes the features for the step that comes `ahead` steps after the next one. */
export function featuresOf(history: LinearHistory, ahead: number, out: Float64Array): void {
  const { ring, means, seasons, profiles, count } = history
  let at = 0
  for (let i = 1; i <= NEWEST; i++) out[at++] = ring[Math.max(0, count - i) % ring.length]!
  for (const mean of means) out[at++] = mean
  for (let s = 0; s < seasons.length; s++) {
    const season = seasons[s]!
    const target = count + ahead - season * Math.ceil((ahead + 1) / season)
    const now = count - 1 - season
    const narrow = Math.min(2, Math.floor(season / 12))
    const broad = wide(season)
    out[at++] = around(history, target, 0)
    out[at++] = around(history, target, narrow)
    out[at++] = around(history, target, broad)
    out[at++] = around(history, twice(season) ? target - season : target, narrow)
    out[at++] = around(history, now, 0)
    out[at++] = around(history, now, narrow)
    out[at++] = around(history, now, broad)
    const usual = profiles[s]![(count + ahead) % season]!
    out[at++] = Number.isNaN(usual) ? means[RATES.length - 1]! : usual
  }
}

/** Mean of the known steps from `centre` − half to `centre` + half. */
function around({ ring, count }: LinearHistory, centre: number, half: number): number {
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

function wide(season: number): number {
  return Math.min(Math.max(8, Math.floor(season / 48)), Math.floor(season / 12))
}

function twice(season: number): boolean {
  return 2 * season <= MOST_LOOK_BACK
}
