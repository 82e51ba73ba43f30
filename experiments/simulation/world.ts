/**
 * The simulated world: machines with controllers, the ledger's and the store's servers, the platform, the collector, and
 * what watches them all. The controllers are the product's own code from services/loops/controller.ts.
 */
import { createHash } from 'node:crypto'
import { fitForecaster } from '../../forecaster/forecaster.ts'
import { LOAD_METRIC } from '../../forecaster/series.ts'
import { openLed } from '../../services/leader/lead.ts'
import type { Ledger } from '../../services/ledger/ledger.ts'
import { type Controller, createController } from '../../services/loops/controller.ts'
import type { Fitter } from '../../services/loops/fitter.ts'
import type { SampleStore } from '../../services/stores/sample-store.ts'
import { type Chance, chanceOf } from './chance.ts'
import { type Checker, createChecker } from './checker.ts'
import { DAY_MS, type Knobs } from './knobs.ts'
import { createLeaseHistory, type LeaseHistory } from './lease-history.ts'
import { createLedgerBook, type LedgerBook } from './ledger-book.ts'
import { copyTables, type Tables } from './ledger-tables.ts'
import { type Lie, lie, measure } from './load.ts'
import { createMachine, type Machine } from './machine.ts'
import type { Mutant } from './mutants.ts'
import {
  type CallOptions,
  createNetwork,
  createServer,
  type Network,
  type Server,
  type Stage,
  stopServer,
} from './network.ts'
import { createPlatform, type Order, type Platform } from './platform.ts'
import { actuatorPort, type Caller, ledgerPort, storePort } from './ports.ts'
import { createSampleBook } from './sample-book.ts'
import { createScheduler, type Scheduler } from './scheduler.ts'

/** Simulated time begins here: a Unix time on every grid, so that no product code sees a time near 0. */
export const START_MS = 20_000 * DAY_MS

export interface Node {
  readonly machine: Machine
  /** The controller at work; undefined while its process is down or opening. */
  controller: Controller | undefined
  errors: string[]
}

export interface World {
  readonly knobs: Knobs
  readonly mutant: Mutant | undefined
  readonly scheduler: Scheduler
  readonly network: Network
  readonly platform: Platform
  readonly platformServer: Server
  readonly ledgerBook: LedgerBook
  readonly ledgerServer: Server
  readonly sampleBook: SampleStore
  readonly storeServer: Server
  readonly nodes: readonly Node[]
  readonly checker: Checker
  /** Who asked for the lease, and who led. */
  readonly leases: LeaseHistory
  /** What is told of each service instead of the truth. */
  readonly lies: Map<string, Lie>
  /** What a fit learns from instead of the truth. */
  distort: ((values: Float64Array) => Float64Array) | undefined
  /** Where the ledger does not make writes durable at once: what a power cut leaves. */
  durable: Tables | undefined
  onStage: ((stage: Stage, name: string) => void) | undefined
  options(caller: Caller): CallOptions
  /** One write or read in the ledger's server, as transaction of the one who holds `token`. */
  transact<T>(method: string, token: number | undefined, work: () => Promise<T>): Promise<T>
  order(order: Order): void
  start(node: Node): void
  /** The controller that an operator asks: the one that leads, if any does. */
  leader(): Controller | undefined
  kill(node: Node): void
  powerCut(): void
  note(line: string): void
  log(): readonly string[]
  hash(): string
}

export function createWorld(knobs: Knobs, mutant?: Mutant): World {
  const scheduler = createScheduler(START_MS)
  const lines: string[] = []
  const digest = createHash('sha256')
  const note = (line: string): void => {
    const text = `${scheduler.nowMs() - START_MS} ${line}`
    digest.update(text)
    lines.push(text)
    if (lines.length > 4000) lines.splice(0, 2000)
  }
  const nowMs = scheduler.nowMs
  const ledgerBook = createLedgerBook(`simulated-${knobs.seed}`)
  const pods = chanceOf(knobs.seed, 'pods')
  const platform = createPlatform({
    services: [...knobs.startReplicas].map(([service, replicas]) => ({ service, replicas })),
    nowMs,
    startupMs: (service) => knobs.startupMs.get(service)! * pods.between(0.8, 1.2),
    drainMs: () => knobs.drainMs * pods.between(0.8, 1.2),
    forgetsOrders: mutant?.forgetsOrders === true,
    onEffect(effect) {
      note(`effect ${effect.service} ${effect.from}>${effect.to} ${effect.decisionId ?? 'rival'}`)
      checker.effect(effect)
    },
  })
  const world: World = {
    ...{ knobs, mutant, scheduler, platform, ledgerBook, note },
    network: createNetwork({
      scheduler,
      random: chanceOf(knobs.seed, 'network').unit,
      wayMs: knobs.wayMs,
    }),
    platformServer: createServer('platform', 5),
    ledgerServer: createServer('ledger', knobs.ledgerWorkMs),
    sampleBook: createSampleBook(knobs.config.retentionMs),
    storeServer: createServer('store', 2),
    nodes: knobs.skewsMs.map((skewMs, i) => ({
      machine: createMachine(`controller-${i}`, scheduler, skewMs),
      controller: undefined,
      errors: [],
    })),
    checker: createChecker({ knobs, platform, ledgerBook, nowMs }),
    leases: createLeaseHistory(nowMs),
    lies: new Map(),
    distort: undefined,
    durable: undefined,
    onStage: undefined,
    options: ({ name }) => ({
      timeoutMs: knobs.timeoutMs,
      onStage: (stage, method) => world.onStage?.(stage, `${name} ${method}`),
    }),
    transact: (method, token, work) => transact(world, method, token, work),
    order(order) {
      const from = order.from
      platform.order(mutant?.order?.(order, from) ?? order)
    },
    start: (node) => startController(world, node),
    leader: () =>
      world.nodes
        .map(({ controller }) => controller)
        .find((controller) => controller?.leadership?.().leads),
    kill(node) {
      node.machine.kill()
      node.controller = undefined
    },
    powerCut: () => powerCut(world),
    log: () => lines,
    hash: () => digest.copy().digest('hex'),
  }
  const { checker } = world
  world.nodes.forEach(({ machine }, i) => {
    machine.drift(knobs.drifts[i]!)
  })
  collect(world)
  return world
}

const WRITES = /^(openTick|settle|save|checkpoint|put|prune|change|acknowledge)/

async function transact<T>(
  world: World,
  method: string,
  token: number | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const { ledgerBook, mutant, checker } = world
  const isWrite = WRITES.test(method)
  if (isWrite && token !== undefined && !mutant?.ignoresFence) {
    const row = await ledgerBook.ledger.lease.read()
    if (row && row.token > token)
      throw new Error(`fenced: token ${token} is older than ${row.token}`)
  }
  if (mutant?.skipsFsync && method === 'openTick') world.durable = copyTables(ledgerBook.tables)
  const answer = await work()
  if (isWrite) world.note(`ledger ${method}`)
  if (method === 'openTick') checker.recorded(token)
  if (method === 'settle') checker.settled()
  if (mutant?.tearsTransactions && method === 'openTick') tear(world)
  return answer
}

/** What the ledger had not made durable is gone; what was under way is never carried out. */
function powerCut(world: World): void {
  stopServer(world.ledgerServer)
  if (world.durable) world.ledgerBook.tables = copyTables(world.durable)
  world.note('power cut')
  world.checker.remembered()
}

/** The decisions of the newest tick follow their tick's row, unless the ledger stops in between. */
function tear({ scheduler, ledgerBook, ledgerServer, knobs }: World): void {
  const { tables } = ledgerBook
  const ids = tables.decided.get(tables.newestTick) ?? []
  const rows = ids.map((id) => tables.decisions.get(id)!)
  for (const id of ids) tables.decisions.delete(id)
  const { life } = ledgerServer
  scheduler.at(scheduler.nowMs() + knobs.ledgerWorkMs, () => {
    if (ledgerServer.life === life) for (const row of rows) tables.decisions.set(row.id, row)
  })
}

function inlineFitter(world: World): Fitter {
  return {
    async fit(series, config, seed, options) {
      const values = world.distort?.(series.values) ?? series.values
      return fitForecaster({ ...series, values }, config, seed, options)
    },
    async close() {},
  }
}

const NO_WEBHOOKS = {
  kick: () => {},
  counts: () => ({ delivered: 0, failedAttempts: 0, givenUp: 0 }),
  close: async () => {},
}

function startController(world: World, node: Node): void {
  const run = node.machine.start()
  const caller: Caller = { name: node.machine.name, run }
  const failed = (error: unknown): void => {
    node.errors.push(String(error))
    world.note(`${caller.name} could not start: ${String(error)}`)
    // what ends is started again, as by any supervisor
    run.clock.after(world.knobs.config.tickMs / 4, () => {
      if (run.isAlive()) startController(world, node)
    })
  }
  const { mutant } = world
  const clock = mutant?.clock?.(run.clock) ?? run.clock
  const ledger: Ledger = ledgerPort(world, caller)
  const store = storePort(world, caller)
  const actuator = actuatorPort(world, caller)
  const config = mutant?.config?.(world.knobs.config) ?? world.knobs.config
  const log = {
    info: () => {},
    warn: (_: object, message: string) => world.note(`${caller.name} ${message}`),
    error(fields: object, message: string) {
      const error = String(Reflect.get(fields, 'err'))
      if (node.errors.length < 200) node.errors.push(`${message}: ${error}`)
      world.note(`${caller.name} ${message}: ${error}`)
    },
  }
  const ledgerHere = mutant?.ledger?.(ledger, run.clock) ?? ledger
  void openLed({
    ...{ config, log, stateDir: '', holder: caller.name, ledger: ledgerHere },
    clock: mutant?.leaseMs ? { ...clock, monotonicMs: mutant.leaseMs(clock) } : clock,
    actuator: mutant?.actuator?.(actuator) ?? actuator,
    make: (fenced, lastSeen) =>
      createController({
        ...{ config, clock, log, reread: () => config, lastSeen },
        store: mutant?.store?.(store) ?? store,
        ledger: ledgerHere,
        actuator: fenced,
        fitter: inlineFitter(world),
        webhooks: NO_WEBHOOKS,
      }),
  })
    .then(async (controller) => {
      if (!run.isAlive()) return
      node.controller = controller
      await controller.start()
    })
    .catch(failed)
}

/** The collector: at the end of every step what was measured goes to the store, unless somebody lies or nobody can. */
function collect(world: World): void {
  const { knobs, scheduler, platform, sampleBook, storeServer, lies } = world
  const { stepMs } = knobs.config
  const { told } = world.checker
  const said = new Map<string, number>()
  const chance: Chance = chanceOf(knobs.seed, 'collector')
  const step = (endMs: number): void => {
    for (const service of knobs.services) {
      const truth = measure(knobs, platform, service, endMs)
      const kind = lies.get(service)
      const samples = kind ? lie(kind, truth, said) : truth
      if (!kind) said.set(service, truth[0]!.value)
      scheduler.at(endMs + knobs.collectMs * chance.between(0.5, 1.2), () => {
        if (!storeServer.isUp) return
        void sampleBook.append(samples, scheduler.nowMs()).then(() => {
          const load = samples.find(({ metric }) => metric === LOAD_METRIC)
          const isTaken = load && load.atMs <= scheduler.nowMs() && load.value >= 0
          if (isTaken && Number.isFinite(load.value)) told.newestLoadMs.set(service, load.atMs)
          told.hasData = true
        })
      })
    }
    scheduler.at(endMs + stepMs, () => step(endMs + stepMs))
  }
  scheduler.at(START_MS, () => step(START_MS))
}
