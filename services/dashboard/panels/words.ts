/** The words and marks for what the controller reports by code. A mark never stands by colour alone. */
import type { ProposalReason } from '../../../agents/proposal.ts'
import type { BoundBy, Settlement } from '../../../coordinator/decision.ts'
import type { ServiceStatus } from '../../control-plane.ts'
import type { FleetPoint, State } from '../data/state.ts'
import * as format from '../ui/format.ts'

export const REASONS: Record<ProposalReason, string> = {
  reactive: 'reactive need',
  forecast: 'forecast',
  surge: 'surge',
  fallback: 'fallback',
  'no-data': 'no data',
  off: 'off',
}

/** Short names of models; others are shown by their own. */
export const MODELS: Readonly<Partial<Record<string, string>>> = {
  'seasonal-naive': 'seasonal naive',
  ets: 'exponential smoothing',
  theta: 'Theta',
  mstl: 'MSTL',
  arima: 'ARIMA',
  'last-value': 'last value',
}

export const BOUNDS: Record<BoundBy, { readonly chip: string; readonly sentence: string }> = {
  none: { chip: '', sentence: 'Nothing bound it: the service has what its agent wanted.' },
  budget: {
    chip: 'budget',
    sentence: 'The budget bound it: the next replica would have avoided less here than elsewhere.',
  },
  share: {
    chip: 'share',
    sentence:
      'The share of its shard bound it: the next replica would have avoided less here than elsewhere.',
  },
  'budget-infeasible': {
    chip: 'budget too small',
    sentence: 'The budget is below what must run; the least allowed is kept.',
  },
  'not-returnable': {
    chip: 'not returnable',
    sentence:
      'Withheld: under this budget extra must be returnable at once, and its scale-down policy is slower.',
  },
  'max-replicas': { chip: 'maxReplicas', sentence: 'maxReplicas bound it: it may not have more.' },
  'min-replicas': { chip: 'minReplicas', sentence: 'minReplicas bound it: it may not have fewer.' },
  'rate-limit': {
    chip: 'rate limit',
    sentence: 'The rate limit bound it: more may change at the next ticks.',
  },
  stabilization: {
    chip: 'stabilization',
    sentence: 'The stabilization window held it: replicas go only when the need has stayed lower.',
  },
  'no-data': { chip: 'no data', sentence: 'Data is missing, so it keeps what it has.' },
  mode: { chip: 'mode', sentence: 'Its mode lets nothing be changed.' },
}

export const SETTLEMENTS: Record<Settlement, { readonly mark: string; readonly text: string }> = {
  pending: { mark: '…', text: 'pending' },
  applied: { mark: '✓', text: 'applied' },
  unchanged: { mark: '=', text: 'unchanged' },
  'not-enforced': { mark: '○', text: 'recommended only' },
  failed: { mark: '✕', text: 'failed' },
  dropped: { mark: '–', text: 'dropped' },
}

export interface Health {
  readonly kind: 'good' | 'warn' | 'bad' | 'unknown'
  readonly mark: string
  readonly text: string
}

export function healthOf(status: ServiceStatus): Health {
  const allowed = 1 - status.objective
  const share = status.violationRatio
  if (status.freshness === 'dead' || status.freshness === 'stale') {
    return { kind: 'warn', mark: '?', text: `data is ${status.freshness}` }
  }
  if (share === null) return { kind: 'unknown', mark: '–', text: 'no traffic measured' }
  if (share <= allowed) return { kind: 'good', mark: '✓', text: 'meets SLO' }
  return share <= 5 * allowed
    ? { kind: 'warn', mark: '▲', text: `${format.percent(share)} outside SLO` }
    : { kind: 'bad', mark: '▲', text: `${format.percent(share)} outside SLO` }
}

/** One sentence: what binds now, and for whom. */
export function bindingSentence(state: State): string {
  const last = state.fleet.at(-1)
  if (!last) return 'No tick has been seen yet.'
  if (!last.feasible) {
    return `The minimums alone cost more than the budget of ${format.perHour(last.budget)}; they are kept.`
  }
  return last.price > 0 || last.boundBy === 'budget'
    ? budgetBinds(state, last)
    : limitsBind(state, last)
}

function heldBy(state: State, holds: (bound: BoundBy) => boolean): string[] {
  return [...state.services.values()].flatMap(({ status: { decision, service } }) =>
    decision && holds(decision.boundBy)
      ? [
          `${service} (wants ${decision.wanted}, gets ${decision.to}${decision.boundBy === 'budget' ? '' : `: ${BOUNDS[decision.boundBy].chip}`})`,
        ]
      : [],
  )
}

function budgetBinds(state: State, last: FleetPoint): string {
  const held = heldBy(state, (bound) => bound === 'budget' || bound === 'share')
  const who = held.length > 0 ? ` Held back: ${listed(held)}.` : ''
  return `The budget binds: one more $/h would avoid ${format.rps(last.price)} outside the SLO.${who}`
}

function limitsBind(state: State, last: FleetPoint): string {
  const free = format.perHour(Math.max(0, last.budget - last.spend))
  const held = heldBy(
    state,
    (bound) => bound === 'max-replicas' || bound === 'rate-limit' || bound === 'no-data',
  )
  return held.length > 0
    ? `The budget does not bind (${free} unspent). Held by their own limits: ${listed(held)}.`
    : `Nothing binds: every service has what it wants, ${free} is unspent.`
}

const LISTED_MOST = 4
function listed(names: readonly string[]): string {
  const shown = names.slice(0, LISTED_MOST).join(', ')
  return names.length > LISTED_MOST ? `${shown} and ${names.length - LISTED_MOST} more` : shown
}
