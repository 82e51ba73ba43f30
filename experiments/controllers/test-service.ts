/**
 * One service for tests of controllers, by arithmetic alone: requests flow through the ready replicas, what is too much
 * waits, replicas asked for are ready after their start-up time and gone at once.
 */
import { ServiceSpec } from '../../agents/service-spec.ts'
import { type Scenario, Scrape, Serving } from '../simulator/scenario.ts'
import type { Controller, Known, Scraped } from './controller.ts'

const DAY_MS = 86_400_000
export const START_MS = 14 * DAY_MS
/** A Monday, 00:00. */
export const MONDAY_MS = Date.UTC(2026, 0, 5)

export interface TestService {
  readonly tickMs?: number
  readonly stepMs?: number
  readonly startMs?: number
  readonly spec?: Partial<ServiceSpec>
  readonly serving?: Partial<Serving>
  /** Requests/s a step before the run, and during it. */
  readonly history?: readonly number[]
  readonly load?: readonly number[]
}

/** A replica: 4 places, 0.1 s a request, hence 40 requests/s at most, declared as such; ready after 30 s. */
export function testScenario(service: TestService = {}): Scenario {
  const { tickMs = 15_000, stepMs = 60_000, startMs = START_MS } = service
  return {
    name: 'test',
    startMs,
    stepMs,
    tickMs,
    costBudgetPerHour: 1000,
    services: [
      {
        name: 'web',
        spec: ServiceSpec.parse({ maxReplicas: 100, capacityPerReplica: 40, ...service.spec }),
        serving: Serving.parse({
          concurrency: 4,
          serviceTime: { meanSeconds: 0.1 },
          ...service.serving,
        }),
        history: Float64Array.from(service.history ?? []),
        load: Float64Array.from(service.load ?? [0]),
      },
    ],
    scrape: Scrape.parse({}),
    synthetic: true,
    seed: 1,
  }
}

/** As a controller sees a service of which nothing was measured. */
export function unseen(replicas: Partial<Scraped['replicas']>): Scraped {
  const { requested = replicas.ready ?? 1, ready = requested } = replicas
  return {
    measuredAtMs: Number.NaN,
    loadRps: Number.NaN,
    utilization: Number.NaN,
    queued: Number.NaN,
    inService: Number.NaN,
    violationRatio: Number.NaN,
    errorRatio: Number.NaN,
    latencyMeanSeconds: Number.NaN,
    latencyP95Seconds: Number.NaN,
    replicas: { requested, ready, starting: 0, terminating: 0, ...replicas },
  }
}

interface Run {
  readonly ticks: number
  readonly initial: number
  /** Requests/s; NaN: nothing is measured in this tick. */
  readonly loadAt: (tick: number) => number
}

/** The counts asked for at each tick. */
export function drive(known: Known, controller: Controller, run: Run): number[] {
  const { tickMs, startMs, services } = known
  const startupTicks = Math.ceil((services[0]!.spec.startupSeconds * 1000) / tickMs)
  const pool = createPool(run.initial, startupTicks)
  const serve = createServer(known)
  let scraped: Scraped = { ...unseen(pool.counts()), ...history(known) }
  return Array.from({ length: run.ticks }, (_, tick) => {
    const requested = controller.decide(startMs + tick * tickMs, [scraped])[0]!
    pool.ask(requested)
    const replicas = pool.counts()
    const loadRps = run.loadAt(tick)
    const measuredAtMs = startMs + (tick + 1) * tickMs
    scraped = Number.isNaN(loadRps)
      ? unseen(replicas)
      : { measuredAtMs, loadRps, ...serve(loadRps, replicas.ready), replicas }
    return requested
  })
}

/** Replicas that are ready `startupTicks` after they were asked for, and go at once. */
function createPool(
  initial: number,
  startupTicks: number,
): { ask(requested: number): void; counts(): Scraped['replicas'] } {
  let ready = initial
  let starting: number[] = []
  let asked = initial
  return {
    ask(requested) {
      asked = requested
      starting = starting.map((left) => left - 1)
      ready += starting.filter((left) => left <= 0).length
      starting = starting.filter((left) => left > 0).slice(0, Math.max(0, requested - ready))
      ready = Math.min(ready, requested)
      while (ready + starting.length < requested) starting.push(startupTicks)
    },
    counts: () => ({ requested: asked, ready, starting: starting.length, terminating: 0 }),
  }
}

/** What is measured when `ready` replicas serve a tick of `loadRps`; what is too much waits for the next. */
function createServer({
  tickMs,
  services,
}: Known): (
  loadRps: number,
  ready: number,
) => Omit<Scraped, 'measuredAtMs' | 'loadRps' | 'replicas'> {
  const { spec, serving } = services[0]!
  const { meanSeconds } = serving.serviceTime
  const seconds = tickMs / 1000
  let queued = 0
  return (loadRps, ready) => {
    const most = ((ready * serving.concurrency) / meanSeconds) * seconds
    const offered = queued + loadRps * seconds
    const served = Math.min(offered, most)
    queued = Math.min(offered - served, serving.queueLimit * Math.max(1, ready))
    const utilization = served / most
    const latencySeconds = meanSeconds + (ready > 0 ? (queued / most) * seconds : seconds)
    return {
      utilization,
      queued,
      inService: (served / seconds) * meanSeconds,
      violationRatio: latencySeconds > spec.slo.latencySeconds ? 1 : 0,
      errorRatio: 0,
      latencyMeanSeconds: latencySeconds,
      latencyP95Seconds: latencySeconds,
    }
  }
}

function history({ services, startMs }: Known): Partial<Scraped> {
  const last = services[0]!.history.at(-1)
  return last === undefined ? {} : { measuredAtMs: startMs, loadRps: last }
}
