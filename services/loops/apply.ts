/**
 * Decisions into effects: each is already in the ledger. While the budget carries old and new counts together
 * everything goes at once; else increases wait inside the actuator for the money that decreases free.
 */
import type { Decision, Settlement } from '../../coordinator/decision.ts'
import type { TickInput } from '../../coordinator/tick-input.ts'
import type { Actuator, ScaleResult } from '../actuators/actuator.ts'

export interface Settled {
  readonly id: string
  readonly settlement: Settlement
  readonly atMs: number
  readonly detail: string | undefined
}

export interface ApplyInput {
  readonly actuator: Actuator
  readonly decisions: readonly (Decision & { readonly settlement: Settlement })[]
  readonly input: TickInput
  /** Asked right before the effect: a pause stops what is not on its way yet. */
  readonly paused: () => boolean
  readonly nowMs: () => number
}

export async function applyDecisions({
  actuator,
  decisions,
  input,
  paused,
  nowMs,
}: ApplyInput): Promise<Settled[]> {
  const pending = decisions.filter((d) => d.settlement === 'pending')
  if (pending.length === 0) return []
  if (paused()) {
    return pending.map(({ id }) => ({
      id,
      settlement: 'not-enforced',
      atMs: nowMs(),
      detail: 'paused',
    }))
  }
  const ups = pending.filter((d) => d.to > d.from)
  const downs = pending.filter((d) => d.to < d.from)
  const groups = carriesBoth(input, decisions) ? [ups, downs] : [pending]
  const results = await Promise.all(
    groups.map((group) => (group.length > 0 ? actuator.apply(group.map(orderOf)) : [])),
  )
  return results.flat().map((result) => settledOf(result, nowMs()))
}

const orderOf = ({ id, service, from, to }: Decision) => ({ decisionId: id, service, from, to })

function settledOf(result: ScaleResult, atMs: number): Settled {
  return { id: result.decisionId, settlement: result.outcome, atMs, detail: result.detail }
}

function carriesBoth(input: TickInput, decisions: readonly Decision[]): boolean {
  let cost = 0
  input.services.forEach(({ spec, observation }, i) => {
    const { ready, starting, terminating, requested } = observation.replicas
    const { to } = decisions[i]!
    cost += (Math.max(to, requested, ready + starting) + terminating) * spec.pricePerReplicaHour
  })
  return cost <= input.costBudgetPerHour
}
