/**
 * Sources that answer, and are wrong: clocks that are set, rows in any order, thousands of series that nobody
 * asked for, two series swapped. Over HTTP, by the real readers of InfluxDB and Prometheus, under a budget that binds:
 * no decrease for want of data, decisions by what is said and by nothing else, never over the budget.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import getPort from 'get-port'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
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
import { influxOver, prometheusOver } from './test-sources.ts'

const STEP_MS = 1000
const START_MS = 1_795_248_000_000
const METRIC = 'requests_per_second'
const SERVICES = ['near', 'far'] as const
const BUDGET = 4
const TICK_LIMIT_MS = 5000

type Source = 'influxdb' | 'prometheus'
const SOURCES: readonly Source[] = ['influxdb', 'prometheus']
const overOf = { influxdb: influxOver, prometheus: prometheusOver }

function configOf(store: object): AppConfig {
  const spec = { maxReplicas: 50, behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } }
  return AppConfig.parse({
    ...{ store, clock: 'manual', mode: 'enforce', tickMs: STEP_MS, stepMs: STEP_MS },
    freshness: { lateAfterSteps: 2, staleAfterSteps: 5, deadAfterSteps: 12 },
    costBudgetPerHour: BUDGET,
    services: Object.fromEntries(SERVICES.map((name) => [name, spec])),
  })
}

const ends: (() => Promise<void>)[] = []
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-lies-'))
})
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  await rm(folder, { recursive: true, force: true })
})

async function openSource(kind: Source, listener: RequestListener, name: string) {
  const port = await getPort({ host: '127.0.0.1' })
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  ends.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  const url = `http://127.0.0.1:${port}`
  const { store } = configOf(
    kind === 'influxdb'
      ? { kind, url, org: 'o', timeoutMs: 2000, flushMs: 10 }
      : {
          ...{ kind, servers: { one: { url, timeoutMs: 2000 } } },
          metrics: [{ metric: METRIC, query: METRIC, server: 'one' }],
        },
  )
  if (store.kind === 'influxdb')
    return openInfluxStore({
      ...{ config: store, retentionMs: 3_600_000, retryAfterMs: 50 },
      folder: path.join(folder, name),
    })
  if (store.kind !== 'prometheus') throw new Error('of another kind')
  return openPrometheusStore({
    ...{ config: store, services: SERVICES, stepMs: STEP_MS, retryAfterMs: 50 },
  })
}

type Loads = Readonly<Record<(typeof SERVICES)[number], number>>
interface Lies {
  /** What is appended of a tick's loads, as the source would have it. */
  readonly tell?: (behind: SampleStore, loads: Loads, atMs: number) => Promise<void>
  readonly answer?: (honest: RequestListener) => RequestListener
}

async function tellTruth(behind: SampleStore, loads: Loads, atMs: number): Promise<void> {
  const rows = SERVICES.map((service) => ({ service, metric: METRIC, atMs, value: loads[service] }))
  await behind.append(rows, atMs)
}

async function startOn(kind: Source, name: string, { tell = tellTruth, answer }: Lies = {}) {
  const behind = createMemoryStore({ retentionMs: 3_600_000 })
  const honest = overOf[kind](behind)
  const store = await openSource(kind, answer?.(honest) ?? honest, name)
  const config = configOf({ kind: 'embedded' })
  const ledger = await openLedger(config, path.join(folder, name))
  const controller = await createController({
    ...{ config, reread: () => config, clock: createManualClock(START_MS), store, ledger },
    actuator: createDryRun(new Map(SERVICES.map((service) => [service, 1]))),
    fitter: { fit: () => Promise.reject(new Error('no fit here')), close: async () => {} },
    webhooks: {
      kick: () => {},
      counts: () => ({ delivered: 0, failedAttempts: 0, givenUp: 0 }),
      close: async () => {},
    },
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })
  ends.push(async () => {
    await controller.stop()
    await store.close()
    await ledger.close()
  })
  let k = 0
  return async (loads: Loads): Promise<TickSummary> => {
    const atMs = START_MS + ++k * STEP_MS
    await tell(behind, loads, atMs)
    const beganMs = performance.now()
    const summary = await controller.runTick(atMs, undefined)
    expect(performance.now() - beganMs).toBeLessThan(TICK_LIMIT_MS)
    expect(summary.spendPerHour).toBeLessThanOrEqual(BUDGET + 1e-9)
    return summary
  }
}

const countsOf = ({ decisions }: TickSummary) =>
  SERVICES.map((service) => decisions.find((one) => one.service === service)!.to)
/** A day's ups and downs in a few ticks, beyond the budget at the top. */
const waves = (ticks: number): Loads[] =>
  Array.from({ length: ticks }, (_, k) => ({
    near: 150 + 140 * Math.sin(k / 4),
    far: 160 + 150 * Math.cos(k / 5),
  }))

describe.each(SOURCES)('%s', (kind) => {
  it.each([
    ['forward', 30],
    ['back', -30],
  ])('whose clock is set %s: nothing is let go until data of now comes again', async (_, steps) => {
    let offMs = 0
    const step = await startOn(kind, 'set', {
      async tell(behind, loads, atMs) {
        const rows = SERVICES.map((service) => ({
          ...{ service, metric: METRIC, atMs: atMs + offMs, value: loads[service] },
        }))
        await behind.append(rows, atMs + Math.max(0, offMs))
      },
    })
    let before = [0, 0]
    for (let k = 0; k < 4; k++) before = countsOf(await step({ near: 150, far: 100 }))
    offMs = steps * STEP_MS
    for (let k = 0; k < 20; k++) {
      const counts = countsOf(await step({ near: 1, far: 1 }))
      counts.forEach((count, i) => {
        expect(count, `tick ${k} after the jump`).toBeGreaterThanOrEqual(before[i]!)
      })
      before = counts
    }
  })

  it('that answers its rows in any order decides the same', async () => {
    const random = seededRandom('rows', kind)
    const mixed = <T>(list: readonly T[]): T[] => list.toSorted(() => random() - 0.5)
    const [one, other] = [
      await startOn(kind, 'sorted'),
      await startOn(kind, 'shuffled', { answer: rewritten({ rows: mixed, series: mixed }) }),
    ]
    for (const loads of waves(25))
      expect(countsOf(await other(loads))).toEqual(countsOf(await one(loads)))
  })

  it('with 3,000 series that nobody asked for decides the same, in time', async () => {
    const crowd = Array.from({ length: 3000 }, (_, i) => `pod-${i}`)
    const answer = rewritten({
      rows: (rows) => [...rows, ...crowd.map((name) => rows.at(-1)!.replace(/[^,]*$/, name))],
      series: (series) => [
        ...series,
        ...crowd.map((service) => ({ ...series[0]!, metric: { service } })),
      ],
    })
    const [one, other] = [await startOn(kind, 'alone'), await startOn(kind, 'crowded', { answer })]
    for (const loads of waves(8))
      expect(countsOf(await other(loads))).toEqual(countsOf(await one(loads)))
  })

  it('that swaps two series still leaves each what reactive control makes of what is said, within the budget', async () => {
    const swapped = await startOn(kind, 'swapped', {
      tell: (behind, { near, far }, atMs) => tellTruth(behind, { near: far, far: near }, atMs),
    })
    const straight = await startOn(kind, 'straight')
    for (const loads of waves(25)) {
      const [near, far] = countsOf(await swapped(loads))
      expect([far, near]).toEqual(countsOf(await straight(loads)))
    }
  })
})

interface Rewrite {
  /** Of a CSV: all but its head. */
  readonly rows: (rows: readonly string[]) => readonly string[]
  /** Of a range query. */
  readonly series: (series: readonly PromSeries[]) => readonly PromSeries[]
}
interface PromSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly (readonly [number, string])[]
}

/** The honest answers, rewritten on their way. */
const rewritten =
  ({ rows, series }: Rewrite) =>
  (honest: RequestListener): RequestListener =>
  (request, response) => {
    const end = response.end.bind(response)
    const turned = (text: string): string => {
      if (text.startsWith('{')) {
        const body = JSON.parse(text) as { data: { resultType: string; result: PromSeries[] } }
        const { resultType, result } = body.data
        const next = resultType === 'matrix' ? series(result) : result
        return JSON.stringify({ ...body, data: { resultType, result: next } })
      }
      const [head, ...lines] = text.split('\r\n').filter(Boolean)
      return lines.length === 0 ? text : `${[head, ...rows(lines)].join('\r\n')}\r\n\r\n`
    }
    response.end = ((text?: unknown) =>
      end(typeof text === 'string' ? turned(text) : '')) as typeof response.end
    honest(request, response)
  }
