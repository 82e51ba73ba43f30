/**
 * The running controller by its manual clock (real store, ledger, settings, rollouts) over a simulated cluster: what a
 * rollout does, and what it may never do, is tried here. Four services whose load has recurring peaks that reactive control
 * is late for.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { seededRandom } from '../../datasets/random.ts'
import { fitForecaster } from '../../forecaster/forecaster.ts'
import { initialReplicas, openActuator } from '../../services/actuators/registry.ts'
import { createWebhooks } from '../../services/alerts/webhooks.ts'
import { createManualClock } from '../../services/clock.ts'
import { AppConfig } from '../../services/config.ts'
import type { TickSummary } from '../../services/control-plane.ts'
import type { Ledger } from '../../services/ledger/ledger.ts'
import { openLedger } from '../../services/ledger/registry.ts'
import { type Controller, createController } from '../../services/loops/controller.ts'
import { openStore } from '../../services/stores/registry.ts'
import { createFluidPlant } from '../simulator/fluid/plant.ts'
import { Scrape, Serving } from '../simulator/scenario.ts'

export const TICK_MS = 60_000
/** A compressed day. */
export const SEASON = 60
const SERVICES = ['search', 'recommendation', 'payment', 'auth']

export interface World {
  /** As it is now: another one after a restart. */
  readonly controller: () => Controller
  readonly ledger: () => Ledger
  readonly config: AppConfig
  /** What went wrong beside the ticks. */
  readonly errors: readonly string[]
  /** One tick, carried out on the cluster until the next. */
  step(): Promise<TickSummary>
  /** The controller ends and another takes over its state; the cluster goes on. */
  restart(): Promise<void>
  close(): Promise<void>
}

export interface WorldOptions {
  readonly seed: number
  /** Ticks that can be run. */
  readonly ticks: number
  readonly costBudgetPerHour?: number
  /** Over the rest of the configuration. */
  readonly over?: object
}

export async function createWorld(options: WorldOptions): Promise<World> {
  const folder = await mkdtemp(path.join(tmpdir(), 'forescale-rollout-'))
  const config = configOf(options)
  const errors: string[] = []
  const cluster = createCluster(options, config)
  let running = await openController(config, folder, errors)
  return {
    controller: () => running.controller,
    ledger: () => running.ledger,
    ...{ config, errors },
    async step() {
      const { controller } = running
      const { atMs, samples, replicas } = cluster.measured()
      await controller.ingest(samples)
      const tick = await controller.runTick(atMs, replicas)
      cluster.carryOut(tick)
      return tick
    },
    async restart() {
      await running.close()
      running = await openController(config, folder, errors)
    },
    async close() {
      await running.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function openController(config: AppConfig, folder: string, errors: string[]) {
  const store = await openStore(config, folder)
  const ledger = await openLedger(config, folder)
  const actuator = await openActuator(config.actuator, {
    ...{ hostUrl: '', drainTimeoutMs: 0 },
    initial: initialReplicas(config),
  })
  const note = (fields: object, message: string) =>
    void errors.push(`${message}: ${Reflect.get(fields, 'err')}`)
  const log = { info: () => {}, warn: note, error: note }
  const controller = await createController({
    config,
    reread: () => config,
    clock: createManualClock(),
    ...{ store, ledger, actuator, log },
    fitter: {
      fit: async (series, forecast, seed, fit) => fitForecaster(series, forecast, seed, fit),
      close: async () => {},
    },
    webhooks: createWebhooks({ ledger, secretOf: () => undefined, log }),
  })
  return {
    ...{ controller, ledger },
    async close() {
      await controller.stop()
      await actuator.close()
      await ledger.close()
      await store.close()
    },
  }
}

function configOf({ seed, costBudgetPerHour, over }: WorldOptions): AppConfig {
  const service = {
    ...{ maxReplicas: 30, capacityPerReplica: 30, startupSeconds: 60, targetUtilization: 0.9 },
    behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
  }
  return AppConfig.parse({
    ...{ clock: 'manual', mode: 'enforce', tickMs: TICK_MS, stepMs: TICK_MS, seed },
    costBudgetPerHour: costBudgetPerHour ?? 8,
    actuator: { kind: 'caller' },
    forecast: {
      seasonsMs: [SEASON * TICK_MS],
      models: ['seasonal-naive'],
      horizonSteps: 8,
      refitMs: SEASON * TICK_MS,
    },
    services: Object.fromEntries(SERVICES.map((name) => [name, service])),
    ...over,
  })
}

/** A night, a day, and a steep peak twice a day; each service at its own hour and of its own size. */
function loadOf(place: number, ticks: number, random: () => number): Float64Array {
  const size = 60 * (1 + place)
  return Float64Array.from({ length: ticks + 1 }, (_, k) => {
    const at = (k + 13 * place) % SEASON
    const wave = 1 - 0.5 * Math.cos((2 * Math.PI * at) / SEASON)
    const peak = at % 30 >= 20 && at % 30 < 24 ? 2 : 1
    return size * wave * peak * (0.95 + 0.1 * random())
  })
}

function createCluster({ seed, ticks }: WorldOptions, config: AppConfig) {
  const specs = Object.entries(config.services)
  const random = (name: string) => seededRandom('rollout', seed, name)
  const plant = createFluidPlant(
    {
      ...{ name: 'rollout', startMs: 0, stepMs: TICK_MS, tickMs: TICK_MS, seed },
      costBudgetPerHour: config.costBudgetPerHour,
      services: specs.map(([name, spec], i) => ({
        ...{ name, spec, serving: Serving.parse({}), history: new Float64Array(0) },
        load: loadOf(i, ticks, random(name)),
      })),
      scrape: Scrape.parse({}),
      synthetic: true,
    },
    { random, initial: specs.map(() => 4) },
  )
  let tick = 0
  let requested = specs.map(() => 4)
  let last: ReturnType<typeof plant.advance> | undefined
  return {
    /** What the controller is told at the end of an interval. */
    measured() {
      tick++
      last = plant.advance(requested)
      const atMs = tick * TICK_MS
      const samples = last.flatMap(({ arrivals, violations, replicas }, i) => {
        const service = specs[i]![0]
        const sample = (metric: string, value: number) => ({ service, metric, atMs, value })
        return [
          sample('requests_per_second', arrivals / (TICK_MS / 1000)),
          sample('violation_ratio', arrivals > 0 ? Math.min(1, violations / arrivals) : 0),
          sample('ready_replicas', replicas.ready),
        ]
      })
      const counts = last.map(({ replicas }, i) => [specs[i]![0], replicas] as const)
      return { atMs, samples, replicas: new Map(counts) }
    },
    carryOut({ decisions }: TickSummary) {
      requested = specs.map(([name]) => decisions.find(({ service }) => service === name)!.to)
    },
  }
}
