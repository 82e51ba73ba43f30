/** A controller, by the manual clock unless told otherwise, over real store and ledger, whose fits are counted and made in this thread. Only for tests. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fitForecaster } from '../../forecaster/forecaster.ts'
import { initialReplicas, openActuator } from '../actuators/registry.ts'
import { createWebhooks } from '../alerts/webhooks.ts'
import { createManualClock, type ManualClock, type RunningClock } from '../clock.ts'
import { AppConfig } from '../config.ts'
import type { ControlEvent, TickSummary } from '../control-plane.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLedger } from '../ledger/registry.ts'
import { type Controller, createController } from '../loops/controller.ts'
import type { Fitter } from '../loops/fitter.ts'
import { openStore } from '../stores/registry.ts'
import type { SampleStore } from '../stores/sample-store.ts'

export const STEP_MS = 60_000
export const SEASON_STEPS = 48
export const SERVICE = 'search'
/** Short contests, and hardly ever a changepoint. */
export const QUIET = { reviewSteps: 40, reviews: 2, falseAlarmSteps: 10_000_000 }

export interface Bench {
  readonly controller: Controller
  readonly ledger: Ledger
  readonly store: SampleStore
  readonly folder: string
  /** Service and time of every fit. */
  readonly fits: { service: string; atMs: number }[]
  readonly events: ControlEvent[]
  readonly errors: string[]
  /** Loads before a time at which nothing ticks. */
  push(loads: readonly (readonly [step: number, load: number])[]): Promise<void>
  /** A load, and the tick that reads it. */
  step(k: number, load: number): Promise<TickSummary>
  close(): Promise<void>
}

export interface BenchOptions {
  readonly folder?: string | undefined
  readonly forecast?: object | undefined
  readonly fitter?: Fitter | undefined
  readonly config?: object | undefined
  /** Default: the manual one. */
  readonly clock?: RunningClock | ManualClock | undefined
}

/** Fits in this thread; a service that is in `broken` cannot be fitted. */
export function inlineFitter(fits: Bench['fits'], broken = new Set<string>()): Fitter {
  return {
    async fit(series, config, seed, options) {
      if (broken.has(series.service)) throw new Error('no fit here')
      fits.push({ service: series.service, atMs: options.fittedAtMs ?? Number.NaN })
      return fitForecaster(series, config, seed, options)
    },
    close: async () => {},
  }
}

export function benchConfig({ forecast, config }: BenchOptions): AppConfig {
  return AppConfig.parse({
    clock: 'manual',
    tickMs: STEP_MS,
    stepMs: STEP_MS,
    actuator: { kind: 'dry-run' },
    forecast: {
      seasonsMs: [SEASON_STEPS * STEP_MS],
      models: ['seasonal-naive', 'ets'],
      horizonSteps: 10,
      lifecycle: QUIET,
      ...forecast,
    },
    services: { [SERVICE]: { maxReplicas: 50 } },
    ...config,
  })
}

export async function startBench(options: BenchOptions = {}): Promise<Bench> {
  const folder = options.folder ?? (await mkdtemp(path.join(tmpdir(), 'forescale-models-')))
  const config = benchConfig(options)
  const store = await openStore(config, folder)
  const ledger = await openLedger(config, folder)
  const actuator = await openActuator(config.actuator, {
    hostUrl: '',
    drainTimeoutMs: 0,
    initial: initialReplicas(config),
  })
  const fits: Bench['fits'] = []
  const errors: string[] = []
  const note = (fields: object, message: string) =>
    void errors.push(`${message}: ${Reflect.get(fields, 'err')}`)
  const log = { info: () => {}, warn: note, error: note }
  const controller = await createController({
    config,
    reread: () => config,
    clock: options.clock ?? createManualClock(),
    ...{ store, ledger, actuator },
    fitter: options.fitter ?? inlineFitter(fits),
    webhooks: createWebhooks({ ledger, secretOf: () => undefined, log }),
    log,
  })
  const events: ControlEvent[] = []
  controller.subscribe((event) => events.push(event))
  const sample = (k: number, value: number) => ({
    service: SERVICE,
    metric: 'requests_per_second',
    atMs: k * STEP_MS,
    value,
  })
  return {
    ...{ controller, ledger, store, folder, fits, events, errors },
    async push(loads) {
      await controller.ingest(loads.map(([k, load]) => sample(k, load)))
    },
    async step(k, load) {
      if (!Number.isNaN(load)) await controller.ingest([sample(k, load)])
      return controller.runTick(k * STEP_MS, undefined)
    },
    async close() {
      await controller.stop()
      await actuator.close()
      await ledger.close()
      await store.close()
    },
  }
}

export const removeFolder = (folder: string) => rm(folder, { recursive: true, force: true })
