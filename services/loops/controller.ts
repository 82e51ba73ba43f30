/** The running controller: the loop, its timers and its settings behind the one interface that HTTP speaks to. */
import { toDocument } from '../../forecaster/forecast.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { Actuator } from '../actuators/actuator.ts'
import type { CallerActuator } from '../actuators/caller.ts'
import type { Clock, ManualClock } from '../clock.ts'
import type { AppConfig } from '../config.ts'
import {
  Conflict,
  type ControlEvent,
  type ControlPlane,
  type HealthCheck,
} from '../control-plane.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import {
  type ControlLoop,
  createControlLoop,
  type LoopState,
  type TickResult,
} from './control-loop.ts'
import { type Counting, createCounting } from './counters.ts'
import { type Every, every } from './every.ts'
import { explainDecision, replayDecision } from './explain.ts'
import type { Fitter } from './fitter.ts'
import { createLoadBook, type LoadBook } from './load-book.ts'
import { recallMemories, settlePending } from './recovery.ts'
import { createRefitter, type Refitter } from './refit.ts'
import { openSettings, type SettingKey, type Settings } from './settings.ts'
import { budgetOf, proposalsOf, statusesOf, summaryOf, type ViewInput } from './views.ts'

/** After the grid instant, so that the samples of the step that has just ended are in the store. */
const TICK_OFFSET_MS = 500
const PRUNE_EVERY_TICKS = 1000

export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface ControllerDeps {
  readonly config: AppConfig
  /** Reads the configuration file again; throws ConfigError when it is wrong. */
  readonly reread: () => AppConfig
  readonly clock: Clock | ManualClock
  readonly store: SampleStore
  readonly ledger: Ledger
  readonly actuator: Actuator | CallerActuator
  readonly fitter: Fitter
  readonly log: Log
}

export interface Controller extends ControlPlane {
  /** Recovers, then ticks by the clock until stopped. */
  start(): Promise<void>
  stop(): Promise<void>
}

export async function createController(deps: ControllerDeps): Promise<Controller> {
  const settings = await openSettings(deps.config, deps.ledger)
  const core = createCore(deps, settings, await recallMemories(deps.ledger))
  return { ...viewsOf(core), ...controlsOf(core), ...lifecycleOf(core) }
}

/** What the parts of the controller share; `config`, `parts` and `last` change as it runs. */
interface Core {
  readonly deps: ControllerDeps
  readonly settings: Settings
  readonly counting: Counting
  readonly listeners: Set<(event: ControlEvent) => void>
  config: AppConfig
  parts: Parts
  last: TickResult | undefined
  /** Ticks and reloads never overlap: each waits for the one before. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
}

function createCore(deps: ControllerDeps, settings: Settings, state: LoopState): Core {
  let queue: Promise<unknown> = Promise.resolve()
  return {
    deps,
    settings,
    counting: createCounting(deps.clock.nowMs()),
    listeners: new Set(),
    config: deps.config,
    parts: createParts(deps, settings, state, deps.config),
    last: undefined,
    inTurn(work) {
      const next = queue.then(work, work)
      queue = next.catch(() => undefined)
      return next
    },
  }
}

interface Parts {
  readonly book: LoadBook
  readonly refitter: Refitter
  readonly loop: ControlLoop
}

function createParts(
  deps: ControllerDeps,
  settings: Settings,
  state: LoopState,
  config: AppConfig,
): Parts {
  const { store, ledger, actuator, fitter, clock, log } = deps
  const { stepMs, forecast, services, seed } = config
  const specs = new Map(Object.entries(services))
  const book = createLoadBook({ store, stepMs, specs, longestGapMs: forecast.seasonMs })
  const onError = (service: ServiceId, error: unknown) =>
    log.error({ service, err: error }, 'fit failed; the old model stays')
  const refitter = createRefitter({ book, fitter, ledger, config: forecast, stepMs, seed, onError })
  const startups = async () => {
    const latest = await store.latest('startup_seconds', clock.nowMs())
    return new Map([...latest].map(([service, { value }]) => [service, value * 1000]))
  }
  const stopwatchMs = clock.kind === 'manual' ? () => 0 : () => performance.now()
  const loop = createControlLoop(
    { config, book, ledger, actuator, settings, startups, stopwatchMs },
    state,
  )
  return { book, refitter, loop }
}

const viewOf = ({ config, settings, parts, last, deps }: Core): ViewInput => ({
  config,
  settings,
  book: parts.book,
  last,
  nowMs: deps.clock.nowMs(),
})

function viewsOf(core: Core) {
  const { deps, settings, counting } = core
  return {
    config: () => core.config,
    nowMs: () => deps.clock.nowMs(),
    paused: settings.paused,
    mode: settings.mode,
    services: () => statusesOf(viewOf(core)),
    budget: () => budgetOf(viewOf(core)),
    lastTick: () => core.last && summaryOf(core.last),
    proposals: () => (core.last ? proposalsOf(core.last) : []),
    forecast: (service) => core.last?.forecasts.get(service),
    counters: counting.view,
    health: () => checkHealth(core),
    explain: (id) => explainDecision(deps.ledger, id),
    replay: (id) => replayDecision(deps.ledger, id),
  } satisfies Partial<ControlPlane>
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
    setMode: (service, mode, actor) =>
      put(service === undefined ? 'mode' : `mode/${service}`, mode, actor),
    setPolicy: (service, policy, actor) => put(`policy/${service}`, policy, actor),
    setPaused: (paused, actor) => put('paused', paused, actor),
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
        ;(clock as ManualClock).moveTo(atMs)
        return summaryOf(await tick(core, atMs))
      }),
    reloadConfig: () => core.inTurn(() => reload(core)),
  } satisfies Partial<ControlPlane>
}

async function reload(core: Core): Promise<void> {
  const { deps, settings, counting } = core
  try {
    const next = deps.reread()
    settings.rebase(next)
    core.config = next
    core.parts = createParts(deps, settings, core.parts.loop.state, next)
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
    async start() {
      if (clock.kind === 'manual') return
      const validMs = 2 * core.config.tickMs
      const recovered = await settlePending({ ledger, actuator, validMs, mayApply }, clock.nowMs())
      log.info(recovered, 'decisions left open by the last run')
      timer = every({
        periodMs: core.config.tickMs,
        offsetMs: TICK_OFFSET_MS,
        nowMs: clock.nowMs,
        onSkip: counting.skipped,
        run: () => core.inTurn(async () => void (await tick(core, clock.nowMs()))).catch(failed),
      })
    },
    async stop() {
      await timer?.stop()
      await core.inTurn(async () => {})
    },
  }
}

function emit(core: Core, event: ControlEvent): void {
  for (const listener of core.listeners) listener(event)
}

function emitStatus(core: Core): void {
  const view = viewOf(core)
  const atMs = view.nowMs
  emit(core, {
    kind: 'status',
    data: {
      services: statusesOf(view),
      budget: budgetOf(view),
      paused: core.settings.paused(),
      atMs,
    },
  })
}

async function tick(core: Core, nowMs: number): Promise<TickResult> {
  const { deps, parts, config } = core
  const { book, refitter, loop } = parts
  await book.read(nowMs)
  // live, fits run beside the ticks and are taken over when done; by the manual clock a tick waits for its fits
  const fitted = refitter.run(nowMs)
  if (deps.clock.kind === 'manual') await fitted
  const result = await loop.tick(nowMs)
  core.last = result
  core.counting.tick(result)
  emit(core, { kind: 'tick', data: summaryOf(result) })
  if (core.listeners.size > 0) {
    for (const forecast of result.forecasts.values())
      emit(core, { kind: 'forecast', data: toDocument(forecast) })
    emitStatus(core)
  }
  if (result.decided.input.tick % PRUNE_EVERY_TICKS === 0) {
    await deps.store.prune(nowMs - config.retentionMs)
    await deps.ledger.prune(nowMs - config.retentionMs)
  }
  return result
}

function reportReplicas(
  actuator: Actuator | CallerActuator,
  replicas: Parameters<CallerActuator['report']>[0],
): void {
  if (!('report' in actuator))
    throw new Conflict('replicas can be reported only with actuator.kind "caller"')
  actuator.report(replicas)
}

async function checkHealth({ deps, parts, last, config }: Core): Promise<HealthCheck[]> {
  const { store, ledger, clock } = deps
  const attempt = async (name: string, work: () => Promise<string>): Promise<HealthCheck> => {
    try {
      return { name, ok: true, detail: await work() }
    } catch (error) {
      return { name, ok: false, detail: error instanceof Error ? error.message : String(error) }
    }
  }
  const lastMs = last?.decided.input.atMs
  const late =
    clock.kind === 'system' && lastMs !== undefined && clock.nowMs() - lastMs > 5 * config.tickMs
  const fitted = [...parts.book.entries.values()].filter((e) => e.fit).length
  return [
    await attempt(
      'store',
      async () =>
        `${(await store.latest('requests_per_second', clock.nowMs())).size} services have load`,
    ),
    await attempt('ledger', async () => `tick ${(await ledger.lastTick())?.tick ?? 'none yet'}`),
    {
      name: 'loop',
      ok: !late,
      detail: lastMs === undefined ? 'no tick yet' : `last tick ${clock.nowMs() - lastMs} ms ago`,
    },
    {
      name: 'forecasts',
      ok: true,
      detail: `${fitted} of ${parts.book.entries.size} services have a fitted model`,
    },
  ]
}
