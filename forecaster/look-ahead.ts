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

/** The point path for the next `horizonSteps` steps: finite, not negative. */
export function speak(state: ForecasterState, horizonSteps: number): Spoken {
  const path = combine(
    memberPaths(state, horizonSteps),
    weightsOf(state.losses, state.members.length),
    state.band.horizonSteps,
    newPath(horizonSteps),
  )
  return path ? { point: shifted(path, state), wider: 1 } : fallback(state, horizonSteps)
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
  const weights = weightsOf(state.losses, state.members.length)
  const path =
    combine(paths, weights, state.band.horizonSteps, newPath(reach)) ?? fallback(state, reach).point
  state.expected = path[0]!
  note(state, paths, shifted(path, state))
}

function fallback(state: ForecasterState, horizonSteps: number): Spoken {
  const naive = state.naive && seasonalNaive.predict(state.naive, horizonSteps)
  if (naive?.every(Number.isFinite))
    return { instead: 'seasonal-naive', point: naive, wider: state.naiveInflation }
  const point = lastValue.predict({ last: state.last }, horizonSteps)
  return { instead: 'last-value', point, wider: state.lastInflation }
}
