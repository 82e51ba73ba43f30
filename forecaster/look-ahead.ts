/**
 * How a forecaster's members are made to speak together: their corrected paths, those that are not sound left out; the
 * weighted mean; the shift while the load is away; and who speaks when nobody is left.
 */
import { combine, weightsOf } from './ensemble.ts'
import type { ModelKind } from './forecast.ts'
import type { ForecasterState, Member } from './forecaster-state.ts'
import { lastValue } from './models/last-value.ts'
import { newPath } from './models/path-storage.ts'
import { modelOf } from './models/registry.ts'
import { seasonalNaive } from './models/seasonal-naive.ts'
import { AWAY_DECAY, note, reachOf, shiftOf } from './tracking.ts'

/** A path that leaves this multiple of the largest load ever seen is taken for a failure of the model. */
const ABSURD = 10

export interface Spoken {
  /** Who spoke instead of the members; undefined when they did. */
  readonly instead?: ModelKind
  readonly point: Float64Array
  /** How much wider the band must be for the one who spoke. */
  readonly wider: number
}

/** What `lookAhead` found at a state's newest step: who asks for a forecast just then is told the same again. */
const known = new WeakMap<ForecasterState, Spoken & { readonly issued: number }>()

/** The point path for the next `horizonSteps` steps: finite, not negative. */
export function speak(state: ForecasterState, horizonSteps: number): Spoken {
  const told = known.get(state)
  if (told?.issued === state.issued && told.point.length >= horizonSteps) {
    const point = newPath(horizonSteps)
    point.set(told.point.subarray(0, horizonSteps))
    return { ...told, point }
  }
  const { instead, point, wider } = unshifted(state, memberPaths(state, horizonSteps), horizonSteps)
  return { ...(instead && { instead }), wider, point: instead ? point : shifted(point, state) }
}

/** The weighted mean of the members' paths, or who speaks instead. */
function unshifted(
  state: ForecasterState,
  paths: readonly (Float64Array | undefined)[],
  steps: number,
): Spoken {
  const weights = weightsOf(state.losses, state.members.length)
  const point = combine(paths, weights, state.band.horizonSteps, newPath(steps))
  return point ? { point, wider: 1 } : fallback(state, steps)
}

/** The members' corrected paths; undefined in place of one that throws, is not finite, or is absurd. */
export function memberPaths(state: ForecasterState, steps: number): (Float64Array | undefined)[] {
  const limit = ABSURD * state.largest
  return state.members.map((member) => soundPath(member, steps, limit))
}

function soundPath(member: Member, steps: number, limit: number): Float64Array | undefined {
  let path: Float64Array
  try {
    path = modelOf(member.kind).predict(member.modelState, steps)
  } catch {
    return undefined
  }
  const { decay } = member.correction
  let raise = member.correction.residual
  for (let k = 0; k < steps; k++) {
    raise *= decay
    const value = path[k]! + raise
    if (!(value <= limit)) return undefined
    path[k] = Math.max(value, 0)
  }
  return path
}

/** While the load is away from where the members have it, the path is too, ever less. */
function shifted(path: Float64Array, state: ForecasterState): Float64Array {
  let shift = shiftOf(state)
  if (shift === 0) return path
  const limit = ABSURD * state.largest
  for (let k = 0; k < path.length; k++) {
    shift *= AWAY_DECAY
    path[k] = Math.min(Math.max(path[k]! + shift, 0), limit)
  }
  return path
}

/** Forecasts as far as the tracking asks for just now, and leaves them there to be scored. */
export function lookAhead(state: ForecasterState): void {
  for (const member of state.members) member.bare = modelOf(member.kind).next(member.modelState)
  const reach = reachOf(state)
  const paths = memberPaths(state, reach)
  const { instead, point, wider } = unshifted(state, paths, reach)
  state.expected = point[0]!
  if (instead) {
    // the fallbacks' paths are noted shifted too, and spoken as they are
    known.set(state, { instead, wider, point: point.slice(), issued: state.issued })
    note(state, paths, shifted(point, state))
    return
  }
  const path = shifted(point, state)
  note(state, paths, path)
  known.set(state, { wider, point: path, issued: state.issued })
}

function fallback(state: ForecasterState, horizonSteps: number): Spoken {
  const naive = state.naive && seasonalNaive.predict(state.naive, horizonSteps)
  if (naive?.every(Number.isFinite))
    return { instead: 'seasonal-naive', point: naive, wider: state.naiveInflation }
  const point = lastValue.predict({ last: state.last }, horizonSteps)
  return { instead: 'last-value', point, wider: state.lastInflation }
}
