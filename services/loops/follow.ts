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

/** Between two looks at most, for the second to say when a tick was that the first did not see. */
const MOST_TICKS_BETWEEN = 1.5

export async function followLeader(core: Core): Promise<void> {
  const { deps, settings, parts } = core
  await settings.reread()
  await deps.shares?.look()
  await parts.book.read(deps.clock.nowMs())
  const record = await deps.ledger.lastTick()
  sighted(core, record)
  if (!record || record.tick === core.last?.decided.input.tick) return
  const result = await decidedAgain(core, record)
  if (!result) return
  core.last = result
  parts.loop.state.tick = record.tick
  emit(core, { kind: 'tick', data: summaryOf(result) })
  if (core.listeners.size > 0) emitStatus(core)
}

/** Notes when the newest tick was, by the leader's clock and by the one here that never jumps; where it may have been long ago, nothing. */
function sighted({ deps, config, parts }: Core, record: TickRecord | undefined): void {
  if (deps.clock.kind === 'manual') return
  const { state } = parts.loop
  const { looked } = state
  const monotonicMs = deps.clock.monotonicMs()
  const tick = record?.tick ?? 0
  state.looked = { monotonicMs, tick }
  if (!record || tick === looked?.tick) return
  const isNews = looked && monotonicMs - looked.monotonicMs <= MOST_TICKS_BETWEEN * config.tickMs
  state.lastSeen = isNews ? { wallMs: record.atMs, monotonicMs } : undefined
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
