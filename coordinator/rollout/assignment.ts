/**
 * Which arm acts for a service in a block of ticks. A block is long beside the lead time, so that what an arm decided has
 * come to bear within it, and chance draws anew for every service and block: at any time about the canary's share of the
 * services is under the candidate, and each service is so for that share of the time (a switchback experiment: Bojinov,
 * Simchi-Levi & Zhao 2023, "Design and analysis of switchback experiments").
 *
 * Drawing is hashing, so that it is the same after a restart, in a replay and on another machine.
 */
import { hash } from 'node:crypto'

export interface Place {
  /** Names the rollout and its stage, so that no two draw alike. */
  readonly seed: string
  readonly service: string
  readonly block: number
}

/** A number in [0, 1) that hangs on `place` alone. */
export function chanceAt({ seed, service, block }: Place): number {
  const digest = hash('sha256', JSON.stringify([seed, service, block]), 'hex')
  return Number.parseInt(digest.slice(0, 12), 16) / 2 ** 48
}

/** The arm that `place` draws of arms with these chances. */
export function drawArm(place: Place, probabilities: readonly number[]): number {
  const chance = chanceAt(place)
  let sum = 0
  for (let arm = 0; arm < probabilities.length - 1; arm++) {
    sum += probabilities[arm]!
    if (chance < sum) return arm
  }
  return lastPossible(probabilities)
}

/** Rounding may leave a chance above the sum of all; an arm without any is never drawn. */
function lastPossible(probabilities: readonly number[]): number {
  let arm = probabilities.length - 1
  while (arm > 0 && probabilities[arm] === 0) arm--
  return arm
}

/**
 * Where a value stands among ascending `points`, as chances of being rounded down or up to its neighbours, so that its mean
 * is the value itself; beyond the ends it is the end.
 */
export function roundingChances(points: readonly number[], value: number): number[] {
  const chances = points.map(() => 0)
  const last = points.length - 1
  if (!(value > points[0]!)) chances[0] = 1
  else if (value >= points[last]!) chances[last] = 1
  else {
    const above = points.findIndex((point) => point > value)
    const share = (value - points[above - 1]!) / (points[above]! - points[above - 1]!)
    chances[above - 1] = 1 - share
    chances[above] = share
  }
  return chances
}
