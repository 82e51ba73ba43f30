/**
 * From a past to the numbers that a network takes, and their names. The window's features are read by the cell, step by
 * step; a knot's belong to one step ahead and go straight to the head. All are differences of √load in units of the
 * series' own spread, so that one network serves services of any size; large ones are bent (logarithm).
 */
import {
  around,
  at,
  baselineOf,
  broadOf,
  isKnown,
  isSeenTwice,
  longMean,
  MOST_SEASONS,
  meanBefore,
  NOW_STEPS,
  narrowOf,
  type Past,
  type Scaling,
  seasonAgo,
} from './past.ts'
import type { NeuralShape } from './shape.ts'

export const INPUTS = ['load', 'load against a season ago', 'season sine', 'season cosine'] as const

const KNOT_COMMON = [
  'one',
  'distance',
  'newest load',
  'load now',
  'load of the window',
  'load of a season',
  'usual load',
  'restlessness',
  'usual spread',
] as const
const KNOT_SEASON = [
  'known',
  'load a season ago',
  'load around a season ago',
  'load now against a season ago',
  'load two seasons ago',
  'sine',
  'cosine',
] as const
export const KNOT_FEATURES = KNOT_COMMON.length + MOST_SEASONS * KNOT_SEASON.length

/** Beyond this many spreads a difference counts by its logarithm. */
const BEND = 3

/** Where a sample's numbers go: tables with a stride a feature and a stride a knot or step. */
export interface Target {
  readonly inputs: Float32Array
  readonly knotInput: Float32Array
  readonly baseline: Float32Array
  /** From one input to the next. */
  readonly inputStride: number
  readonly featureStride: number
  readonly knotStride: number
  readonly baselineStride: number
  /** Of the sample in every table. */
  readonly offset: number
}

function bend(x: number): number {
  const size = Math.abs(x)
  return size <= BEND ? x : Math.sign(x) * BEND * (1 + Math.log(size / BEND))
}

/** Sine and cosine of a season's steps, one after the other. */
const phases = new Map<number, Float32Array>()

function phasesOf(season: number): Float32Array {
  let table = phases.get(season)
  if (!table) {
    table = new Float32Array(2 * season)
    for (let i = 0; i < season; i++) {
      const angle = (2 * Math.PI * i) / season
      table[2 * i] = Math.sin(angle)
      table[2 * i + 1] = Math.cos(angle)
    }
    phases.set(season, table)
  }
  return table
}

/** What outputs are relative to, √load: u = anchor + spread · output. */
export function anchorOf(past: Past): number {
  return meanBefore(past, past.count, NOW_STEPS)
}

/** The spread of a step ahead, on the straight line between the knots around it. */
export function spreadAt(shape: NeuralShape, { spreads }: Scaling, ahead: number): number {
  const { knots } = shape
  let right = knots.findIndex((knot) => knot >= ahead)
  if (right < 0) right = knots.length - 1
  if (right === 0 || knots[right]! <= ahead) return spreads[right]!
  const share = (ahead - knots[right - 1]!) / (knots[right]! - knots[right - 1]!)
  return spreads[right - 1]! + share * (spreads[right]! - spreads[right - 1]!)
}

export function writeWindow(past: Past, scaling: Scaling, shape: NeuralShape, out: Target): void {
  const { window } = shape
  const { count, seasons } = past
  const { inputs, inputStride, offset } = out
  const season = seasons[0]
  const anchor = anchorOf(past)
  const phase = season === undefined ? undefined : phasesOf(season)
  for (let t = 0; t < window; t++) {
    const step = count - window + t
    const place = t * INPUTS.length * inputStride + offset
    const known = isKnown(past, step)
    const value = known ? at(past, step) : anchor
    inputs[place] = bend((value - anchor) / scaling.noise)
    let against = 0
    let sine = 0
    let cosine = 0
    if (season !== undefined && phase) {
      const slot = 2 * (((step % season) + season) % season)
      sine = phase[slot]!
      cosine = phase[slot + 1]!
      if (known && isKnown(past, step - season)) against = value - at(past, step - season)
    }
    inputs[place + inputStride] = bend(against / scaling.noise)
    inputs[place + 2 * inputStride] = sine
    inputs[place + 3 * inputStride] = cosine
  }
}

/** Mean size of the newest steps' changes. */
function restlessness(past: Past, window: number): number {
  let sum = 0
  let steps = 0
  for (let i = past.count - 1; i > past.count - window && isKnown(past, i - 1); i--) {
    sum += Math.abs(at(past, i) - at(past, i - 1))
    steps++
  }
  return steps > 0 ? sum / steps : 0
}

/** Writes the features of the given steps ahead, and their baselines. */
export function writeKnots(
  past: Past,
  scaling: Scaling,
  shape: NeuralShape,
  aheads: readonly number[],
  out: Target,
): void {
  const { count } = past
  const { level, noise } = scaling
  const now = anchorOf(past)
  const baseline = baselineOf(past)
  const newest = at(past, count - 1)
  const ofWindow = meanBefore(past, count, shape.window)
  const ofSeason = longMean(past)
  const restless = Math.log((restlessness(past, shape.window) + 0.05 * noise) / noise)
  for (let k = 0; k < aheads.length; k++) {
    const ahead = aheads[k]!
    const spread = spreadAt(shape, scaling, ahead)
    const base = baseline(ahead)
    out.baseline[k * out.baselineStride + out.offset] = (base - now) / spread
    let place = k * out.knotStride + out.offset
    const put = (value: number): void => {
      out.knotInput[place] = value
      place += out.featureStride
    }
    put(1)
    put(Math.log2(1 + ahead) / 8)
    put(bend((newest - base) / spread))
    put(bend((now - base) / spread))
    put(bend((ofWindow - base) / spread))
    put(bend((ofSeason - base) / spread))
    put(bend((level - base) / spread))
    put(restless)
    put(Math.log(spread / noise))
    for (let s = 0; s < MOST_SEASONS; s++) putSeason(past, s, ahead, base, spread, put)
  }
}

function putSeason(
  past: Past,
  slot: number,
  ahead: number,
  base: number,
  spread: number,
  put: (value: number) => void,
): void {
  const { count } = past
  const season = past.seasons[slot]
  if (season === undefined || !isKnown(past, count - season - NOW_STEPS)) {
    for (let i = 0; i < KNOT_SEASON.length; i++) put(0)
    return
  }
  const then = seasonAgo(count, ahead, season)
  const before = then - season
  const narrow = around(past, then, narrowOf(season))
  const twice = isSeenTwice(season) && isKnown(past, before - narrowOf(season))
  const phase = 2 * ((count + ahead) % season)
  put(1)
  put(bend((narrow - base) / spread))
  put(bend((around(past, then, broadOf(season)) - base) / spread))
  put(bend((anchorOf(past) - meanBefore(past, count - season, NOW_STEPS)) / spread))
  put(bend(((twice ? around(past, before, narrowOf(season)) : narrow) - base) / spread))
  put(phasesOf(season)[phase]!)
  put(phasesOf(season)[phase + 1]!)
}

/** Names of a sample's numbers in the order of `Features`: window, knots, baselines. */
export function namesOf(shape: NeuralShape): string[] {
  const names: string[] = []
  for (let t = 0; t < shape.window; t++)
    for (const input of INPUTS) names.push(`${input}, ${shape.window - t} steps ago`)
  const seasons = ['short', 'long'].flatMap((season) =>
    KNOT_SEASON.map((name) => `${season} season: ${name}`),
  )
  for (const knot of shape.knots)
    for (const name of [...KNOT_COMMON, ...seasons]) names.push(`${name}, for step ${knot + 1}`)
  for (const knot of shape.knots) names.push(`baseline, for step ${knot + 1}`)
  return names
}
