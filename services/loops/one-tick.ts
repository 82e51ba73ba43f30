/** One tick of the running controller, and all that goes with it: models, alerts, rollouts, events, house-keeping. */
import { toDocument } from '../../forecaster/forecast.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import { inSpan, inTickSpan } from '../telemetry/spans.ts'
import { followClock } from './clock-jumps.ts'
import type { TickResult } from './control-loop.ts'
import { type Core, emit, emitStatus } from './core.ts'
import { takeStock } from './recovery.ts'
import { unlessAway } from './unless-away.ts'
import { summaryOf } from './views.ts'

const PRUNE_EVERY_TICKS = 20

/** The whole of it is one trace, whose id follows from epoch and tick. */
export async function tick(core: Core, nowMs: number): Promise<TickResult> {
  const { ledger, actuator, clock, log } = core.deps
  const mayApply = (service: ServiceId) => core.settings.modeOf(service) === 'enforce'
  const { state } = core.parts.loop
  if (clock.kind === 'system') {
    const jumpMs = followClock(state, clock, nowMs)
    if (jumpMs !== 0) log.warn({ jumpMs }, 'the clock was set')
  }
  await takeStock({ ledger, actuator, mayApply }, state, nowMs)
  const next = state.tick + 1
  return inTickSpan({ epoch: ledger.epoch, tick: next }, () => wholeTick(core, nowMs))
}

async function wholeTick(core: Core, nowMs: number): Promise<TickResult> {
  const { deps, parts, config, lifecycle, refitter, trainer, rollouts } = core
  const { book, loop } = parts
  await book.read(nowMs)
  await takeUpModels(core)
  const { log } = deps
  if (deps.shares) await unlessAway(log, 'what all shards were told', core.settings.reread)
  await unlessAway(log, 'changes of models', () => lifecycle.settle())
  // live, fits run beside the ticks and are taken over when done; by the manual clock a tick waits for its fits
  const trained = trainer.run(nowMs)
  if (deps.clock.kind === 'manual') await trained
  const fitted = refitter.run(nowMs)
  if (deps.clock.kind === 'manual') await fitted
  rollouts.plan(loop.state.tick + 1)
  const result = await loop.tick(nowMs)
  core.last = result
  core.counting.tick(result)
  deps.recorded?.(result.decided.input.tick)
  await inSpan('follow', async () => {
    await unlessAway(log, 'rollouts', () => rollouts.follow(result))
    await unlessAway(log, 'tiers', () => core.rightSizing.follow(result))
    await unlessAway(log, 'scores', () => core.selection.follow(result.decided.input))
    // live, policies are judged beside the ticks; by the manual clock a tick waits for it
    const judged = core.automatic.follow()
    if (deps.clock.kind === 'manual') await judged
    await unlessAway(log, 'alerts', () => followAlerts(core, result))
  })
  emit(core, { kind: 'tick', data: summaryOf(result) })
  if (core.listeners.size > 0) {
    for (const forecast of result.forecasts.values())
      emit(core, { kind: 'forecast', data: toDocument(forecast) })
    emitStatus(core)
  }
  if (result.decided.input.tick % PRUNE_EVERY_TICKS === 0) {
    await deps.store.prune(nowMs - config.retentionMs)
    await unlessAway(log, 'retention', () => deps.ledger.prune(nowMs - config.retentionMs))
  }
  return result
}

/** Live, models of the last run are taken up beside the ticks; by the manual clock the first tick waits for them. */
export async function takeUpModels({ deps, lifecycle, parts }: Core): Promise<void> {
  // they stand where the loads do; as long as none could be read, that is nowhere
  if (Number.isNaN(parts.book.readToMs())) return
  const failed = (error: unknown) =>
    deps.log.error({ err: error }, 'models of the last run could not be read; tried again')
  const restored = lifecycle.restore().catch(failed)
  if (deps.clock.kind === 'manual') await restored
}

async function followAlerts(core: Core, result: TickResult): Promise<void> {
  const { alerts, outlookWatch, parts, deps } = core
  // live, the outlook is made beside the ticks; by the manual clock a tick waits for it
  const refreshed = outlookWatch.refresh()
  if (deps.clock.kind === 'manual') await refreshed
  await alerts.tick(result, {
    violationRatioOf: (service) => parts.book.entries.get(service)?.violationRatio ?? Number.NaN,
    outlooks: outlookWatch.latest(),
    endedRollouts: core.rollouts.ended(),
    conflictOf: (service) =>
      core.settings.modeOf(service) === 'enforce'
        ? result.replicas.get(service)?.conflict
        : undefined,
  })
}
