/** "Why this number?" and "is that really so?": a stored tick decided again from its frame. */

import { type Proposal, proposalDocument } from '../../agents/proposal.ts'
import { lossBetween } from '../../agents/propose.ts'
import { attribute } from '../../coordinator/attribution.ts'
import { PARTS } from '../../coordinator/attribution-parts.ts'
import { Decision } from '../../coordinator/decision.ts'
import { decodeFrame } from '../../coordinator/frame.ts'
import { attributePolicy } from '../../coordinator/policy-attribution.ts'
import { decideTick, type TickOutput } from '../../coordinator/tick.ts'
import type { TickInput } from '../../coordinator/tick-input.ts'
import { LEVELS } from '../../forecaster/forecast.ts'
import { LOAD_METRIC } from '../../forecaster/series.ts'
import type { Explanation, ReplayReport } from '../explanations/explanation.ts'
import type { Ledger, StoredDecision, TickRecord } from '../ledger/ledger.ts'
import { actorsOf, createActorBook } from '../rollouts/actors.ts'
import { traceIdOfTick } from '../telemetry/spans.ts'
import { describe } from './decide.ts'
import { specsOfTick } from './recovery.ts'

/** Options shown on either side of what was chosen. */
const MENU_MARGIN = 3
const MENU_MOST = 60

interface Recalled {
  readonly decision: StoredDecision
  readonly record: TickRecord
  readonly input: TickInput
  readonly output: TickOutput
  /** Place of the service in the tick. */
  readonly index: number
}

async function recall(ledger: Ledger, decisionId: string): Promise<Recalled | undefined> {
  const decision = await ledger.decision(decisionId)
  const record = decision && (await ledger.tick(decision.tick))
  const specs = record && (await specsOfTick(ledger, record))
  if (!decision || !record || !specs) return undefined
  const actors = await actorsOf(createActorBook(ledger), specs)
  const input = decodeFrame(record.inputs, specs, actors)
  const index = input.services.findIndex((s) => s.observation.service === decision.service)
  return { decision, record, input, output: decideTick(input), index }
}

export async function explainDecision(
  ledger: Ledger,
  decisionId: string,
): Promise<Explanation | undefined> {
  const recalled = await recall(ledger, decisionId)
  if (!recalled) return undefined
  const { decision, input, output, index } = recalled
  const { spec, observation } = input.services[index]!
  const grant = output.grants[index]!
  const { demand } = observation
  return {
    decision,
    traceId: traceIdOfTick(ledger.epoch, decision.tick),
    observation: {
      loadRps: Number.isNaN(observation.loadRps) ? null : observation.loadRps,
      freshness: observation.freshness,
      replicas: observation.replicas,
      leadTimeMs: observation.leadTimeMs,
      capacityPerReplica: observation.capacityPerReplica,
      saturationPerReplica: observation.saturationPerReplica,
      drifting: observation.drifting,
      demand: demand ? LEVELS.map((level, i) => ({ level, rps: demand[i]! })) : null,
    },
    forecast: (await ledger.forecast(decision.service, LOAD_METRIC, decision.atMs)) ?? null,
    proposal: proposalDocument(wholeMenu(recalled, grant.proposal), spec.pricePerReplicaHour),
    boundBy: decision.boundBy,
    counterfactual: counterfactual(input, output, index),
    moved: await movedBy(ledger, recalled),
    learned: learnedIn(recalled),
  }
}

/** What a learned policy saw, and what of it moved it; null where none acted. */
function learnedIn({ input, index }: Recalled): Explanation['learned'] {
  const acted = attributePolicy(input, input.services[index]!)
  return acted ? { ...acted, effects: [...acted.effects], tuning: [...acted.tuning] } : null
}

/** What moved it since it last had another count; null when it never had, or when that is no longer kept. */
async function movedBy(ledger: Ledger, now: Recalled): Promise<Explanation['moved']> {
  const earlier = await lastOtherCount(ledger, now.decision)
  const then = earlier && (await recall(ledger, earlier.id))
  if (!then) return null
  const { from, to, replicas } = attribute(momentOf(then), momentOf(now))
  return {
    sinceTick: then.decision.tick,
    sinceAtMs: then.decision.atMs,
    from,
    to,
    parts: PARTS.map((part, i) => ({ part, replicas: replicas[i]! })),
  }
}

const momentOf = ({ input, index, decision }: Recalled) => ({
  input: input.services[index]!,
  tick: input.tick,
  atMs: input.atMs,
  to: decision.to,
})

async function lastOtherCount(
  ledger: Ledger,
  { service, atMs, to }: StoredDecision,
): Promise<StoredDecision | undefined> {
  const query = { service, toMs: atMs, toOtherThan: to, limit: 1 }
  return (await ledger.decisions(query)).items[0]
}

/** The proposal with its menu widened from the chosen neighbourhood to what a reader wants to compare. */
function wholeMenu({ input, index, decision }: Recalled, proposal: Proposal | undefined): Proposal {
  const { spec, observation, actor } = input.services[index]!
  const allowed = proposal?.allowed ?? { min: decision.from, max: decision.from }
  const top = Math.min(
    spec.maxReplicas,
    Math.max(decision.wanted, decision.from, decision.to) + MENU_MARGIN,
  )
  const bottom = Math.max(spec.minReplicas, Math.min(1, top), top - MENU_MOST)
  return {
    service: decision.service,
    policy: decision.policy,
    allowed,
    reactiveNeed: decision.reactiveNeed,
    wanted: decision.wanted,
    preferred: proposal?.preferred ?? decision.from,
    fromReplicas: bottom,
    loss: lossBetween(spec, observation, actor, bottom, top),
    reason: decision.reason,
  }
}

/** A paced tick's prices are lowered by so much a try, and so often at most. */
const LOWERED_BY = 0.8
const LOWERED_TIMES = 24

/**
 * The tick with more to spend. Under a directive it is prices that bind and not the hourly budget: they are lowered
 * until more would be spent than is given.
 */
function withMore(input: TickInput, output: TickOutput, extraBudgetPerHour: number): TickOutput {
  const costBudgetPerHour = input.costBudgetPerHour + extraBudgetPerHour
  const { directive } = input
  if (!directive) return decideTick({ ...input, costBudgetPerHour })
  let best = output
  for (let tries = 0, share = 1; tries < LOWERED_TIMES; tries++, share *= LOWERED_BY) {
    const cheaper = {
      reactivePrice: directive.reactivePrice * share,
      price: directive.price * share,
      extraBudgetPerHour: directive.extraBudgetPerHour + extraBudgetPerHour,
      tolerance: directive.tolerance,
    }
    const tried = decideTick({ ...input, costBudgetPerHour, directive: cheaper })
    if (tried.spendPerHour > output.spendPerHour + extraBudgetPerHour) return best
    best = tried
    if (directive.price === 0) return best
  }
  return best
}

/** The same tick with one more $/hour. */
function counterfactual(
  input: TickInput,
  output: TickOutput,
  index: number,
): Explanation['counterfactual'] {
  const extraBudgetPerHour = 1
  const richer = withMore(input, output, extraBudgetPerHour)
  const lossAt = (replicas: number, i: number): number => {
    const { spec, observation, actor } = input.services[i]!
    return lossBetween(spec, observation, actor, replicas, replicas)[0]!
  }
  const avoided = (i: number) => {
    const to = richer.grants[i]!.to
    return to === output.grants[i]!.to ? 0 : lossAt(output.grants[i]!.to, i) - lossAt(to, i)
  }
  let fleetLossAvoided = 0
  for (let i = 0; i < input.services.length; i++)
    fleetLossAvoided += input.services[i]!.spec.weight * avoided(i)
  return {
    extraBudgetPerHour,
    to: richer.grants[index]!.to,
    lossAvoided: avoided(index),
    fleetLossAvoided,
  }
}

/** Fields in the schema's order, so that equal decisions are equal text. */
const canonical = (decision: Decision): string => JSON.stringify(Decision.parse(decision))

/** Decides the stored tick again from its inputs and compares all of it, to the bit. */
export async function replayDecision(
  ledger: Ledger,
  decisionId: string,
): Promise<ReplayReport | undefined> {
  const recalled = await recall(ledger, decisionId)
  if (!recalled) return undefined
  const { record, input, output, index, decision } = recalled
  const again = describe(input, output, record.epoch)
  const { settlement: _, ...recomputed } = again.decisions[index]!
  const { settlement, settledAtMs, detail, ...stored } = decision
  return {
    decisionId,
    identical:
      again.outputsHash === record.outputsHash && canonical(recomputed) === canonical(stored),
    storedHash: record.outputsHash,
    recomputedHash: again.outputsHash,
    stored,
    recomputed,
  }
}
