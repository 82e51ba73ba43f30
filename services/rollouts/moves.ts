/** Where a rollout goes from what was found, and the sentence that says why. */

import type { Interval } from '../../coordinator/rollout/confidence-sequence.ts'
import {
  type Findings,
  findingsOf,
  type Unit,
  watchedBurn,
} from '../../coordinator/rollout/findings.ts'
import { judge, type Verdict } from '../../coordinator/rollout/judge.ts'
import type { Rollout, RolloutFindings, RolloutOutcome, RolloutStage } from './rollout.ts'

export interface Move {
  readonly stage: RolloutStage
  readonly outcome: RolloutOutcome | null
  readonly why: string
  readonly findings: RolloutFindings | null
}

/** What a rollout's units say so far; undefined where nothing was varied, so that nothing can be said. */
export function findingsNow(
  { settings, stage }: Rollout,
  units: readonly Unit[],
): Findings | undefined {
  const { alpha, leastUnits, explorationShare } = settings
  if (stage === 'full' || stage === 'ended') return undefined
  if (stage === 'shadow' && explorationShare === 0) return undefined
  return findingsOf(units, { alpha, tightestAt: 2 * leastUnits })
}

/** Undefined: it goes on as it is. */
export function moveAfter(
  rollout: Rollout,
  units: readonly Unit[],
  canaryUnits: readonly Unit[],
): Move | undefined {
  if (rollout.stage === 'full') return afterWatch(rollout, units, canaryUnits)
  const findings = findingsNow(rollout, units)
  if (!findings) return undefined
  const verdict = judge(findings, rollout.settings)
  if (verdict === 'go-on') return undefined
  const why = verdictWords(verdict, findings)
  return { ...follows(rollout, verdict), why, findings: findingsView(findings) }
}

function follows(
  { kind, stage }: Rollout,
  verdict: Exclude<Verdict, 'go-on'>,
): Pick<Move, 'stage' | 'outcome'> {
  if (kind === 'comparison') return { stage: 'ended', outcome: 'compared' }
  if (verdict === 'better') return { stage: stage === 'shadow' ? 'canary' : 'full', outcome: null }
  const acted = stage === 'canary' && verdict !== 'undecided'
  return { stage: 'ended', outcome: acted ? 'rolled-back' : 'rejected' }
}

/** A candidate that acts everywhere is held against what the model, as far off as it was in the canary, has the champion burn. */
function afterWatch(
  { settings }: Rollout,
  units: readonly Unit[],
  canaryUnits: readonly Unit[],
): Move | undefined {
  const { alpha, leastUnits, watchUnits, burnMargin } = settings
  const burn = watchedBurn(units, canaryUnits, { alpha, tightestAt: 2 * leastUnits })
  const known = `${intervalWords(burn)} error budgets beside the champion over ${units.length} units`
  if (units.length >= Math.min(leastUnits, watchUnits) && burn.low > burnMargin)
    return ended('rolled-back', `it burns ${known}`)
  return units.length >= watchUnits ? ended('promoted', `watched: it burns ${known}`) : undefined
}

const ended = (outcome: RolloutOutcome, why: string): Move => ({
  stage: 'ended',
  outcome,
  why,
  findings: null,
})

/** What is no matter of statistics. */
export function moveAtOnce({ kind, stage, settings }: Rollout, what: 'fault' | 'burn'): Move {
  const outcome = stage === 'shadow' && kind === 'rollout' ? 'rejected' : 'rolled-back'
  return ended(
    outcome,
    what === 'fault'
      ? 'the candidate said what is no number'
      : `under the candidate the error budget burned ${settings.burnRate} times as fast as it comes in, and would not have under the champion`,
  )
}

const figure = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(3))) : 'unbounded'

const intervalWords = ({ estimate, low, high }: Interval): string =>
  `${figure(estimate)} [${figure(low)}, ${figure(high)}]`

const VERDICTS: Record<Exclude<Verdict, 'go-on'>, string> = {
  better: 'the candidate loses less',
  worse: 'the candidate loses more',
  slo: 'the candidate burns too much of the error budget',
  undecided: 'no difference was found in the units allowed',
}

export function verdictWords(verdict: Exclude<Verdict, 'go-on'>, findings: Findings): string {
  return `${VERDICTS[verdict]}: loss by ${lossWords(findings)}`
}

export function lossWords({ units, otherUnits, loss, burn }: Findings): string {
  return `${intervalWords(loss)}, error budgets by ${intervalWords(burn)}, over ${units} units, ${otherUnits} of them without the champion`
}

const known = (value: number): number | null => (Number.isFinite(value) ? value : null)

const intervalView = ({ estimate, low, high }: Interval) => ({
  estimate: known(estimate),
  low: known(low),
  high: known(high),
})

export function findingsView(findings: Findings): RolloutFindings {
  const { units, otherUnits, loss, burn } = findings
  return {
    ...{ units, otherUnits, effectiveUnits: findings.effectiveUnits },
    loss: intervalView(loss),
    burn: intervalView(burn),
    championLoss: known(findings.championLoss),
    candidateLoss: known(findings.candidateLoss),
    championBurn: known(findings.championBurn),
    candidateBurn: known(findings.candidateBurn),
  }
}
