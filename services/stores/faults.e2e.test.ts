/**
 * What a source can do wrong and what the controller makes of it: 18 ways of being down in front of each source, twenty
 * ticks each, the load falling meanwhile. Counted: decreases, ticks that did not end in time, decisions that were not
 * made, and what still stood afterwards.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDryRun } from '../actuators/dry-run.ts'
import { createManualClock } from '../clock.ts'
import { AppConfig } from '../config.ts'
import type { TickSummary } from '../control-plane.ts'
import { openLedger } from '../ledger/registry.ts'
import { createController } from '../loops/controller.ts'
import { openInfluxStore } from './influxdb.ts'
import { createMemoryStore } from './memory.ts'
import { openPrometheusStore } from './prometheus.ts'
import type { SampleStore } from './sample-store.ts'
import { FAULTS, type Fault, type FaultServer, startFaultServer } from './test-faults.ts'
import { influxOver, prometheusOver } from './test-sources.ts'

const STEP_MS = 1000
const METRIC = 'requests_per_second'
const TICKS = 20
const TICK_LIMIT_MS = 5000
const RETRY_AFTER_MS = 50
const START_MS = 1_795_248_000_000
const SERVICES = ['near', 'far'] as const
const total = { runs: 0, ticks: 0, decreases: 0, late: 0, unrecovered: 0 }

interface Source {
  readonly kind: string
  /** Services that the fault does not concern. */
  readonly spared: readonly string[]
  open(faulty: string, well: string, folder: string): Promise<SampleStore>
}
const influx = (url: string) =>
  ({ kind: 'influxdb', url, org: 'o', timeoutMs: 100, flushMs: 10 }) as const
const promServer = (url: string) => ({ url, timeoutMs: 100 })
const metricsOf = (server: string, services?: readonly string[]) => ({
  ...{ metric: METRIC, query: METRIC, server },
  ...(services ? { services: [...services] } : {}),
})
async function openProm(store: object): Promise<SampleStore> {
  const config = configOf(store).store
  if (config.kind !== 'prometheus') throw new Error('of another kind')
  const options = { config, services: SERVICES, stepMs: STEP_MS, retryAfterMs: RETRY_AFTER_MS }
  return openPrometheusStore(options)
}
const SOURCES: readonly Source[] = [
  {
    kind: 'influxdb',
    spared: [],
    async open(faulty, _well, folder) {
      const config = configOf(influx(faulty)).store
      if (config.kind !== 'influxdb') throw new Error('of another kind')
      const options = { config, folder, retentionMs: 3_600_000, retryAfterMs: RETRY_AFTER_MS }
      return openInfluxStore(options)
    },
  },
  {
    kind: 'prometheus',
    spared: [],
    open: (faulty) =>
      openProm({
        ...{ kind: 'prometheus', servers: { one: promServer(faulty) } },
        metrics: [metricsOf('one')],
      }),
  },
  {
    kind: 'one Prometheus of two',
    spared: ['far'],
    open: (faulty, well) =>
      openProm({
        ...{ kind: 'prometheus', servers: { one: promServer(faulty), two: promServer(well) } },
        metrics: [metricsOf('one', ['near']), metricsOf('two', ['far'])],
      }),
  },
]

function configOf(store: object): AppConfig {
  return AppConfig.parse({
    ...{ store, clock: 'manual', mode: 'enforce', tickMs: STEP_MS, stepMs: STEP_MS },
    freshness: { lateAfterSteps: 2, staleAfterSteps: 5, deadAfterSteps: 12 },
    costBudgetPerHour: 1000,
    services: Object.fromEntries(
      SERVICES.map((name) => [
        name,
        {
          ...{ policy: 'reactive', maxReplicas: 50 },
          behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
        },
      ]),
    ),
  })
}

let folder: string
let behind: SampleStore
let faulty: FaultServer
let well: FaultServer
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-faults-'))
  behind = createMemoryStore({ retentionMs: 3_600_000 })
})
afterEach(async () => {
  await faulty?.close()
  await well?.close()
  await rm(folder, { recursive: true, force: true })
})
afterAll(() => {
  process.stdout.write(`faults of sources: ${JSON.stringify(total)}\n`)
})

async function startOn(store: SampleStore) {
  const config = configOf({ kind: 'embedded' })
  const ledger = await openLedger(config, folder)
  const controller = await createController({
    ...{ config, reread: () => config, clock: createManualClock(START_MS), store, ledger },
    actuator: createDryRun(new Map(SERVICES.map((name) => [name, 1]))),
    fitter: { fit: () => Promise.reject(new Error('no fit here')), close: async () => {} },
    webhooks: {
      kick: () => {},
      counts: () => ({ delivered: 0, failedAttempts: 0, givenUp: 0 }),
      close: async () => {},
    },
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })
  let k = 0
  return {
    controller,
    async step(load: number): Promise<TickSummary> {
      const atMs = START_MS + ++k * STEP_MS
      const samples = SERVICES.map((service) => ({ service, metric: METRIC, atMs, value: load }))
      await behind.append(samples, atMs)
      const beganMs = performance.now()
      const summary = await controller.runTick(atMs, undefined)
      total.ticks++
      if (performance.now() - beganMs > TICK_LIMIT_MS) total.late++
      return summary
    },
    async close() {
      await controller.stop()
      await store.close()
      await ledger.close()
    },
  }
}

const countOf = ({ decisions }: TickSummary, service: string) =>
  decisions.find((one) => one.service === service)!

describe.each(SOURCES)('$kind', ({ kind, spared, open }) => {
  const listener = kind === 'influxdb' ? influxOver : prometheusOver
  const concerned = SERVICES.filter((name) => !spared.includes(name))

  async function run(fault: Fault): Promise<void> {
    faulty = await startFaultServer(listener(behind))
    well = await startFaultServer(listener(behind))
    const isOfAddress = faulty.urlFor(fault) !== faulty.url
    const store = await open(faulty.urlFor(fault), well.url, folder)
    const rig = await startOn(store)
    let before = await rig.step(300)
    for (let k = 0; k < 3; k++) before = await rig.step(300)
    await faulty.set(fault)
    for (let k = 0; k < TICKS; k++) {
      const tick = await rig.step(1)
      for (const service of concerned) {
        if (countOf(tick, service).to < countOf(before, service).to) total.decreases++
        expect(countOf(tick, service).to).toBeGreaterThanOrEqual(countOf(before, service).to)
      }
      before = tick
    }
    const health = (await rig.controller.health()).find(({ name }) => name === 'store')
    expect(health).toMatchObject({ ok: true, degraded: true })
    // who is not concerned goes on: its load fell, and so does its count
    for (const service of spared) expect(countOf(before, service).to).toBe(1)
    total.runs++
    if (!isOfAddress) await recovers(rig)
    await rig.close()
  }

  async function recovers(rig: Awaited<ReturnType<typeof startOn>>): Promise<void> {
    await faulty.set(undefined)
    await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS * 1.5))
    for (let k = 0; k < 4; k++) await rig.step(1)
    const fresh = rig.controller.services().every(({ freshness }) => freshness === 'fresh')
    if (!fresh) total.unrecovered++
    expect(rig.controller.services().map(({ freshness }) => freshness)).toEqual(['fresh', 'fresh'])
    const health = (await rig.controller.health()).find(({ name }) => name === 'store')
    expect(health).toMatchObject({ ok: true })
    expect(health?.degraded).toBeFalsy()
  }

  it.each(FAULTS)('%s: no decrease, no tick missed, degraded, and well again by itself', run)
})
