/**
 * How much better a covariate makes the load foretold that it was not learned from: each block is foretold from what came
 * before it alone, with the covariate and without it. Of later values of covariates only those are used that are known in
 * advance.
 */
import { type EffectForm, levelOf, withEffect } from './effects.ts'
import type { Column, Estimate } from './estimate.ts'

const MOST_HELD_OUT = 6
const GOLDEN = (Math.sqrt(5) - 1) / 2

/** The scale on which effects add up. */
export interface Scale {
  readonly form: EffectForm
  /** Effects of about this size are expected. */
  readonly prior: number
  to(load: number): number
  from(value: number): number
}

export interface HeldOut {
  readonly with: number
  readonly without: number
  /** Root mean square of what the weight missed by. */
  readonly error: number
  readonly better: number
  readonly blocks: number
}

/** What is held out: events but the first one; of a series, stretches of a horizon in the newer half. */
export function blocksOf(
  { runs, shape }: Column,
  steps: number,
  horizonSteps: number,
): readonly (readonly [number, number])[] {
  if (shape.kind === 'event') return runs.slice(1).slice(-MOST_HELD_OUT)
  const length = Math.min(horizonSteps, steps >> 3)
  const from = steps >> 1
  const stretch = (steps - length - from) / MOST_HELD_OUT
  return Array.from({ length: MOST_HELD_OUT }, (_, i) => {
    const start = from + Math.floor((i + ((i * GOLDEN) % 1)) * stretch)
    return [start, start + length] as const
  })
}

export function holdOut(
  history: Float64Array,
  column: Column,
  weight: number,
  blocks: readonly (readonly [number, number])[],
  before: (origin: number) => Estimate,
  scale: Scale,
): HeldOut {
  let [lossWith, without, better, squares, tested] = [0, 0, 0, 0, 0]
  for (const [from, to] of blocks) {
    const past = before(from)
    const own = past.columns.findIndex(({ covariate }) => covariate === column.covariate)
    if (own < 0) continue
    const told = foretell(history, past, own, from, to, scale)
    if (told.with === 0 && told.without === 0) continue
    tested++
    lossWith += told.with
    without += told.without
    if (told.with < told.without) better++
    const isEvent = column.shape.kind === 'event'
    squares += (isEvent ? told.missed : past.weights[own]! - weight) ** 2
  }
  const error = tested > 0 ? Math.sqrt(squares / tested) : 0
  return { with: lossWith, without, error, better, blocks: tested }
}

interface Foretold {
  readonly with: number
  readonly without: number
  /** What the weight would have had to be larger by. */
  readonly missed: number
}

/** The steps [from, to), from what came before them. */
function foretell(
  history: Float64Array,
  past: Estimate,
  own: number,
  from: number,
  to: number,
  scale: Scale,
): Foretold {
  let [lossWith, without, missed, size] = [0, 0, 0, 0]
  for (let t = from; t < to; t++) {
    const load = history[t]!
    if (Number.isNaN(load)) continue
    const base = scale.from(past.ahead(t - from))
    const others = othersAt(past, own, t, from)
    const x = knownAt(past.columns[own]!, t, from)
    const foretold = withEffect(scale.form, base, others + past.weights[own]! * x)
    lossWith += Math.abs(load - foretold)
    without += Math.abs(load - withEffect(scale.form, base, others))
    missed += scale.to(load) - scale.to(foretold)
    size += x
  }
  return { with: lossWith, without, missed: size === 0 ? 0 : missed / size }
}

function othersAt({ columns, weights }: Estimate, own: number, t: number, origin: number): number {
  return columns.reduce(
    (sum, column, c) => (c === own ? sum : sum + weights[c]! * knownAt(column, t, origin)),
    0,
  )
}

/** x at `t` as it was known at `origin`: what comes later than it is known ahead stays as it was. */
function knownAt({ covariate, shape }: Column, t: number, origin: number): number {
  const { aheadSteps, values } = covariate
  if (t - origin < aheadSteps) return levelOf(shape, values[t] ?? Number.NaN, t)
  if (shape.kind === 'event' || aheadSteps <= 0) return shape.newest
  return levelOf(shape, values[origin + aheadSteps - 1] ?? Number.NaN, t)
}
