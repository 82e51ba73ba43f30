/**
 * Decisions into effects: each is already in the ledger. While the budget carries old and new counts together
 * everything goes at once; else increases wait inside the actuator for the money that decreases free.
 */
import type { Decision, Settlement } from '../../coordinator/decision.ts'
import type { TickInput } from '../../coordinator/tick-input.ts'
import type { Actuator, ScaleResult } from '../actuators/actuator.ts'
import { followed, stillOpen, type Unanswered, without } from './unanswered.ts'

/** What was judged longer ago is not carried out any more, ticks. */
const MOST_TICKS_OLD = 2

export interface Settled {
  readonly id: string
  readonly settlement: Settlement
  readonly atMs: number
  readonly detail: string | undefined
}

export interface ApplyInput {
  readonly actuator: Actuator
  readonly decisions: readonly Recorded[]
  readonly input: TickInput
  /** Orders of earlier ticks that got no answer. */
  readonly unanswered?: Unanswered
  /** Asked right before the effect: why what is not on its way yet stays; undefined when it may go. */
  readonly withheld: () => Withheld | undefined
  readonly nowMs: () => number
}

/** What becomes of decisions that are not sent. */
export type Withheld = Pick<Settled, 'settlement' | 'detail'>

/** A tick that stood still between its judgement and its effects, by `forMs`, would act on a world that is another by now. */
export function withheldAfter(
  forMs: number,
  tickMs: number,
  paused: boolean,
): Withheld | undefined {
  if (paused) return { settlement: 'not-enforced', detail: 'paused' }
  if (forMs <= MOST_TICKS_OLD * tickMs) return undefined
  return {
    settlement: 'dropped',
    detail: `${Math.round(forMs / 1000)} s old before it could be sent`,
  }
}

export interface Applied {
  readonly settled: readonly Settled[]
  /** Orders that may be carried out still, although this says that they failed. */
  readonly unanswered: Unanswered
}

export async function applyDecisions({
  actuator,
  decisions,
  input,
  unanswered = new Map(),
  withheld,
  nowMs,
}: ApplyInput): Promise<Applied> {
  const pending = decisions.filter((d) => d.settlement === 'pending')
  let open: Unanswered = stillOpen(unanswered, input)
  if (pending.length === 0 && open.size === 0) return { settled: [], unanswered: open }
  const why = withheld()
  if (why) {
    const settled = pending.map(({ id }): Settled => ({ id, ...why, atMs: nowMs() }))
    return { settled, unanswered: open }
  }
  const send = async (some: readonly Recorded[]): Promise<readonly ScaleResult[]> => {
    const sent = some.length > 0 ? await actuator.apply(some.map(orderOf)) : []
    open = followed(open, some, sent)
    return sent
  }
  // what stands is ordered once more, so that what may come late is refused from then on
  const held = decisions.filter((d) => d.settlement === 'unchanged' && open.has(d.service))
  const answers = await send(held)
  const results = await Promise.all(groupsOf(pending, { input, decisions, open }).map(send))
  const settled = [...results.flat(), ...heldBack(pending, results.flat())]
  return {
    settled: settled.map((result) => settledOf(result, nowMs())),
    // a target that answers and refuses says nothing of late orders: whoever waited for it would wait for ever
    unanswered: without(open, answers),
  }
}

type Recorded = Decision & { readonly settlement: Settlement }

interface Standing {
  readonly input: TickInput
  readonly decisions: readonly Recorded[]
  readonly open: Unanswered
}

/** What goes out at once; in a group increases wait for what its decreases free. */
function groupsOf(pending: readonly Recorded[], standing: Standing): Recorded[][] {
  const ups = pending.filter((d) => d.to > d.from)
  const downs = pending.filter((d) => d.to < d.from)
  if (carriesBoth(standing)) return [ups, downs]
  return carriesLate(standing) ? [[...pending]] : [downs]
}

const LATE = 'an earlier order got no answer, and the budget does not carry what it may still do'

function heldBack(pending: readonly Recorded[], results: readonly ScaleResult[]): ScaleResult[] {
  const sent = new Set(results.map(({ decisionId }) => decisionId))
  return pending
    .filter(({ id }) => !sent.has(id))
    .map(({ id, service }) => ({ decisionId: id, service, outcome: 'failed', detail: LATE }))
}

const orderOf = ({ id, service, from, to }: Decision) => ({ decisionId: id, service, from, to })

function settledOf(result: ScaleResult, atMs: number): Settled {
  return { id: result.decisionId, settlement: result.outcome, atMs, detail: result.detail }
}

/** Old and new counts together, and late ones. */
function carriesBoth({ input, decisions, open }: Standing): boolean {
  let cost = 0
  input.services.forEach(({ spec, observation }, i) => {
    const { ready, starting, terminating, requested } = observation.replicas
    const { to, service } = decisions[i]!
    const late = open.get(service)?.to ?? 0
    const most = Math.max(to, late, requested, ready + starting)
    cost += (most + terminating) * spec.pricePerReplicaHour
  })
  return cost <= input.costBudgetPerHour
}

/** New counts, and late ones beside which no decrease goes first. */
function carriesLate({ input, decisions, open }: Standing): boolean {
  let cost = 0
  let late = 0
  input.services.forEach(({ spec, mode, observation }, i) => {
    const { ready, starting, terminating, requested } = observation.replicas
    const { from, to, service } = decisions[i]!
    const count = mode === 'enforce' ? to : Math.max(requested, ready + starting)
    cost += (count + terminating) * spec.pricePerReplicaHour
    if (to >= from)
      late += Math.max(0, (open.get(service)?.to ?? 0) - to) * spec.pricePerReplicaHour
  })
  return late === 0 || cost + late <= input.costBudgetPerHour
}
