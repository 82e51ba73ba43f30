/**
 * Which covariates act on a series, and how much. A covariate is kept only if
 *
 * - with it, events held out would have been foretold better: each event (of a series: stretches of the history) is
 *   foretold from what came before it alone, with the covariate and without it;
 * - it says more than the same covariate at other times does: shifted along the history (a placebo in time, Abadie,
 *   Diamond & Hainmueller 2015, § 4), it explains less in all but a few places.
 *
 * So one that does nothing changes nothing, and one seen once is not believed yet.
 */
import { type Covariate, type EffectForm, type Effects, freedOf } from './effects.ts'
import { type Column, columnOf, type Estimate, estimate } from './estimate.ts'
import { blocksOf, type HeldOut, holdOut, type Scale } from './held-out.ts'
import { isPlacebo } from './placebo.ts'

/** What became of one covariate. */
export interface Verdict {
  readonly name: string
  readonly used: boolean
  /** What a value of 1 does: the factor, or the load that it adds; null when nothing was learned. */
  readonly effect: number | null
  readonly form: EffectForm
  /** Loss on what was held out, with it over without it; null when nothing could be held out. */
  readonly lossRatio: number | null
  readonly note: string
}

export interface EffectFit {
  /** Null when no covariate is worth it. */
  readonly effects: Effects | null
  readonly verdicts: readonly Verdict[]
}

const MOST_COLUMNS = 24
const LEAST_GAIN = 0.02
const LEAST_HISTORY = 32
/** Share of the mean load that is added before logarithms where loads are less, so that a load of zero has one. */
const FLOOR_SHARE = 0.02
/** The additive form must foretell better than the multiplicative one by more than this. */
const FORM_LEAD = 0.1

interface Trial extends HeldOut {
  readonly column: Column
  readonly kept: boolean
  readonly note: string
}

/** `history`: oldest first, not negative, NaN where nothing was seen. Values of covariates beyond its end are not looked at. */
export function fitEffects(
  history: Float64Array,
  covariates: readonly Covariate[],
  seasons: readonly number[],
  horizonSteps: number,
): EffectFit {
  if (covariates.length === 0 || history.length < LEAST_HISTORY)
    return { effects: null, verdicts: covariates.map((c) => untried(c, 'too little history')) }
  const columns = covariates.flatMap((c) => columnOf(c, history.length, seasons) ?? [])
  const tried = columns.toSorted((a, b) => b.on.length - a.on.length).slice(0, MOST_COLUMNS)
  const missing = covariates
    .filter((c) => !tried.some(({ covariate }) => covariate === c))
    .map((c) => untried(c, 'never on in the history that was learned from'))
  if (tried.length === 0) return { effects: null, verdicts: missing }
  const [multiplicative, additive] = scalesOf(history).map((scale) => ({
    scale,
    trials: tryAll(history, tried, seasons, horizonSteps, scale),
  }))
  const lead = (1 - FORM_LEAD) * lossOf(multiplicative!.trials) - lossOf(additive!.trials)
  // more than rounding
  const isAdditive = lead > 1e-9 * additive!.scale.prior
  const { scale, trials } = isAdditive ? additive! : multiplicative!
  const kept = trials.filter((trial) => trial.kept)
  const columnsKept = kept.map(({ column }) => column)
  const values = history.map(scale.to)
  const { weights } = estimate(values, columnsKept, seasons, scale.prior)
  const weightOf = (column: Column): number | null => weights[columnsKept.indexOf(column)] ?? null
  return {
    effects: kept.length === 0 ? null : effectsFrom(kept, weights, scale.form, history.length),
    verdicts: [...trials.map((trial) => verdictOf(trial, scale.form, weightOf)), ...missing],
  }
}

/** `fitEffects`, and the history without them: the same one when there are none. */
export function freeOfEffects(
  history: Float64Array,
  covariates: readonly Covariate[],
  seasons: readonly number[],
  horizonSteps: number,
): EffectFit & { readonly history: Float64Array } {
  const fit = fitEffects(history, covariates, seasons, horizonSteps)
  const { effects } = fit
  if (!effects) return { ...fit, history }
  const valuesOf = (name: string) => covariates.find((c) => c.name === name)!.values
  const values = effects.effects.map(({ name }) => valuesOf(name))
  return { ...fit, history: freedOf(history, effects, values) }
}

function untried({ name }: Covariate, note: string): Verdict {
  return { name, used: false, effect: null, form: 'multiplicative', lossRatio: null, note }
}

function verdictOf(
  { column, kept, note, with: lossWith, without }: Trial,
  form: EffectForm,
  weightOf: (column: Column) => number | null,
): Verdict {
  const weight = weightOf(column)
  const effect = weight === null || form === 'additive' ? weight : Math.exp(weight)
  const lossRatio = without > 0 ? lossWith / without : null
  return { name: column.covariate.name, used: kept, effect, form, lossRatio, note }
}

function effectsFrom(
  kept: readonly Trial[],
  weights: Float64Array,
  form: EffectForm,
  position: number,
): Effects {
  const effects = kept.map(({ column, error }, i) => ({
    name: column.covariate.name,
    ...column.shape,
    weight: weights[i]!,
    error,
  }))
  return { form, effects, position }
}

/** The multiplicative one first. */
function scalesOf(history: Float64Array): Scale[] {
  let sum = 0
  let count = 0
  for (const v of history) {
    if (!(v > 0)) continue
    sum += v
    count++
  }
  const mean = count > 0 ? sum / count : 1
  const needed = history.some((v) => v < FLOOR_SHARE * mean)
  const floor = needed ? FLOOR_SHARE * mean : 0
  return [
    {
      form: 'multiplicative',
      prior: 1,
      to: (load) => Math.log(load + floor),
      from: (value) => Math.max(Math.exp(value) - floor, 0),
    },
    { form: 'additive', prior: mean, to: (load) => load, from: (value) => Math.max(value, 0) },
  ]
}

function lossOf(trials: readonly Trial[]): number {
  return trials.reduce((sum, { kept, with: lossWith, without }) => {
    return sum + (kept ? lossWith : without)
  }, 0)
}

function tryAll(
  history: Float64Array,
  columns: readonly Column[],
  seasons: readonly number[],
  horizonSteps: number,
  scale: Scale,
): Trial[] {
  const values = history.map(scale.to)
  const whole = estimate(values, columns, seasons, scale.prior)
  const known = new Map<number, Estimate>()
  /** As it was at `origin`, from what came before it alone. */
  const before = (origin: number): Estimate => {
    const made = known.get(origin) ?? estimateBefore(values, columns, seasons, scale, origin)
    known.set(origin, made)
    return made
  }
  return columns.map((column, c) => {
    const blocks = blocksOf(column, history.length, horizonSteps)
    const heldOut = holdOut(history, column, whole.weights[c]!, blocks, before, scale)
    const note = objection(column, heldOut) ?? (isPlacebo(whole, c) ? 'as at any other time' : '')
    return { column, ...heldOut, kept: note === '', note }
  })
}

function estimateBefore(
  values: Float64Array,
  columns: readonly Column[],
  seasons: readonly number[],
  { prior }: Scale,
  origin: number,
): Estimate {
  const seen = columns.flatMap(({ covariate }) => columnOf(covariate, origin, seasons) ?? [])
  return estimate(values.slice(0, origin), seen, seasons, prior)
}

/** Why not to believe in the covariate; undefined when there is nothing to say against it. */
function objection(
  { runs, shape }: Column,
  { with: lossWith, without, better, blocks }: HeldOut,
): string | undefined {
  if (shape.kind === 'event' && runs.length < 2) return 'seen once; needs two to be tested'
  if (blocks === 0) return 'nothing to test it on'
  if (!(lossWith <= (1 - LEAST_GAIN) * without) || 2 * better <= blocks)
    return 'does not make what was held out easier to foretell'
  return undefined
}
