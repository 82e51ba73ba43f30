/**
 * What covariates (campaigns, holidays, releases, other metrics) do to a load, learned once a fit and then applied to all
 * models alike: the load is freed of the effects before any model sees it, and they are laid over what the models say.
 *
 *   multiplicative   load = base · exp(Σ weight · x)      the usual form: a campaign doubles what would have come
 *   additive         load = base + Σ weight · x           where nothing would have come, so that nothing can be doubled
 *
 * x of an event is its value while it is on, else 0. x of a series (a metric) is how far it is from what it usually is at
 * this time of its season, in robust deviations; what is not known yet stays as it was last seen.
 */
import { z } from 'zod'
import { type Band, LEVELS, placeAmong, spreadOf } from '../forecast.ts'
import { FiniteNumbers, LARGEST_VALUE } from '../plain-data.ts'
import { placesIn } from '../probes.ts'

export type CovariateKind = 'event' | 'series'

export interface Covariate {
  readonly name: string
  readonly kind: CovariateKind
  /**
   * Value `t` belongs to step `t` of the history that it is given with; values beyond its end are known in advance. NaN:
   * unknown. An event's are 0 where it is not on.
   */
  readonly values: Float64Array
  /** Steps after the issue time that are known at it; infinite for what is planned. */
  readonly aheadSteps: number
}

/** The covariate from step `skipped` of its history on. */
export function fromStep(covariate: Covariate, skipped: number): Covariate {
  return { ...covariate, values: covariate.values.subarray(skipped) }
}

export interface Effect {
  readonly name: string
  readonly kind: CovariateKind
  /** Logarithm of a factor (multiplicative), or load (additive), per unit of x. */
  readonly weight: number
  /** Root mean square by which it missed what held-out events did; same unit. */
  readonly error: number
  /** Largest |x| that was learned from; larger ones are drawn in to it. */
  readonly most: number
  /** A series' usual value at each step of its season, and what counts as one x. */
  readonly usual: Float64Array
  readonly scale: number
  /** A series' newest x. */
  newest: number
}

export type EffectForm = 'multiplicative' | 'additive'

/** Plain data; `followCovariates` writes in place. */
export interface Effects {
  readonly form: EffectForm
  readonly effects: Effect[]
  /** Steps since the beginning of the history that they were learned from. */
  position: number
}

/** However many effects come together, they make the load at most so many times larger or smaller. */
const MOST_FACTOR = 20
const MOST_LOG = Math.log(MOST_FACTOR)
const LOW_90 = LEVELS.indexOf(0.05)
const HIGH_90 = LEVELS.indexOf(0.95)
/** Width of the 90 % interval of a normal law with a standard deviation of one. */
const WIDTH_90 = 2 * 1.6449

/** x of `effect` when its covariate is `value`, `steps` after the beginning of the history. */
export function levelOf(
  effect: Pick<Effect, 'kind' | 'most' | 'usual' | 'scale' | 'newest'>,
  value: number,
  steps: number,
): number {
  const { kind, most, usual, scale } = effect
  if (kind === 'event') return Number.isNaN(value) ? 0 : drawnIn(value, most)
  const x = (value - usual[steps % usual.length]!) / scale
  return Number.isNaN(x) ? effect.newest : drawnIn(x, most)
}

const drawnIn = (x: number, most: number): number => Math.min(Math.max(x, -most), most)

/**
 * x of every effect for the coming steps, cell `effect · steps + k`. `ahead[i]` holds what is known of effect i's covariate,
 * from the step that comes next on; NaN or its end: not known.
 */
export function levelsAhead(
  { effects, position }: Effects,
  ahead: readonly Float64Array[],
  steps: number,
): Float64Array {
  const out = new Float64Array(effects.length * steps)
  effects.forEach((effect, i) => {
    let newest = effect.newest
    for (let k = 0; k < steps; k++) {
      const value = ahead[i]?.[k] ?? Number.NaN
      const x = levelOf({ ...effect, newest }, value, position + k)
      if (effect.kind === 'series') newest = x
      out[i * steps + k] = x
    }
  })
  return out
}

/** Σ weight · x of each step, bounded. */
export function effectsOf({ form, effects }: Effects, levels: Float64Array): Float64Array {
  const steps = effects.length === 0 ? 0 : levels.length / effects.length
  const out = new Float64Array(steps)
  effects.forEach(({ weight }, i) => {
    for (let k = 0; k < steps; k++) out[k]! += weight * levels[i * steps + k]!
  })
  return form === 'additive' ? out : out.map((sum) => drawnIn(sum, MOST_LOG))
}

/** Root mean square by which the effects of each step may be missed. */
export function errorsOf({ effects }: Effects, levels: Float64Array): Float64Array {
  const steps = effects.length === 0 ? 0 : levels.length / effects.length
  const out = new Float64Array(steps)
  effects.forEach(({ error }, i) => {
    for (let k = 0; k < steps; k++) out[k]! += (error * levels[i * steps + k]!) ** 2
  })
  return out.map(Math.sqrt)
}

/** The load that comes of what would have come without it. Finite and not negative. */
export function withEffect(form: EffectForm, base: number, effect: number): number {
  const value = form === 'additive' ? base + effect : base * Math.exp(effect)
  return Math.min(Math.max(value, 0), LARGEST_VALUE)
}

/** What would have come without the effect; NaN stays NaN. */
export function withoutEffect(form: EffectForm, value: number, effect: number): number {
  return withEffect(form, value, -effect)
}

/** One step later, on which the covariates were `values` (one an effect; absent or NaN: unknown). Returns its effect. */
export function followCovariates(effects: Effects, values: ArrayLike<number>): number {
  let sum = 0
  effects.effects.forEach((effect, i) => {
    const x = levelOf(effect, values[i] ?? Number.NaN, effects.position)
    if (effect.kind === 'series') effect.newest = x
    sum += effect.weight * x
  })
  effects.position++
  return effects.form === 'additive' ? sum : drawnIn(sum, MOST_LOG)
}

/** A copy of `history` without the effects; `values[i]` is effect i's covariate over the history. Leaves `effects` as they are. */
export function freedOf(
  history: Float64Array,
  { form, effects }: Effects,
  values: readonly Float64Array[],
): Float64Array {
  const from: Effects = {
    form,
    effects: effects.map((effect) => ({ ...effect, newest: 0 })),
    position: 0,
  }
  const levels = levelsAhead(from, values, history.length)
  const sums = effectsOf(from, levels)
  return history.map((v, t) => withoutEffect(form, v, sums[t]!))
}

/**
 * Writes into `point` what covariates do to it; `ahead` as in `levelsAhead`. Returns how wide the band of each step is for
 * an offset of one: as wide as at any load of this size, and wider by how far the effects were missed.
 */
export function layOver(
  point: Float64Array,
  band: Band,
  effects: Effects,
  ahead: readonly Float64Array[],
): Float64Array {
  const { form } = effects
  const levels = levelsAhead(effects, ahead, point.length)
  const sums = effectsOf(effects, levels)
  const errors = errorsOf(effects, levels)
  const places = placesIn(band.horizonSteps)
  const size = band.offsets.length / band.knots.length
  return point.map((base, k) => {
    const load = withEffect(form, base, sums[k]!)
    point[k] = load
    const width = spreadOf(band, load)
    const from = Math.round(placeAmong(band.knots, base)) * size + places[k]!.left * LEVELS.length
    const unit = band.offsets[from + HIGH_90]! - band.offsets[from + LOW_90]!
    const missed = WIDTH_90 * errors[k]! * (form === 'additive' ? 1 : load)
    return unit > 0 && missed > 0 ? Math.hypot(width, missed / unit) : width
  })
}

const StoredEffects = z.strictObject({
  form: z.enum(['multiplicative', 'additive']),
  effects: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.enum(['event', 'series']),
      weight: z.number(),
      error: z.number().min(0),
      most: z.number().min(0),
      usual: FiniteNumbers,
      scale: z.number().positive(),
      newest: z.number(),
    }),
  ),
  position: z.int().min(0),
})

/** Effects from what JSON or a structured clone made of them; throws a ZodError when they are none. */
export function readEffects(stored: unknown): Effects {
  return StoredEffects.parse(stored)
}
