/**
 * The shadow stage's arms: what acts now, with its demand stretched a little more, a little less, or not at all. Only what
 * goes beyond the reactive floor moves by it, inside all guardrails and the budget.
 *
 * An exploring actor is named by what it is made of, so that a stored tick can be decided again from its frame.
 */
import type { LearnedActor } from '../../agents/policies/learned/act.ts'

const PREFIX = 'explore'

/** `base` undefined: the predictive policy. */
export function exploringActor(base: LearnedActor | undefined, factor: number): LearnedActor {
  return {
    version: [PREFIX, factor, ...(base ? [base.version] : [])].join(':'),
    features: base?.features ?? [],
    stretch: (seen) => factor * (base ? base.stretch(seen) : 1),
    ...(base?.tuningOf ? { tuningOf: base.tuningOf } : {}),
  }
}

export interface Exploring {
  readonly factor: number
  /** Version of what it explores around; undefined: the predictive policy. */
  readonly base: string | undefined
}

/** What an exploring actor's version says; undefined of another one's. */
export function exploringOf(version: string): Exploring | undefined {
  const [prefix, factor, base] = version.split(':')
  if (prefix !== PREFIX || !(Number(factor) > 0)) return undefined
  return { factor: Number(factor), base }
}

/** What each arm stretches by, and the place of the one that stretches nothing. */
export interface ExploringArms {
  /** Logarithms of the stretches, ascending. */
  readonly points: readonly number[]
  readonly probabilities: readonly number[]
  readonly champion: readonly number[]
}

/** `share` of the units explore, half of them in each direction, as far as `reach`. */
export function exploringArms(share: number, reach: number): ExploringArms {
  return {
    points: [-reach, 0, reach],
    probabilities: [share / 2, 1 - share, share / 2],
    champion: [0, 1, 0],
  }
}
