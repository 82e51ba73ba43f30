/** What a forecaster remembers between steps: plain data, read back from JSON or from another thread. */
import { z } from 'zod'
import type { Correction } from './correction.ts'
import { type Band, LEVELS, ModelRef, Quality } from './forecast.ts'
import { modelOf } from './models/registry.ts'
import { type SeasonalNaiveState, seasonalNaive } from './models/seasonal-naive.ts'
import { FiniteNumbers } from './plain-data.ts'
import type { Tracking } from './tracking.ts'

/** Plain data; `advance` writes in place. */
export interface ForecasterState extends Tracking {
  readonly model: ModelRef
  /** Periods that fitting knew, steps, ascending. */
  readonly seasons: readonly number[]
  readonly quality: Quality
  readonly band: Band
  modelState: unknown
  /** The first fallback, followed beside the model; null when the model is it, or no season is known. */
  readonly naive: SeasonalNaiveState | null
  readonly correction: Correction
  /** How much wider than the band the fallbacks' errors were in the backtest. */
  readonly naiveInflation: number
  readonly lastInflation: number
  /** Newest and largest load seen. */
  last: number
  largest: number
  /** The model's value for the next step, bare and corrected. */
  bare: number
  expected: number
}

const StoredBand = z
  .strictObject({
    horizonSteps: z.int().min(1),
    power: z.number().min(0).max(1),
    spreadFloor: z.number().positive(),
    offsets: FiniteNumbers,
  })
  .refine((band) => band.offsets.length === LEVELS.length * band.horizonSteps, {
    error: `offsets must hold ${LEVELS.length} · horizonSteps numbers`,
    path: ['offsets'],
  })

const StoredForecaster = z.strictObject({
  model: ModelRef,
  seasons: z.array(z.int().min(2)),
  quality: Quality,
  band: StoredBand,
  modelState: z.unknown(),
  naive: z.unknown(),
  correction: z.strictObject({
    decay: z.number().min(0).max(1),
    gain: z.number().min(0).max(1),
    residual: z.number(),
  }),
  naiveInflation: z.number().min(1),
  lastInflation: z.number().min(1),
  last: z.number().min(0),
  largest: z.number().min(0),
  bare: z.number().min(0),
  expected: z.number().min(0),
  inflation: z.number().min(1),
  outsideShare: z.number().min(0).max(1),
  drifting: z.boolean(),
  away: z.number(),
})

/** A state from what JSON, a structured clone or a checkpoint made of it; throws a ZodError when it is none. */
export function readForecaster(stored: unknown): ForecasterState {
  const state = StoredForecaster.parse(stored)
  return {
    ...state,
    modelState: modelOf(state.model.kind).read(state.modelState),
    naive: state.naive === null ? null : seasonalNaive.read(state.naive),
  }
}
