/** What the parts of the running controller share, and the one tick that all of them wait for. */
import type { ServiceId } from '../../forecaster/series.ts'
import type { Actuator, ReportedActuator } from '../actuators/actuator.ts'
import type { Alerts } from '../alerts/alerts.ts'
import type { Webhooks } from '../alerts/webhooks.ts'
import type { Treasury } from '../budget/treasury.ts'
import type { ManualClock, RunningClock } from '../clock.ts'
import type { AppConfig } from '../config.ts'
import type { ControlEvent } from '../control-plane.ts'
import type { Calendar } from '../covariates/calendar.ts'
import { type Covariates, createCovariates } from '../covariates/covariates.ts'
import { createImportance, type Importance } from '../explanations/importance.ts'
import type { Leadership } from '../leader/lease.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { createModelControl, type ModelControl } from '../models/control.ts'
import { createLifecycle, type Lifecycle, type LifecycleDeps } from '../models/lifecycle.ts'
import { createOutlook, type Outlook } from '../outlook/outlook.ts'
import { createOutlookWatch, type OutlookWatch } from '../outlook/refresh.ts'
import type { RightSizing } from '../right-sizing/right-sizing.ts'
import type { Automatic } from '../rollouts/automatic.ts'
import type { RolloutControl } from '../rollouts/control.ts'
import type { Rollouts } from '../rollouts/rollouts.ts'
import type { Selection } from '../selection/selection.ts'
import type { Shares } from '../shards/shares.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import type { StartTraining } from '../trainings/train-elsewhere.ts'
import type { Instant } from './clock-jumps.ts'
import {
  type ControlLoop,
  createControlLoop,
  type LoopState,
  type TickResult,
} from './control-loop.ts'
import { type Counting, createCounting } from './counters.ts'
import type { Fitter } from './fitter.ts'
import { createLoadBook } from './load-book.ts'
import { createNeuralTrainer, type NeuralTrainer } from './neural-trainer.ts'
import { createRefitter, type Refitter } from './refit.ts'
import type { Settings } from './settings.ts'
import { createStartups } from './startups.ts'
import { type TolerantBook, tolerant } from './tolerant-book.ts'
import type { TrainingParts } from './training-parts.ts'
import { budgetOf, statusesOf, type ViewInput } from './views.ts'

/** After a longer silence forecasters start afresh. */
const LONGEST_GAP_MS = 24 * 60 * 60 * 1000

export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface ControllerDeps {
  readonly config: AppConfig
  /** Reads the configuration file again; throws ConfigError when it is wrong. */
  readonly reread: () => AppConfig
  readonly clock: RunningClock | ManualClock
  readonly store: SampleStore
  readonly ledger: Ledger
  readonly actuator: Actuator | ReportedActuator
  readonly fitter: Fitter
  readonly webhooks: Webhooks
  /** Who leads; absent where there is no lease. */
  readonly leadership?: (() => Leadership | undefined) | undefined
  /** Absent where there are no shards. */
  readonly shares?: Shares | undefined
  /** When the last tick was seen by who was here before in this process; absent: nobody was. */
  readonly lastSeen?: Instant | undefined
  /** A tick with its decisions is in the ledger. */
  readonly recorded?: ((tick: number) => void) | undefined
  /** Folder of all state, absolute; without it nothing can be trained. */
  readonly stateDir?: string | undefined
  /** Where trainings run; here when absent. */
  readonly startTraining?: StartTraining | undefined
  readonly log: Log
}

export type Listeners = Set<(event: ControlEvent) => void>

/** What the parts of the controller share; `config`, `parts` and `last` change as it runs. */
export interface Core {
  readonly deps: ControllerDeps
  readonly settings: Settings
  readonly counting: Counting
  readonly listeners: Listeners
  readonly alerts: Alerts
  readonly outlook: Outlook
  readonly outlookWatch: OutlookWatch
  readonly lifecycle: Lifecycle
  readonly models: ModelControl
  readonly refitter: Refitter
  readonly trainer: NeuralTrainer
  readonly calendar: Calendar
  readonly importance: Importance
  readonly treasury: Treasury
  readonly rightSizing: RightSizing
  readonly selection: Selection
  readonly rollouts: Rollouts
  readonly rolloutControl: RolloutControl
  readonly automatic: Automatic
  readonly trainings: TrainingParts
  config: AppConfig
  parts: Parts
  last: TickResult | undefined
  /** Ticks and reloads never overlap: each waits for the one before. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
}

export interface Beside {
  readonly listeners: Listeners
  readonly alerts: Alerts
  readonly calendar: Calendar
  readonly treasury: Treasury
  readonly rightSizing: RightSizing
  readonly selection: Selection
  readonly rollouts: Rollouts
  readonly rolloutControl: RolloutControl
  readonly automatic: Automatic
  readonly trainings: TrainingParts
}

export function createCore(
  deps: ControllerDeps,
  settings: Settings,
  state: LoopState,
  beside: Beside,
): Core {
  const { listeners, alerts, calendar, treasury, selection, rollouts, rolloutControl } = beside
  const { rightSizing, automatic, trainings } = beside
  let queue: Promise<unknown> = Promise.resolve()
  const outlook = createOutlook({
    store: deps.store,
    ledger: deps.ledger,
    config: () => core.config,
    budget: settings.budget,
    capacityOf: (service) =>
      core.parts.book.entries.get(service)?.capacity.capacity ??
      core.config.services[service]!.capacityPerReplica,
    nowMs: deps.clock.nowMs,
  })
  const { lifecycle, models, refitter, trainer } = createModels(deps, () => core)
  const core: Core = {
    deps,
    settings,
    counting: createCounting(deps.clock.nowMs()),
    listeners,
    alerts,
    outlook,
    outlookWatch: createOutlookWatch(outlook, (error) =>
      deps.log.error({ err: error }, 'the outlook could not be made'),
    ),
    lifecycle,
    models,
    refitter,
    trainer,
    config: deps.config,
    calendar,
    importance: createImportance({
      book: () => core.parts.book,
      covariates: () => core.parts.covariates,
      settings: () => core.config,
      onError: (service, error) =>
        deps.log.error({ service, err: error }, 'its feature importance could not be worked out'),
    }),
    ...{ treasury, rightSizing, selection, rollouts, rolloutControl, automatic, trainings },
    parts: createParts(deps, settings, state, deps.config, beside),
    last: undefined,
    inTurn(work) {
      const next = queue.then(work, work)
      queue = next.catch(() => undefined)
      return next
    },
  }
  return core
}

/** The models outlive a reload; what they are followed by changes with it. */
function createModels(
  { ledger, fitter, clock, log }: ControllerDeps,
  core: () => Core,
): Pick<Core, 'lifecycle' | 'models' | 'refitter' | 'trainer'> {
  const book = () => core().parts.book
  const settings = () => core().config
  const covariates = () => core().parts.covariates
  const lifecycleDeps: LifecycleDeps = {
    ledger,
    book,
    config: settings,
    nowMs: clock.nowMs,
    emit: (data) => {
      const { service, number, kind, reason } = data.model
      log.info({ service, number, kind, reason }, `model ${data.event}`)
      emit(core(), { kind: 'model', data })
    },
    onError: (service, error, what) => log.error({ service, err: error }, what),
  }
  const lifecycle = createLifecycle(lifecycleDeps)
  const onError = (service: ServiceId, error: unknown) =>
    log.error({ service, err: error }, 'fit failed; the old model stays')
  const trainer = createNeuralTrainer({
    book,
    settings,
    ledger,
    onTrained: (networks, services) =>
      log.info({ cells: Object.keys(networks), services }, 'networks trained'),
    onError: (error) => log.error({ err: error }, 'no network could be trained; the old ones stay'),
  })
  const { networks } = trainer
  return {
    lifecycle,
    trainer,
    models: createModelControl(lifecycleDeps, lifecycle),
    refitter: createRefitter({
      ...{ book, settings, covariates },
      ...{ fitter, networks, lifecycle, onError },
    }),
  }
}

interface Parts {
  readonly book: TolerantBook
  readonly covariates: Covariates
  readonly loop: ControlLoop
}

export function createParts(
  deps: ControllerDeps,
  settings: Settings,
  state: LoopState,
  config: AppConfig,
  beside: Omit<Beside, 'listeners'>,
): Parts {
  const { alerts, calendar, treasury, rightSizing } = beside
  // what a rollout has act in a tick stands over the settings
  const { specOf, actorOf } = beside.selection.over(beside.rollouts.strategies)
  const { store, ledger, actuator, clock, shares } = deps
  const { stepMs, forecast, services } = config
  const specs = new Map(Object.entries(services))
  const covariates = createCovariates({
    ...{ calendar, store, stepMs },
    config: config.covariates,
    keepSteps: forecast.historySteps,
  })
  const reader = createLoadBook({
    ...{ store, stepMs, specs, covariates },
    tickMs: config.tickMs,
    config: forecast,
    onStep: alerts.step,
    longestGapMs: Math.min(LONGEST_GAP_MS, forecast.historySteps * stepMs),
    doubt: state.doubt,
  })
  const book = tolerant(reader, {
    failed: (error) =>
      deps.log.error({ err: error }, 'the store does not answer; ticks go on with what is known'),
    recovered: ({ sinceMs }) =>
      deps.log.info({ forMs: clock.nowMs() - sinceMs }, 'the store answers again'),
  })
  const startups = createStartups(store, clock.nowMs)
  const stopwatchMs = clock.kind === 'manual' ? () => 0 : clock.monotonicMs
  const loop = createControlLoop(
    {
      ...{ config, book, ledger, actuator, treasury, rightSizing, actorOf, startups, stopwatchMs },
      shares,
      settings: { ...settings, specOf },
    },
    state,
  )
  return { book, covariates, loop }
}

export const viewOf = ({ config, settings, parts, last, deps, treasury }: Core): ViewInput => ({
  config,
  settings,
  periods: treasury.view(),
  shards: deps.shares?.view(settings.budget()) ?? null,
  book: parts.book,
  last,
  nowMs: deps.clock.nowMs(),
})

export function emit(core: Core, event: ControlEvent): void {
  for (const listener of core.listeners) listener(event)
}

export function emitStatus(core: Core): void {
  const view = viewOf(core)
  const atMs = view.nowMs
  const leadership = core.deps.leadership?.()
  emit(core, {
    kind: 'status',
    data: {
      services: statusesOf(view),
      budget: budgetOf(view),
      paused: core.settings.paused(),
      atMs,
      ...(leadership ? { leadership } : {}),
    },
  })
}
