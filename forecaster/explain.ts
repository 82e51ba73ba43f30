/**
 * A forecast taken apart: level, trend, seasons and rest of its members' paths by their weights, what recent errors
 * corrected, what a load that has left its forecast shifted, and what each covariate does. The parts sum to the point
 * path. A member that names no parts of its own is one part as a whole.
 */
import { effectsOf, levelsAhead, withEffect } from './covariates/effects.ts'
import { combine, weightsOf } from './ensemble.ts'
import type { MemberKind, ModelKind } from './forecast.ts'
import type { ForecasterState } from './forecaster-state.ts'
import { memberPaths, speak } from './look-ahead.ts'
import { modelOf } from './models/registry.ts'

export interface Part {
  readonly name: 'level' | 'trend' | 'season' | 'rest' | 'correction' | 'shift' | 'covariate'
  /** Period of a season, steps. */
  readonly seasonSteps?: number
  /** Whose whole path a `rest` is, when that model names no parts. */
  readonly model?: MemberKind
  /** Name of the covariate. */
  readonly covariate?: string
  readonly values: Float64Array
}

export interface MemberWeight {
  readonly kind: MemberKind
  /** Share that it has in each step; 0 when its path is not sound. */
  readonly weights: Float64Array
}

export interface ForecastParts {
  readonly spoke: ModelKind
  readonly point: Float64Array
  readonly parts: readonly Part[]
  readonly members: readonly MemberWeight[]
}

/** `covariates` as in `forecastAt`, whose point path this is. */
export function explainForecast(
  state: ForecasterState,
  horizonSteps: number,
  covariates: readonly Float64Array[] = [],
): ForecastParts {
  const steps = Math.min(horizonSteps, state.band.horizonSteps)
  const { instead, point: spoken } = speak(state, steps)
  const base = instead ? fallbackParts(instead, spoken) : ensembleParts(state, steps, spoken)
  const { point, parts } = covariateParts(state, spoken, covariates)
  return {
    spoke: instead ?? state.model.kind,
    point,
    parts: [...base, ...parts],
    members: instead ? [] : memberWeights(state, steps),
  }
}

function fallbackParts(model: ModelKind, values: Float64Array): Part[] {
  return [{ name: 'rest', ...(model === 'ensemble' ? {} : { model }), values }]
}

type Paths = readonly (Float64Array | undefined)[]

/** Weighted means of the members' paths as `combine` makes them: it is linear, so parts may be combined as the wholes are. */
function combiner(state: ForecasterState, steps: number): (paths: Paths) => Float64Array {
  const weights = weightsOf(state.losses, state.members.length)
  return (paths) => {
    const out = new Float64Array(steps)
    return combine(paths, weights, state.band.horizonSteps, out) ?? out
  }
}

function memberWeights(state: ForecasterState, steps: number): MemberWeight[] {
  const combined = combiner(state, steps)
  const paths = memberPaths(state, steps)
  return state.members.map(({ kind }, m) => ({
    kind,
    weights: combined(
      paths.map((path, other) => path && new Float64Array(steps).fill(m === other ? 1 : 0)),
    ),
  }))
}

function ensembleParts(state: ForecasterState, steps: number, spoken: Float64Array): Part[] {
  const combined = combiner(state, steps)
  const paths = memberPaths(state, steps)
  const named = new Map<string, { part: Omit<Part, 'values'>; paths: Float64Array[] }>()
  const zeros = () => paths.map(() => new Float64Array(steps))
  const corrections = zeros()
  state.members.forEach((member, m) => {
    const path = paths[m]
    if (!path) return
    const own = partsOf(state, m, steps)
    for (const { values, ...part } of own) {
      const key = JSON.stringify([part.name, part.seasonSteps, part.model])
      const entry = named.get(key) ?? { part, paths: zeros() }
      named.set(key, entry)
      const into = entry.paths[m]!
      for (let k = 0; k < steps; k++) into[k]! += values[k]!
    }
    if (member.correction.gain > 0)
      for (let k = 0; k < steps; k++)
        corrections[m]![k] = path[k]! - own.reduce((sum, { values }) => sum + values[k]!, 0)
  })
  // a member without a path has no say in any part either
  const heard = (all: readonly Float64Array[]): Paths => all.map((one, m) => paths[m] && one)
  const parts: Part[] = [...named.values()].map(({ part, paths: own }) => ({
    ...part,
    values: combined(heard(own)),
  }))
  parts.sort((a, b) => rankOf(a) - rankOf(b) || (a.seasonSteps ?? 0) - (b.seasonSteps ?? 0))
  if (state.members.some(({ correction }) => correction.gain > 0))
    parts.push({ name: 'correction', values: combined(heard(corrections)) })
  const together = combined(paths)
  const shift = spoken.map((v, k) => v - together[k]!)
  if (shift.some((v) => v !== 0)) parts.push({ name: 'shift', values: shift })
  return parts
}

const ORDER: readonly Part['name'][] = ['level', 'trend', 'season', 'rest']
const rankOf = ({ name }: Part): number => ORDER.indexOf(name)

/** Parts of a member's bare path. */
function partsOf({ members }: ForecasterState, m: number, steps: number): readonly Part[] {
  const { kind, modelState } = members[m]!
  const model = modelOf(kind)
  return (
    model.components?.(modelState, steps) ?? [
      { name: 'rest', model: kind, values: model.predict(modelState, steps).slice() },
    ]
  )
}

/**
 * What each covariate adds to the path, or takes from it. Factors do not add up; each one's share of the whole difference
 * is its share of the logarithm (logarithmic mean Divisia index, Ang 2004, LMDI-I), which leaves no rest.
 */
function covariateParts(
  { effects }: ForecasterState,
  base: Float64Array,
  covariates: readonly Float64Array[],
): { point: Float64Array; parts: Part[] } {
  if (!effects) return { point: base, parts: [] }
  const steps = base.length
  const levels = levelsAhead(effects, covariates, steps)
  const sums = effectsOf(effects, levels)
  const point = base.map((value, k) => withEffect(effects.form, value, sums[k]!))
  const bare = new Float64Array(steps)
  effects.effects.forEach(({ weight }, i) => {
    for (let k = 0; k < steps; k++) bare[k]! += weight * levels[i * steps + k]!
  })
  const perUnit = bare.map((sum, k) => {
    if (Math.abs(sum) > 1e-12) return (point[k]! - base[k]!) / sum
    return effects.form === 'additive' ? 1 : base[k]!
  })
  const parts = effects.effects.map(
    ({ name, weight }, i): Part => ({
      name: 'covariate',
      covariate: name,
      values: perUnit.map((unit, k) => unit * weight * levels[i * steps + k]!),
    }),
  )
  return { point, parts }
}
