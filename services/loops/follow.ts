/**
 * What a controller does while another one leads: it reads what the leader has written, so that whoever asks this one sees
 * the same ticks, settings and loads, and it has the loads at hand when it has to take over. It writes nothing.
 */
import { decodeFrame } from '../../coordinator/frame.ts'
import { decideTick } from '../../coordinator/tick.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { ObservedReplicas } from '../actuators/actuator.ts'
import type { TickRecord } from '../ledger/ledger.ts'
import { actorsOf, createActorBook } from '../rollouts/actors.ts'
import { forecastAll, type TickResult } from './control-loop.ts'
import { type Core, emit, emitStatus } from './core.ts'
import { describe } from './decide.ts'
import { specsOfTick } from './recovery.ts'
import { summaryOf } from './views.ts'

export async function followLeader(core: Core): Promise<void> {
  const { deps, settings, parts } = core
  await settings.reread()
  await deps.shares?.look()
  await parts.book.read(deps.clock.nowMs())
  const record = await deps.ledger.lastTick()
  if (!record || record.tick === core.last?.decided.input.tick) return
  const result = await decidedAgain(core, record)
  if (!result) return
  core.last = result
  parts.loop.state.tick = record.tick
  const { clock } = deps
  if (clock.kind === 'system')
    parts.loop.state.lastSeen = { wallMs: record.atMs, monotonicMs: clock.monotonicMs() }
  emit(core, { kind: 'tick', data: summaryOf(result) })
  if (core.listeners.size > 0) emitStatus(core)
}

/** The leader's tick from its recorded inputs: the same to the bit, as deciding is pure. */
async function decidedAgain(core: Core, record: TickRecord): Promise<TickResult | undefined> {
  const { ledger } = core.deps
  const specs = await specsOfTick(ledger, record)
  if (!specs) return undefined
  const input = decodeFrame(record.inputs, specs, await actorsOf(createActorBook(ledger), specs))
  const replicas = new Map<ServiceId, ObservedReplicas>(
    input.services.map(({ observation }) => [
      observation.service,
      { ...observation.replicas, recentStartupsMs: [], lastDecisionId: undefined },
    ]),
  )
  return {
    decided: describe(input, decideTick(input), ledger.epoch),
    forecasts: forecastAll(core.parts.book, core.config),
    replicas,
    settled: [],
    durationMs: record.durationMs,
  }
}
