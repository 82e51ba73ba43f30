/**
 * LSTM and GRU as forecasting models: a network trained earlier on many services (`train.ts`), and of the service at
 * hand only its scale and its newest values. Needs `context.neural`; without trained weights it does not compete.
 */
import { z } from 'zod'
import type { FitContext, ForecastModel } from '../model.ts'
import { FiniteNumbers, usable, usableHistory } from '../plain-data.ts'
import { anchorOf, namesOf, spreadAt } from './features.ts'
import { forecastMany, forecastOf, type NeuralSubject } from './neural-forecast.ts'
import { at, baselineOf, chosenSeasons, loadOf, observe, ringLength, rootsOf } from './past.ts'
import { learnScaling } from './scaling.ts'
import { type Cell, medianOf } from './shape.ts'
import { type NeuralWeights, StoredWeights } from './weights.ts'

const LEAST_KNOWN = 24
/** A forecast stays below this multiple of the largest root seen. */
const MOST_GROWTH = 2

export interface NeuralState extends NeuralSubject {
  /** √load. */
  largest: number
}

/** `newPath` gives the storage of a path. */
export function createNeural(
  cell: Cell,
  newPath: (steps: number) => Float64Array = (steps) => new Float64Array(steps),
): ForecastModel<NeuralState> {
  return {
    kind: cell,
    fit(history, { seasons, neural }: FitContext) {
      const weights = neural?.[cell]
      return weights && stand(usableHistory(history), seasons, weights)
    },
    update(state, value) {
      observe(state, usable(value))
      const newest = at(state, state.count - 1)
      if (newest > state.largest) state.largest = newest
      return state
    },
    next: (state) => pathOf(state, first)[0]!,
    predict: (state, horizonSteps) => pathOf(state, newPath(horizonSteps)),
    read: (stored) => {
      const { ring, ...state } = StoredState.parse(stored)
      return { ...state, ring: Float32Array.from(ring) }
    },
  }
}

/** The state at the end of a history. */
function stand(
  values: Float64Array,
  seasons: readonly number[],
  weights: NeuralWeights,
): NeuralState | undefined {
  const known = values.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0)
  if (known < LEAST_KNOWN) return undefined
  const { window, knots } = weights.shape
  const own = chosenSeasons(seasons).filter((season) => 2 * season <= values.length)
  const roots = rootsOf(values, own)
  const scaling = learnScaling(
    { seasons: own, ring: roots, count: 0 },
    values,
    values.length,
    knots,
  )
  const ring = new Float32Array(ringLength(own, window))
  const count = values.length
  for (let i = Math.max(0, count - ring.length); i < count; i++) ring[i % ring.length] = roots[i]!
  return { weights, seasons: own, scaling, ring, count, largest: largestOf(roots) }
}

function largestOf(values: Float32Array): number {
  let largest = 0
  for (const value of values) if (value > largest) largest = value
  return largest
}

const StoredState = z
  .strictObject({
    weights: StoredWeights,
    seasons: z.array(z.int().min(2)).max(2),
    scaling: z.strictObject({
      level: z.number().min(0),
      noise: z.number().positive(),
      spreads: FiniteNumbers,
    }),
    ring: z.union([
      z.instanceof(Float32Array).transform((ring) => Float64Array.from(ring)),
      FiniteNumbers,
    ]),
    count: z.int().min(1),
    largest: z.number().min(0),
  })
  .refine(({ scaling, weights }) => scaling.spreads.length === weights.shape.knots.length, {
    path: ['scaling', 'spreads'],
    message: 'must be as many as the knots of the weights',
  })

/** The median path: each step's own baseline, and the departure from it as at the knots around. */
function pathOf(state: NeuralState, path: Float64Array): Float64Array {
  const { shape } = state.weights
  const { knots, levels } = shape
  const { quantiles, baseline } = forecastOf(state)
  const median = medianOf(shape)
  const usual = baselineOf(state)
  const departure = (k: number): number => quantiles[k * levels.length + median]! - baseline[k]!
  let right = 0
  for (let ahead = 0; ahead < path.length; ahead++) {
    while (right < knots.length - 1 && knots[right]! < ahead) right++
    let value = departure(right)
    if (right > 0 && knots[right]! > ahead) {
      const left = right - 1
      const share = (ahead - knots[left]!) / (knots[right]! - knots[left]!)
      value = departure(left) + share * (value - departure(left))
    }
    const root = usual(ahead) + spreadAt(shape, state.scaling, ahead) * value
    path[ahead] = loadOf(Math.min(root, MOST_GROWTH * state.largest))
  }
  return path
}

const first = new Float64Array(1)

/** Forecasts many states at once; `next` and `predict` of each are then quick until it moves on. */
export function predictMany(states: readonly NeuralState[]): void {
  forecastMany(states)
}

export interface KnotQuantiles {
  /** Steps ahead, 0 is the next step. */
  readonly knots: readonly number[]
  readonly levels: readonly number[]
  /** Load, [knots][levels], not crossing. */
  readonly values: Float64Array
}

/** The network's own quantiles, before any calibration. */
export function quantilesAtKnots(state: NeuralState): KnotQuantiles {
  const { knots, levels } = state.weights.shape
  return { knots, levels, values: toLoads(state, forecastOf(state).quantiles) }
}

/** A table [knots][levels] in the network's unit as loads. */
export function toLoads(state: NeuralState, quantiles: Float32Array): Float64Array {
  const { levels } = state.weights.shape
  const anchor = anchorOf(state)
  const most = MOST_GROWTH * state.largest
  return Float64Array.from(quantiles, (value, i) => {
    const spread = state.scaling.spreads[Math.floor(i / levels.length)]!
    return loadOf(Math.min(anchor + spread * value, most))
  })
}

/** Names of what the network sees, in the order of `featuresOf` (neural-forecast.ts). */
export function featureNames(weights: NeuralWeights): string[] {
  return namesOf(weights.shape)
}
