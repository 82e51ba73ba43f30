/** The status of a ScalingPolicy and of a Budget, from what was laid over and what was decided. Pure. */
import type { BudgetView, ServiceStatus } from '../../control-plane.ts'
import { BudgetStatus } from '../crds/budget.ts'
import { type Condition, conditionsOf, type Finding } from '../crds/condition.ts'
import { ScalingPolicyStatus } from '../crds/scaling-policy.ts'
import type { ObjectReport } from './reports.ts'
import { faultText } from './seen.ts'

export interface Decided {
  readonly services: ReadonlyMap<string, ServiceStatus>
  readonly budget: BudgetView
}

const LONGEST_MESSAGE = 1000
const MOST_RATIONALE = 500

export function policyStatus(
  report: ObjectReport,
  { services }: Decided,
  before: unknown,
  nowMs: number,
): ScalingPolicyStatus {
  const old = ScalingPolicyStatus.safeParse(before).data ?? {}
  const service = report.services[0]
  const now = service === undefined ? undefined : services.get(service)
  return {
    observedGeneration: report.generation,
    ...(service === undefined ? {} : { service }),
    ...(now ? inForce(now, old) : {}),
    conditions: conditions(report, service !== undefined, now, old.conditions ?? [], nowMs),
  }
}

function inForce(now: ServiceStatus, old: ScalingPolicyStatus): Partial<ScalingPolicyStatus> {
  const { mode, replicas, minReplicas, maxReplicas, decision } = now
  return {
    ...{ mode, minReplicas, maxReplicas },
    ...(replicas ? { replicas: replicas.requested } : {}),
    ...(decision
      ? {
          wantedReplicas: decision.to,
          costPerHour: roundedCost(decision.costPerHour),
          lastDecision: lastOf(decision, old.lastDecision),
        }
      : {}),
  }
}

/** The one by which the count became what it is: a tick that decides the same again is no news. */
function lastOf(
  { id, atMs, from, to, boundBy, rationale }: NonNullable<ServiceStatus['decision']>,
  old: ScalingPolicyStatus['lastDecision'],
): ScalingPolicyStatus['lastDecision'] {
  if (old && from === to && old.to === to && old.boundBy === boundBy) return old
  const why = rationale.slice(0, MOST_RATIONALE)
  return { id, time: new Date(atMs).toISOString(), from, to, boundBy, rationale: why }
}

function conditions(
  report: ObjectReport,
  isReady: boolean,
  now: ServiceStatus | undefined,
  before: readonly Condition[],
  nowMs: number,
): Condition[] {
  const conflicts = report.faults.filter((fault) => fault.kind === 'conflict')
  const others = report.faults.filter((fault) => fault.kind !== 'conflict')
  const bound = report.budgetBound || now?.decision?.boundBy === 'budget'
  const findings: Finding[] = [
    isReady
      ? found('Ready', true, 'InForce', 'it is in force')
      : found('Ready', false, 'NotInForce', textOf(report)),
    conflicts.length > 0
      ? found('Conflict', true, 'SpokenFor', textOf({ faults: conflicts }))
      : found('Conflict', false, 'Alone', 'no other object speaks for the workload'),
    others.length > 0
      ? found('Degraded', true, reasonOf(others), textOf({ faults: others }))
      : found('Degraded', false, 'AllTaken', 'all that it says was taken'),
    bound
      ? found('BudgetBound', true, 'BudgetBinds', 'a budget holds it below what was asked for')
      : found('BudgetBound', false, 'WithinBudget', 'no budget binds'),
  ]
  return conditionsOf(findings, before, report.generation, nowMs)
}

export function budgetStatus(
  report: ObjectReport,
  { services, budget }: Decided,
  isOfCluster: boolean,
  before: unknown,
  nowMs: number,
): BudgetStatus {
  const old = BudgetStatus.safeParse(before).data ?? {}
  const cost = report.services.reduce(
    (sum, service) => sum + (services.get(service)?.decision?.costPerHour ?? 0),
    0,
  )
  const bound = report.budgetBound || (isOfCluster && budget.shadowPrice > 0)
  const findings = [
    found('Ready', true, 'InForce', 'it is in force'),
    report.faults.length > 0
      ? found('Degraded', true, reasonOf(report.faults), textOf(report))
      : found('Degraded', false, 'AllTaken', 'all that it says was taken'),
    bound
      ? found('BudgetBound', true, 'BudgetBinds', 'services are held below what they asked for')
      : found('BudgetBound', false, 'WithinBudget', 'no service is held by it'),
  ]
  return {
    observedGeneration: report.generation,
    services: report.services.length,
    costPerHour: roundedCost(cost),
    ...(isOfCluster ? { inForcePerHour: roundedCost(budget.costBudgetPerHour) } : {}),
    conditions: conditionsOf(findings, old.conditions ?? [], report.generation, nowMs),
  }
}

const found = (
  type: Finding['type'],
  holds: boolean,
  reason: string,
  message: string,
): Finding => ({ type, holds, reason, message })

const reasonOf = (faults: ObjectReport['faults']): string =>
  faults.some((fault) => fault.kind === 'refused') ? 'Refused' : 'Narrowed'

const textOf = ({ faults }: Pick<ObjectReport, 'faults'>): string =>
  faults.map(faultText).join('; ').slice(0, LONGEST_MESSAGE)

/** In tenths of a cent: what floating sums add is no news. */
const roundedCost = (cost: number): number => Math.round(cost * 1000) / 1000
