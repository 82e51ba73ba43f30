/**
 * What follows from a stage's findings. A candidate goes on when it surely loses less and surely does not use up more of the
 * error budget than `burnMargin`; it goes back as soon as it surely loses more, or surely burns more than that. What is not
 * clear after `mostUnits` is not worth a change.
 *
 * Between blocks a guard watches each tick: an error budget that burns `burnRate` times as fast as it comes in, where the
 * model has the champion burn less than half of that, is no matter of statistics any more (the fast alert of Beyer et al.
 * 2018, "The Site Reliability Workbook", chapter 5: 14.4).
 */
import type { Findings } from './findings.ts'

export interface JudgeSettings {
  /** Units, and units in which another arm than the champion's acted, before anything is concluded. */
  readonly leastUnits: number
  readonly leastOtherUnits: number
  readonly mostUnits: number
  /** More error budget than this the candidate may not burn, in budgets. */
  readonly burnMargin: number
}

export type Verdict = 'go-on' | 'better' | 'worse' | 'slo' | 'undecided'

export function judge(
  { units, otherUnits, loss, burn }: Findings,
  settings: JudgeSettings,
): Verdict {
  const { leastUnits, leastOtherUnits, mostUnits, burnMargin } = settings
  if (units < leastUnits || otherUnits < leastOtherUnits)
    return units >= mostUnits ? 'undecided' : 'go-on'
  if (burn.low > burnMargin) return 'slo'
  if (loss.low > 0) return 'worse'
  if (loss.high < 0 && burn.high < burnMargin) return 'better'
  return units >= mostUnits ? 'undecided' : 'go-on'
}

/** Requests of one tick under the candidate, and what the model has the champion do with them. */
export interface GuardTick {
  /** Requests/s times (1 − objective): the violations that the objective allows. */
  readonly allowedRps: number
  readonly violatingRps: number
  readonly championViolatingRps: number
}

export interface GuardSettings {
  readonly burnRate: number
  /** Ticks under the candidate, over all services, that are looked at together. */
  readonly guardTicks: number
}

/** True when the newest `guardTicks` of `ticks` (oldest first) say that it is to go back at once. */
export function burnsTooFast(
  ticks: readonly GuardTick[],
  { burnRate, guardTicks }: GuardSettings,
): boolean {
  if (ticks.length < guardTicks) return false
  const seen = ticks.slice(-guardTicks)
  const sum = (key: keyof GuardTick) => seen.reduce((total, tick) => total + tick[key], 0)
  const allowed = sum('allowedRps')
  if (allowed === 0) return false
  return (
    sum('violatingRps') >= burnRate * allowed &&
    sum('championViolatingRps') <= (burnRate / 2) * allowed
  )
}
