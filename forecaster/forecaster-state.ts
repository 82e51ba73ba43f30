/** What a forecaster remembers between steps: plain data, read back from JSON or from another thread. */
import { z } from 'zod'
import type { Correction } from './correction.ts'
import { type Effects, readEffects } from './covariates/effects.ts'
import { type Band, LEVELS, type MemberKind, ModelKind, ModelRef, Quality } from './forecast.ts'
import { modelOf } from './models/registry.ts'
import { type SeasonalNaiveState, seasonalNaive } from './models/seasonal-naive.ts'
import { FiniteNumbers } from './plain-data.ts'
import { probesOf } from './probes.ts'
import type { Tracking } from './tracking.ts'

export interface Member {
  readonly kind: MemberKind
  modelState: unknown
  readonly correction: Correction
  /** The bare model's value for the next step. */
  bare: number
}

/** Plain data; `advance` writes in place. */
export interface ForecasterState extends Tracking {
  readonly model: ModelRef
  /** Periods that fitting knew, steps, ascending. */
  readonly seasons: readonly number[]
  readonly quality: Quality
  /** One model, or those of the ensemble. */
  readonly members: readonly Member[]
  /** The first fallback, followed beside the members; null when it is the only one, or no season is known. */
  readonly naive: SeasonalNaiveState | null
  /** What covariates do; all else here is about the load without it. Null: nothing that is known of. */
  readonly effects: Effects | null
  /** How much wider than the band the fallbacks' errors were in the backtest. */
  readonly naiveInflation: number
  readonly lastInflation: number
  /** Newest and largest load seen. */
  last: number
  largest: number
  /** What the members together foresee for the next step, unshifted. */
  expected: number
}

const StoredBand = z
  .strictObject({
    horizonSteps: z.int().min(1),
    power: z.number().min(0).max(1),
    spreadFloor: z.number().positive(),
    grain: z.number().min(0),
    knots: FiniteNumbers,
    offsets: FiniteNumbers,
  })
  .refine(
    (band): band is Band =>
      band.knots.length > 0 &&
      band.offsets.length ===
        band.knots.length * LEVELS.length * probesOf(band.horizonSteps).length,
    { error: `offsets must hold ${LEVELS.length} numbers a knot and probe`, path: ['offsets'] },
  )

const StoredMember = z.strictObject({
  kind: ModelKind.exclude(['ensemble']),
  modelState: z.unknown(),
  correction: z.strictObject({
    decay: z.number().min(0).max(1),
    gain: z.number().min(0).max(1),
    residual: z.number(),
  }),
  bare: z.number().min(0),
})

const StoredForecaster = z.strictObject({
  model: ModelRef,
  seasons: z.array(z.int().min(2)),
  quality: Quality,
  members: z.array(StoredMember).min(1),
  naive: z.unknown(),
  effects: z.unknown().optional(),
  naiveInflation: z.number().min(1),
  lastInflation: z.number().min(1),
  last: z.number().min(0),
  largest: z.number().min(0),
  expected: z.number().min(0),
  band: StoredBand,
  unrest: z.strictObject({ reaction: z.number().min(0).max(1), usual: z.number().min(0) }),
  volatility: z.number().min(0),
  units: FiniteNumbers,
  alarm: FiniteNumbers,
  losses: FiniteNumbers,
  decay: z.number().min(0).max(1),
  waiting: FiniteNumbers,
  issued: z.int().min(0),
  outsideShare: z.number().min(0).max(1),
  drifting: z.boolean(),
  away: z.number(),
})

/** A state from what JSON, a structured clone or a checkpoint made of it; throws a ZodError when it is none. */
export function readForecaster(stored: unknown): ForecasterState {
  const state = StoredForecaster.parse(stored)
  return {
    ...state,
    members: state.members.map((member) => ({
      ...member,
      modelState: modelOf(member.kind).read(member.modelState),
    })),
    naive: state.naive === null ? null : seasonalNaive.read(state.naive),
    effects: state.effects ? readEffects(state.effects) : null,
  }
}
