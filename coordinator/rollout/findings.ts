/**
 * What a rollout's units say so far: by how much the candidate loses more or less than the champion, with intervals that
 * hold whenever one looks (confidence-sequence.ts) over doubly robust scores (doubly-robust.ts).
 *
 * The model's predictions are put right by how far they were off under each arm in the blocks before; never in the same
 * block, so that a score's mean stays what it is.
 */
import { type Interval, intervalOf, noTally, type Tally, tallied } from './confidence-sequence.ts'
import { doublyRobustScore, effectiveUnits } from './doubly-robust.ts'
import type { Losses } from './unit.ts'

/** One service and block, with chances over the arms. */
export interface Unit extends Losses {
  readonly service: string
  readonly block: number
  readonly arm: number
  /** Chances with which the arms were drawn. */
  readonly probabilities: readonly number[]
  /** Chances with which candidate and champion play each arm. */
  readonly candidate: readonly number[]
  readonly champion: readonly number[]
  /** The model's, one an arm. */
  readonly predicted: readonly Losses[]
}

export interface Findings {
  readonly units: number
  /** Units in which another arm than the champion's acted. */
  readonly otherUnits: number
  /** How many units' worth is known of the candidate. */
  readonly effectiveUnits: number
  /** Candidate less champion: below 0 the candidate is better. */
  readonly loss: Interval
  readonly burn: Interval
  readonly championLoss: number
  readonly candidateLoss: number
  readonly championBurn: number
  readonly candidateBurn: number
}

type Measure = keyof Losses

/** `alpha`: chance that one of the two intervals ever misses. `units` in the order of their blocks. */
export function findingsOf(
  units: readonly Unit[],
  { alpha, tightestAt }: { readonly alpha: number; readonly tightestAt: number },
): Findings {
  const options = { alpha: alpha / 2, tightestAt }
  const loss = contrastOf(units, 'loss')
  const burn = contrastOf(units, 'burn')
  return {
    units: units.length,
    otherUnits: units.filter(({ arm, champion }) => champion[arm] === 0).length,
    effectiveUnits: effectiveUnits(
      units,
      units.map(({ candidate }) => candidate),
    ),
    loss: intervalOf(loss.difference, options),
    burn: intervalOf(burn.difference, options),
    championLoss: loss.champion.mean,
    candidateLoss: loss.candidate.mean,
    championBurn: burn.champion.mean,
    candidateBurn: burn.candidate.mean,
  }
}

interface Contrast {
  readonly difference: Tally
  readonly champion: Tally
  readonly candidate: Tally
}

function contrastOf(units: readonly Unit[], measure: Measure): Contrast {
  let difference = noTally
  let champion = noTally
  let candidate = noTally
  const errors = createErrors()
  for (const unit of units) {
    const off = errors.before(unit.block)
    const predicted = unit.predicted.map((losses, arm) => losses[measure] + off(arm))
    const drawn = { ...unit, outcome: unit[measure], predicted }
    const ofChampion = doublyRobustScore(drawn, unit.champion)
    const ofCandidate = doublyRobustScore(drawn, unit.candidate)
    champion = tallied(champion, ofChampion)
    candidate = tallied(candidate, ofCandidate)
    difference = tallied(difference, ofCandidate - ofChampion)
    errors.note(unit.arm, unit[measure] - unit.predicted[unit.arm]![measure])
  }
  return { difference, champion, candidate }
}

/** How far the model was off under each arm, drawn towards none while little is known. */
function createErrors() {
  const sums = new Map<number, { sum: number; count: number }>()
  const waiting: { readonly arm: number; readonly error: number }[] = []
  let block = Number.NaN
  return {
    /** Errors of the blocks before `now`. */
    before(now: number): (arm: number) => number {
      if (now !== block) {
        for (const { arm, error } of waiting.splice(0)) {
          const { sum, count } = sums.get(arm) ?? { sum: 0, count: 0 }
          sums.set(arm, { sum: sum + error, count: count + 1 })
        }
        block = now
      }
      return (arm) => {
        const { sum, count } = sums.get(arm) ?? { sum: 0, count: 0 }
        return sum / (count + 1)
      }
    },
    note: (arm: number, error: number) => void waiting.push({ arm, error }),
  }
}

/**
 * What a candidate that acts everywhere burns beyond the champion, who acts nowhere any more: the model speaks for him, put
 * right by how far it was off under him in the canary.
 */
export function watchedBurn(
  units: readonly Unit[],
  canaryUnits: readonly Unit[],
  options: { readonly alpha: number; readonly tightestAt: number },
): Interval {
  const errors = canaryUnits
    .filter(({ arm, champion }) => champion[arm] === 1)
    .map(({ arm, burn, predicted }) => burn - predicted[arm]!.burn)
  const off = errors.reduce((sum, error) => sum + error, 0) / (errors.length + 1)
  const beyond = units.map(({ burn, predicted }) => burn - (predicted[0]!.burn + off))
  return intervalOf(beyond.reduce(tallied, noTally), options)
}
