/**
 * Several models as one: the path is the weighted mean of theirs. Weights are learned probe by probe from how far each
 * model missed lately, w ∝ (loss)^−8 with losses discounted over two seasons (inverse-loss weights, Bates & Granger
 * 1969, as in Yang's aggregated forecast through exponential re-weighting): near the best model where one is better,
 * an even mean where they are alike, and back again within a season when the regime changes. The backtest learns
 * them as the live forecaster does, from what had come by each issue time only.
 */
import type { BacktestRun } from './accuracy/backtest.ts'
import { placesIn } from './probes.ts'

const SHARPNESS = 8
const MEMORY_SEASONS = 2
const MEMORY_WITHOUT_SEASON = 200
const LEAST_MEMORY = 60

/** Share of a loss that is left a step later: half of it after two seasons. */
export function decayOf(seasons: readonly number[]): number {
  const season = seasons[0]
  const memory = season === undefined ? MEMORY_WITHOUT_SEASON : MEMORY_SEASONS * season
  return 0.5 ** (1 / Math.max(memory, LEAST_MEMORY))
}

/** Discounted losses → weights, cell `probe · members + member`; each probe's sum to 1. */
export function weightsOf(losses: Float64Array, members: number): Float64Array {
  const weights = new Float64Array(losses.length)
  for (let from = 0; from < losses.length; from += members) {
    let least = Number.POSITIVE_INFINITY
    for (let m = 0; m < members; m++) least = Math.min(least, losses[from + m]!)
    let sum = 0
    for (let m = 0; m < members; m++) {
      const loss = losses[from + m]!
      const weight = loss > least ? (least / loss) ** SHARPNESS : 1
      weights[from + m] = weight
      sum += weight
    }
    for (let m = 0; m < members; m++) weights[from + m]! /= sum
  }
  return weights
}

/**
 * Weighted mean of the members' paths, step by step; a path that is not finite or leaves `limit` has no say.
 * Undefined when none is left.
 */
export function combine(
  paths: readonly (Float64Array | undefined)[],
  weights: Float64Array,
  horizonSteps: number,
  out: Float64Array,
): Float64Array | undefined {
  if (paths.every((path) => path === undefined)) return undefined
  const members = paths.length
  const places = placesIn(horizonSteps)
  for (let k = 0; k < out.length; k++) {
    const { left, share } = places[k]!
    const a = left * members
    const b = share === 0 ? a : a + members
    let sum = 0
    let total = 0
    for (let m = 0; m < members; m++) {
      const path = paths[m]
      if (path === undefined) continue
      const weight = weights[a + m]! + share * (weights[b + m]! - weights[a + m]!)
      sum += weight * path[k]!
      total += weight
    }
    out[k] = total > 1e-12 ? sum / total : firstOf(paths)[k]!
  }
  return out
}

function firstOf(paths: readonly (Float64Array | undefined)[]): Float64Array {
  return paths.find((path) => path !== undefined)!
}

export interface Combined {
  readonly run: BacktestRun
  /** Cell `probe · members + member`, as they stand at the end of the runs. */
  readonly losses: Float64Array
}

/** The ensemble's backtest from its members', whose `points` and `errors` are already corrected. */
export function combineRuns(runs: readonly BacktestRun[], decay: number): Combined {
  const { plan, actuals } = runs[0]!
  const { origins, probes } = plan
  const members = runs.length
  const losses = new Float64Array(probes.length * members)
  const resolved = new Int32Array(probes.length)
  const points = new Float64Array(actuals.length)
  const nearest: Float64Array[] = []
  const learn = (until: number): void => {
    for (let j = 0; j < probes.length; j++) {
      while (resolved[j]! < origins.length && origins[resolved[j]!]! + probes[j]! < until)
        learnFrom(resolved[j]!++, j)
    }
  }
  const learnFrom = (origin: number, j: number): void => {
    const cell = origin * probes.length + j
    if (Number.isNaN(actuals[cell]!)) return
    const steps = origin === 0 ? 1 : origins[origin]! - origins[origin - 1]!
    for (let m = 0; m < members; m++) {
      const at = j * members + m
      losses[at] =
        decay ** steps * losses[at]! + steps * Math.abs(actuals[cell]! - runs[m]!.points[cell]!)
    }
  }
  for (let o = 0; o < origins.length; o++) {
    learn(origins[o]!)
    const weights = weightsOf(losses, members)
    nearest.push(weights.subarray(0, members))
    for (let j = 0; j < probes.length; j++) {
      const cell = o * probes.length + j
      for (let m = 0; m < members; m++)
        points[cell]! += weights[j * members + m]! * runs[m]!.points[cell]!
    }
  }
  learn(Number.POSITIVE_INFINITY)
  return { run: { ...runs[0]!, points, errors: nearErrors(runs, nearest) }, losses }
}

/** One-step errors under the weights that each step's newest issue time had. */
function nearErrors(runs: readonly BacktestRun[], weights: readonly Float64Array[]): Float64Array {
  const { plan, errors } = runs[0]!
  let origin = 0
  return errors.map((_, i) => {
    while (origin + 1 < plan.origins.length && plan.origins[origin + 1]! <= plan.trainSteps + i)
      origin++
    let sum = 0
    for (let m = 0; m < runs.length; m++) sum += weights[origin]![m]! * runs[m]!.errors[i]!
    return sum
  })
}
