/** The running controller: its settings, timers and views behind the one interface that HTTP speaks to. */
import type { ServiceId } from '../../forecaster/series.ts'
import type { Actuator, ReportedActuator } from '../actuators/actuator.ts'
import { openAlerts } from '../alerts/alerts.ts'
import { openTreasury } from '../budget/treasury.ts'
import { Conflict, type ControlEvent, type ControlPlane } from '../control-plane.ts'
import { openCalendar } from '../covariates/calendar.ts'
import type { CovariateControl } from '../covariates/control.ts'
import { explainServiceForecast } from '../explanations/explain-forecast.ts'
import { followLoad } from '../models/contenders.ts'
import type { ModelControl } from '../models/control.ts'
import { openRightSizing } from '../right-sizing/right-sizing.ts'
import { openSelection } from '../selection/selection.ts'
import { openAutomaticRollouts } from './automatic-parts.ts'
import { ageMs, type Instant } from './clock-jumps.ts'
import {
  type ControllerDeps,
  type Core,
  createCore,
  createParts,
  emit,
  emitStatus,
  type Listeners,
  viewOf,
} from './core.ts'
import { type Every, every } from './every.ts'
import { explainDecision, replayDecision } from './explain.ts'
import { followLeader } from './follow.ts'
import { checkHealth } from './health.ts'
import type { LoadBook } from './load-book.ts'
import { takeUpModels, tick } from './one-tick.ts'
import { settlePending, stateAtStart } from './recovery.ts'
import { openRollouts, rolloutsInTurn } from './rollout-parts.ts'
import { openSettings, type SettingKey } from './settings.ts'
import { takeOver } from './take-over.ts'
import type { TolerantBook } from './tolerant-book.ts'
import { openTrainingParts } from './training-parts.ts'
import type { OpenOrder } from './unanswered.ts'
import { budgetOf, proposalsOf, statusesOf, statusOfOne, summaryOf } from './views.ts'

/** After the grid instant, so that the samples of the step that has just ended are in the store. */
const TICK_OFFSET_MS = 500

export interface Controller extends ControlPlane {
  /** While another controller leads: sees what it has written. */
  follow(): Promise<void>
  /** The last tick that was made or followed, by its own clock and by the monotonic one here. */
  lastSeen(): Instant | undefined
  /** Recovers, then ticks by the clock until stopped. */
  start(): Promise<void>
  stop(): Promise<void>
}

export async function createController(deps: ControllerDeps): Promise<Controller> {
  const settings = await openSettings(deps.config, deps.ledger, deps.shares?.settings)
  const listeners: Listeners = new Set()
  const alerts = await openAlerts({
    ...deps,
    emit: (data) => {
      for (const listener of listeners) listener({ kind: 'alert', data })
    },
  })
  const treasury = await openTreasury({
    ledger: deps.ledger,
    config: () => core.config,
    amountOf: settings.amountOf,
  })
  const rightSizing = await openRightSizing({
    ...deps,
    settings,
    config: () => core.config,
    onTakeOver: (...change) => takeOver(core, ...change),
  })
  const inRollout = await openRollouts(deps, settings, () => core)
  const { rollouts } = inRollout
  const automatic = await openAutomaticRollouts(deps, settings, inRollout, () => core)
  const selection = await openSelection({
    ledger: deps.ledger,
    config: () => core.config,
    policyOf: settings.policyOf,
    isInRollout: (service) => rollouts.running().some((one) => one.services.includes(service)),
  })
  let running: Core | undefined
  const trainings = await openTrainingParts(deps, () => running)
  const state = await stateAtStart(deps)
  const core: Core = createCore(deps, settings, state, {
    ...{ listeners, alerts, treasury, rightSizing, selection, automatic, trainings, ...inRollout },
    calendar: await openCalendar(deps.ledger),
  })
  running = core
  return { ...viewsOf(core), ...controlsOf(core), ...lifecycleOf(core) }
}

function viewsOf(core: Core) {
  const { deps, settings, counting } = core
  return {
    config: () => core.config,
    nowMs: () => deps.clock.nowMs(),
    paused: settings.paused,
    mode: settings.mode,
    services: () => statusesOf(viewOf(core)),
    service: (name) => statusOfOne(viewOf(core), name),
    budget: () => budgetOf(viewOf(core)),
    lastTick: () => core.last && summaryOf(core.last),
    proposals: () => (core.last ? proposalsOf(core.last) : []),
    forecast: (service) => core.last?.forecasts.get(service),
    explainForecast: (service) =>
      explainServiceForecast(core.parts.book, core.parts.covariates, service),
    featureImportance: core.importance.read,
    counters: counting.view,
    alerts: core.alerts.view,
    coverage: core.alerts.coverage,
    outlook: (days) => core.outlook.read(days),
    scoreboard: core.selection.view,
    rightSizing: core.rightSizing.view,
    models: inTurnOf(core),
    rollouts: rolloutsInTurn(core),
    automaticRollouts: core.automatic.view,
    trainings: core.trainings.trainings,
    covariates: covariatesOf(core),
    health: () => checkHealth(core),
    ledgerHealth: () => deps.ledger.health?.(),
    explain: (id) => explainDecision(deps.ledger, id),
    replay: (id) => replayDecision(deps.ledger, id),
  } satisfies Partial<ControlPlane>
}

function covariatesOf(core: Core): CovariateControl {
  const { calendar, deps } = core
  const nowMs = () => deps.clock.nowMs()
  return {
    events: (fromMs, toMs) => core.parts.covariates.events(fromMs, toMs),
    put: (events, actor) => core.inTurn(() => calendar.put(events, actor, nowMs())),
    remove: (id, actor) => core.inTurn(() => calendar.remove(id, actor, nowMs())),
  }
}

/** What changes models does so between two ticks. */
function inTurnOf({ models, inTurn }: Core): ModelControl {
  return {
    ...models,
    promote: (...given) => inTurn(() => models.promote(...given)),
    rollback: (...given) => inTurn(() => models.rollback(...given)),
    importModel: (...given) => inTurn(() => models.importModel(...given)),
  }
}

function controlsOf(core: Core) {
  const { deps, settings, counting } = core
  const { clock, store, ledger } = deps
  async function put(key: SettingKey, value: unknown, actor: string): Promise<void> {
    const atMs = clock.nowMs()
    await settings.put(key, value, actor, atMs)
    emit(core, { kind: 'setting', data: { key, value, atMs } })
    emitStatus(core)
  }
  return {
    setBudget: (value, actor) => put('budget', value, actor),
    async setAmount(period, amount, actor) {
      if (deps.shares)
        throw new Conflict(
          'shards share an hourly budget: no amount can be set for a day or a month',
        )
      await put(`budget/${period}`, amount, actor)
    },
    setMode: (service, mode, actor) =>
      put(service === undefined ? 'mode' : `mode/${service}`, mode, actor),
    setPolicy: (service, policy, actor) => put(`policy/${service}`, policy, actor),
    setPaused: (paused, actor) => put('paused', paused, actor),
    acknowledgeAlert: (id, actor) => core.alerts.acknowledge(id, actor, clock.nowMs()),
    async ingest(samples) {
      const newest = samples.reduce((most, s) => Math.max(s.atMs, most), 0)
      const report = await store.append(samples, clock.kind === 'manual' ? newest : clock.nowMs())
      counting.ingested(report)
      return report
    },
    runTick: (atMs, replicas) =>
      core.inTurn(async () => {
        if (clock.kind !== 'manual')
          throw new Conflict(
            'clock is "system": ticks run by themselves; set clock: manual to run them by hand',
          )
        const before = core.last?.decided.input.atMs ?? (await ledger.lastTick())?.atMs
        if (before !== undefined && atMs <= before)
          throw new Conflict(`at must be after the last tick (${before}), was ${atMs}`)
        if (replicas) reportReplicas(deps.actuator, replicas)
        clock.moveTo(atMs)
        return summaryOf(await tick(core, atMs))
      }),
    reloadConfig: () => core.inTurn(() => reload(core)),
  } satisfies Partial<ControlPlane>
}

/** Models outlive a reload: without them every service would fall back to the reactive rule until fitted again. */
async function carryOver(from: LoadBook, to: TolerantBook, nowMs: number): Promise<void> {
  if (Number.isNaN(from.readToMs())) return
  await to.read(nowMs)
  const fault = to.fault()
  if (fault) throw fault.error
  for (const { service, contenders } of from.entries.values()) {
    const following = to.following(service)
    if (from.following(service).stepMs !== following.stepMs) continue // of another grid
    await to.replay(
      service,
      from.readToMs(),
      (load, endMs) => followLoad(contenders, load, endMs, following),
      (entry) => {
        entry.contenders = contenders
      },
    )
  }
}

async function reload(core: Core): Promise<void> {
  const { deps, settings, counting } = core
  try {
    const next = deps.reread()
    const { book: known, loop } = core.parts
    settings.rebase(next)
    core.alerts.rebase(next)
    const parts = createParts(deps, settings, loop.state, next, core)
    await core.lifecycle.inLine(() => carryOver(known, parts.book, deps.clock.nowMs()))
    core.config = next
    core.parts = parts
    counting.reloaded(true, deps.clock.nowMs())
  } catch (error) {
    counting.reloaded(false, deps.clock.nowMs())
    throw error
  }
}

function lifecycleOf(core: Core) {
  const { deps, settings, counting } = core
  const { clock, ledger, actuator, log } = deps
  let timer: Every | undefined
  const mayApply = (service: ServiceId) => settings.modeOf(service) === 'enforce'
  const failed = (error: unknown): void => {
    counting.tickFailed()
    log.error({ err: error }, 'tick failed')
  }
  return {
    subscribe(listener: (event: ControlEvent) => void) {
      core.listeners.add(listener)
      return () => core.listeners.delete(listener)
    },
    follow: () => core.inTurn(() => followLeader(core)),
    lastSeen: () => core.parts.loop.state.lastSeen,
    async start() {
      deps.webhooks.kick()
      core.trainings.beginTrainings()
      if (clock.kind === 'manual') return
      const validMs = 2 * core.config.tickMs
      const unanswered = new Map<ServiceId, OpenOrder>()
      const isValid = (atMs: number) => ageMs(clock, deps.lastSeen, atMs) <= validMs
      const open = { ledger, actuator, isValid, mayApply, unanswered }
      const recovered = await settlePending(open, clock.nowMs())
      core.parts.loop.state.unanswered = unanswered
      log.info(recovered, 'decisions left open by the last run')
      await core.parts.book.read(clock.nowMs()).then(() => takeUpModels(core), failed)
      const run = () =>
        core.inTurn(async () => void (await tick(core, clock.nowMs()))).catch(failed)
      // who takes over, or is back, has missed one: the next is not waited for
      const lastMs = (await ledger.lastTick().catch(() => undefined))?.atMs
      const isMissed = lastMs !== undefined && clock.nowMs() - lastMs > core.config.tickMs
      const ranMs = isMissed ? clock.monotonicMs() : undefined
      if (isMissed) void run()
      timer = every({
        periodMs: core.config.tickMs,
        offsetMs: TICK_OFFSET_MS,
        ...{ clock, run, ranMs },
        onSkip: counting.skipped,
      })
    },
    async stop() {
      await timer?.stop()
      await core.trainer.close()
      await core.trainings.closeTrainings()
      await core.automatic.idle()
      await core.inTurn(async () => {})
      await core.outlookWatch.idle()
      await core.alerts.close()
      await core.importance.close()
    },
  }
}

function reportReplicas(
  actuator: Actuator | ReportedActuator,
  replicas: Parameters<ReportedActuator['report']>[0],
): void {
  if (!('report' in actuator))
    throw new Conflict('replicas can be reported only with actuator.kind "caller"')
  actuator.report(replicas)
}
