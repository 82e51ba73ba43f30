/**
 * Direct linear forecasts: one ridge regression a probe step ahead, from what `linear-features.ts` looks at, on the
 * square root of the load (which makes a Poisson load's noise even). Direct rather than recursive, so that errors do
 * not add up over the horizon (Marcellino, Stock & Watson 2006); that linear maps of the recent past and the last
 * seasons are hard to beat is the finding of Zeng et al. 2023 ("Are transformers effective for time series
 * forecasting?"). Steps between probes use coefficients between theirs.
 */
import { z } from 'zod'
import type { ForecastModel } from '../model.ts'
import { clampToPath, FiniteNumbers, usable, usableHistory } from '../plain-data.ts'
import { placesIn, probesOf } from '../probes.ts'
import {
  FEATURES_A_SEASON,
  featureCount,
  featuresOf,
  type LinearHistory,
  newHistory,
  observe,
} from './linear-features.ts'
import { withRest } from './path-components.ts'
import { newPath } from './path-storage.ts'
import { addRow, newSums, type Sums, solveRidge } from './ridge.ts'

const LEAST_ROWS = 40
/** More rows cost time and change little. */
const MOST_ROWS = 4000
const PENALTY = 10
/** A forecast stays below this multiple of the largest root seen. */
const MOST_GROWTH = 2

export interface LinearState {
  readonly history: LinearHistory
  readonly horizonSteps: number
  /** Per probe: intercept, then one coefficient a feature. */
  readonly coefficients: Float64Array
  largest: number
}

export const linear: ForecastModel<LinearState> = {
  kind: 'linear',
  fit(history, { seasons, horizonSteps }) {
    const values = usableHistory(history)
    const known = seasons.filter((season) => values.length >= 2 * season + LEAST_ROWS)
    const past = newHistory(known)
    const gathered = gather(values, past, horizonSteps)
    const coefficients = gathered && solveAll(gathered)
    if (!coefficients) return undefined
    let largest = 0
    for (const value of values) if (value > largest) largest = value
    return { history: past, horizonSteps, coefficients, largest: Math.sqrt(largest) }
  },
  update(state, value) {
    const root = Math.sqrt(usable(value))
    if (root > state.largest) state.largest = root
    observe(state.history, root)
    return state
  },
  next: (state) => valueAt(state, 0),
  predict(state, horizonSteps) {
    const path = newPath(horizonSteps)
    for (let k = 0; k < horizonSteps; k++) path[k] = valueAt(state, k)
    return path
  },
  components(state, horizonSteps) {
    const path = linear.predict(state, horizonSteps)
    const { seasons } = state.history
    const level = new Float64Array(horizonSteps)
    const parts = seasons.map((seasonSteps) => ({
      name: 'season' as const,
      seasonSteps,
      values: new Float64Array(horizonSteps),
    }))
    for (let k = 0; k < horizonSteps; k++) {
      const { flat, above } = rootParts(state, k)
      const root = above.reduce((sum, part) => sum + part, flat)
      level[k] = flat ** 2
      // root² − flat² = (root + flat) · Σ above: each season its share
      parts.forEach(({ values }, s) => {
        values[k] = (root + flat) * above[s]!
      })
    }
    return withRest(path, [{ name: 'level', values: level }, ...parts])
  },
  read(stored) {
    const { history, ...state } = StoredState.parse(stored)
    const profiles = history.profiles.map((profile) =>
      Float64Array.from(profile, (v) => v ?? Number.NaN),
    )
    return { ...state, history: { ...history, profiles } }
  },
}

const StoredState = z.strictObject({
  history: z.strictObject({
    seasons: z.array(z.int().min(2)),
    ring: FiniteNumbers,
    means: FiniteNumbers,
    profiles: z.array(z.unknown().transform(numbersOrGaps)),
    count: z.int().min(0),
  }),
  horizonSteps: z.int().min(1),
  coefficients: FiniteNumbers,
  largest: z.number().min(0),
})

/** NaN becomes null in JSON; a typed array becomes an object of its elements. */
function numbersOrGaps(stored: unknown): (number | null)[] {
  return Object.values(stored ?? {}).map((v) =>
    typeof v === 'number' && !Number.isNaN(v) ? v : null,
  )
}

/** Walks through the history once, and at up to `MOST_ROWS` steps notes features and what came at each probe. */
function gather(
  values: Float64Array,
  past: LinearHistory,
  horizonSteps: number,
): Sums[] | undefined {
  const probes = probesOf(horizonSteps)
  const features = featureCount(past.seasons)
  const warmUp = past.seasons.at(-1) ?? Math.min(20, values.length >> 2)
  const rows = values.length - warmUp
  if (rows < LEAST_ROWS) return undefined
  const every = Math.max(1, rows / MOST_ROWS)
  const sums = probes.map(() => newSums(features))
  const row = new Float64Array(features + 1)
  let next = warmUp
  for (let t = 0; t < values.length; t++) {
    if (t >= next) {
      next += every
      for (let j = 0; j < probes.length; j++) {
        const target = values[t + probes[j]!]
        if (target === undefined || Number.isNaN(target)) continue
        featuresOf(past, probes[j]!, row)
        row[features] = Math.sqrt(target)
        addRow(sums[j]!, row)
      }
    }
    observe(past, Math.sqrt(values[t]!))
  }
  return sums
}

/** Coefficients of every probe; a probe too far for the history takes those of the one before. */
function solveAll(sums: readonly Sums[]): Float64Array | undefined {
  const width = sums[0]!.features + 1
  const out = new Float64Array(sums.length * width)
  for (let j = 0; j < sums.length; j++) {
    const solved = sums[j]!.count >= LEAST_ROWS ? solveRidge(sums[j]!, PENALTY) : undefined
    if (solved) out.set(solved, j * width)
    else if (j === 0) return undefined
    else out.copyWithin(j * width, (j - 1) * width, j * width)
  }
  return out
}

let features = new Float64Array(64)
let coefficientsAt = new Float64Array(64)

/** Writes `features` and `coefficientsAt` (the intercept first) for a step ahead; returns how many features. */
function prepare({ history, coefficients, horizonSteps }: LinearState, ahead: number): number {
  const count = featureCount(history.seasons)
  const width = count + 1
  if (features.length < width) {
    features = new Float64Array(width)
    coefficientsAt = new Float64Array(width)
  }
  featuresOf(history, ahead, features)
  const { left, share } = placesIn(horizonSteps)[Math.min(ahead, horizonSteps - 1)]!
  const a = left * width
  const b = share > 0 ? a + width : a
  for (let i = 0; i < width; i++)
    coefficientsAt[i] = coefficients[a + i]! + share * (coefficients[b + i]! - coefficients[a + i]!)
  return count
}

function valueAt(state: LinearState, ahead: number): number {
  const count = prepare(state, ahead)
  let root = coefficientsAt[0]!
  for (let i = 0; i < count; i++) root += coefficientsAt[i + 1]! * features[i]!
  const most = MOST_GROWTH * state.largest
  return clampToPath(root > 0 ? Math.min(root, most) ** 2 : root)
}

/** √load of a step ahead: what it would be were each season flat, and what the features of each season add. */
function rootParts(state: LinearState, ahead: number): { flat: number; above: number[] } {
  const count = prepare(state, ahead)
  const { seasons, means } = state.history
  const usual = means.at(-1)!
  const above = seasons.map(() => 0)
  let flat = coefficientsAt[0]!
  const first = count - seasons.length * FEATURES_A_SEASON
  for (let i = 0; i < count; i++) {
    const coefficient = coefficientsAt[i + 1]!
    if (i < first) flat += coefficient * features[i]!
    else {
      flat += coefficient * usual
      above[Math.floor((i - first) / FEATURES_A_SEASON)]! += coefficient * (features[i]! - usual)
    }
  }
  return { flat, above }
}
