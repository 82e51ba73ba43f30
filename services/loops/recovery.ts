/**
 * After a crash: every decision that was recorded but not settled is completed or dropped, and says which.
 * Effects are absolute and targets remember the decision that set them, so finding out is reading, not guessing.
 */
import { decodeFrame, type SpecRow } from '../../coordinator/frame.ts'
import { decideTick } from '../../coordinator/tick.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { Actuator } from '../actuators/actuator.ts'
import type { ManualClock, RunningClock } from '../clock.ts'
import type { Ledger, StoredDecision, TickRecord } from '../ledger/ledger.ts'
import { actorsOf, createActorBook } from '../rollouts/actors.ts'
import { unsaidOfTick } from './came-out.ts'
import { createClockDoubt } from './clock-doubt.ts'
import { firstSeen, type Instant } from './clock-jumps.ts'
import type { LoopState } from './control-loop.ts'
import { memoriesOf } from './decide.ts'
import type { OpenOrder } from './unanswered.ts'

export interface RecoverDeps {
  readonly ledger: Ledger
  readonly actuator: Actuator
  /** Whether what was decided then, by the clock of who decided, is young enough to be carried out. */
  readonly isValid: (atMs: number) => boolean
  readonly mayApply: (service: ServiceId) => boolean
  /** Told of orders that were perhaps sent, and may come late; absent: nobody asks. */
  readonly unanswered?: Map<ServiceId, OpenOrder>
}

export interface Recovered {
  readonly applied: number
  readonly dropped: number
}

export async function settlePending(deps: RecoverDeps, nowMs: number): Promise<Recovered> {
  const { ledger, actuator, isValid, mayApply } = deps
  const pending = await ledger.pendingDecisions()
  if (pending.length === 0) return { applied: 0, dropped: 0 }
  const observed = await actuator.observe()
  const last = (await ledger.lastTick())?.tick
  const again: StoredDecision[] = []
  // an increase may have waited for the money of a decrease: while that is not free, the next tick decides anew
  const isReleased = [...observed.values()].every(({ terminating }) => terminating === 0)
  const rows: {
    id: string
    settlement: 'applied' | 'dropped' | 'failed'
    atMs: number
    detail: string
  }[] = []
  for (const decision of pending) {
    const { id, service, tick, atMs } = decision
    if (observed.get(service)?.lastDecisionId === id) {
      rows.push({ id, settlement: 'applied', atMs: nowMs, detail: 'found applied after a restart' })
    } else if (
      tick === last &&
      isValid(atMs) &&
      mayApply(service) &&
      observed.has(service) &&
      (isReleased || decision.to < decision.from)
    ) {
      again.push(decision)
    } else {
      rows.push({ id, settlement: 'dropped', atMs: nowMs, detail: 'not applied before a restart' })
    }
  }
  const results = await actuator.apply(
    again.map((d) => ({ decisionId: d.id, service: d.service, from: d.from, to: d.to })),
  )
  for (const { decisionId, outcome, detail } of results) {
    rows.push({
      id: decisionId,
      settlement: outcome,
      atMs: nowMs,
      detail: detail ?? 'completed after a restart',
    })
  }
  await ledger.settle(rows)
  const notApplied = new Set(rows.filter((r) => r.settlement !== 'applied').map(({ id }) => id))
  for (const { id, service, from, to } of pending)
    if (notApplied.has(id)) deps.unanswered?.set(service, { from, to })
  const applied = rows.filter((r) => r.settlement === 'applied').length
  return { applied, dropped: rows.length - applied }
}

/**
 * After a tick that broke off while it was recorded or carried out. A write that got no answer may have been carried out:
 * the ledger says how far the loop came, the targets say which effects there were. What is still open is not carried out
 * any more: the tick that asks decides anew.
 */
export async function takeStock(
  deps: Omit<RecoverDeps, 'isValid'>,
  state: LoopState,
  nowMs: number,
): Promise<void> {
  if (!state.isUnsure) return
  const { atMs: _, ...known } = await recallMemories(deps.ledger)
  if (known.tick > state.tick) Object.assign(state, known)
  const unanswered = new Map(state.unanswered)
  await settlePending({ ...deps, isValid: () => false, unanswered }, nowMs)
  state.unanswered = unanswered
  state.isUnsure = false
}

interface StartDeps {
  readonly ledger: Ledger
  readonly clock: RunningClock | ManualClock
  /** What was seen of it before in this process. */
  readonly lastSeen?: Instant | undefined
}

type Known = Pick<LoopState, 'tick' | 'memories' | 'unsaid'> & {
  /** When that tick was, by the clock of who made it; undefined: there was none. */
  readonly atMs: number | undefined
}

/** The loop's state as the last tick in the ledger left it. */
export async function stateAtStart({ ledger, clock, lastSeen }: StartDeps): Promise<LoopState> {
  const { atMs, ...known } = await recallMemories(ledger)
  if (clock.kind === 'manual') return known
  const seen = firstSeen(clock, lastSeen, atMs)
  return {
    ...known,
    doubt: createClockDoubt(clock.monotonicMs),
    ...(seen ? { lastSeen: seen } : {}),
  }
}

/** The agents' memories after the last recorded tick: what it decided is decided again. */
export async function recallMemories(ledger: Ledger): Promise<Known> {
  const last = await ledger.lastTick()
  if (!last) return { tick: 0, atMs: undefined, memories: new Map() }
  const specs = await specsOfTick(ledger, last)
  const { tick, atMs } = last
  if (!specs) return { tick, atMs, memories: new Map() }
  const actors = await actorsOf(createActorBook(ledger), specs)
  const input = decodeFrame(last.inputs, specs, actors)
  const memories = memoriesOf({ input, output: decideTick(input) })
  return { tick, atMs, memories, unsaid: await unsaidOfTick(ledger, tick) }
}

/** The specs that a tick's frame was made with; undefined when they are no longer kept. */
export async function specsOfTick(
  ledger: Ledger,
  tick: TickRecord,
): Promise<readonly SpecRow[] | undefined> {
  // written by this program, read back by it: the frame's own hash is compared where it matters
  return (await ledger.restore(`specs:${tick.configHash}`)) as readonly SpecRow[] | undefined
}
