/**
 * A store's server is ended (kill, not drained) under load and comes back after a while. Counted: samples that were
 * acknowledged and are not in the server afterwards, ticks and the longest wait between two, decreases that were made
 * while nothing was known, and how long recovery took. Nobody helps it.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { LOAD_METRIC } from '../../forecaster/series.ts'
import { createInfluxClient } from '../../services/stores/influx/client.ts'
import { createInfluxReader } from '../../services/stores/influx/reader.ts'
import { setUpInflux } from '../../services/stores/influx/setup.ts'
import type { Sample } from '../../services/stores/sample-store.ts'
import { remoteWrite } from '../../services/stores/test-remote-write.ts'
import {
  type InfluxServer,
  type RunningServer,
  startInflux,
  startPrometheus,
} from '../../services/stores/test-servers.ts'
import { type Rig, serviceName, startRig, TICK_MS } from './rig.ts'

const TOKEN_VARIABLE = 'FORESCALE_OUTAGE_TOKEN'
const RECOVERY_LIMIT_MS = 120_000

export interface OutageOptions {
  readonly seconds: number
  readonly services: number
  /** Samples pushed (InfluxDB) or written to the source (Prometheus) each second. */
  readonly samplesPerSecond: number
}

export interface OutageResult {
  readonly store: string
  readonly acknowledged: number
  readonly lost: number
  readonly ticksDuring: number
  readonly longestGapMs: number
  readonly decreases: number
  readonly states: readonly string[]
  readonly recoveredAfterMs: number
  readonly tickErrors: number
}

export async function influxOutage(options: OutageOptions): Promise<OutageResult> {
  const server = await startInflux()
  process.env[TOKEN_VARIABLE] = server.token
  const { url, org } = server
  const store = { kind: 'influxdb', url, org, tokenEnv: TOKEN_VARIABLE }
  const rig = await startRig(store, options.services)
  try {
    const client = createInfluxClient(server)
    if (rig.config.store.kind === 'influxdb')
      await setUpInflux(client, rig.config.store, rig.config.retentionMs)
    const acknowledged: Sample[] = []
    const push = async (samples: readonly Sample[]) => {
      const { accepted } = await rig.controller.ingest(samples)
      if (accepted === samples.length) acknowledged.push(...samples)
    }
    const seen = await outage(rig, server, options, push, true)
    const lost = await missing(server, acknowledged)
    return { store: 'influxdb', acknowledged: acknowledged.length, lost, ...seen }
  } finally {
    await rig.close()
    await server.remove()
  }
}

export async function prometheusOutage(options: OutageOptions): Promise<OutageResult> {
  const server = await startPrometheus()
  const query = `avg_over_time(load[$step])`
  const store = {
    kind: 'prometheus',
    servers: { default: { url: server.url } },
    metrics: [{ metric: LOAD_METRIC, query }],
  }
  const rig = await startRig(store, options.services)
  try {
    const push = async (samples: readonly Sample[]) => {
      const series = samples.map(({ service, atMs, value }) => ({
        labels: { __name__: 'load', service },
        samples: [{ atMs, value }],
      }))
      await remoteWrite(`${server.url}/api/v1/write`, series).catch(() => undefined)
    }
    const seen = await outage(rig, server, options, push, false)
    return { store: 'prometheus', acknowledged: 0, lost: 0, ...seen }
  } finally {
    await rig.close()
    await server.remove()
  }
}

type Seen = Omit<OutageResult, 'store' | 'acknowledged' | 'lost'>

async function outage(
  rig: Rig,
  server: RunningServer,
  { seconds, services, samplesPerSecond }: OutageOptions,
  push: (samples: readonly Sample[]) => Promise<void>,
  pushes: boolean,
): Promise<Seen> {
  const { controller } = rig
  const load = createLoad(services, samplesPerSecond, push)
  const watch = watchTicks(rig)
  await load.start()
  await controller.start()
  await pause(5 * TICK_MS)
  const states = new Set<string>()
  const note = async () => {
    const check = (await controller.health()).find(({ name }) => name === 'store')
    states.add(check?.degraded ? 'degraded' : check?.ok ? 'ok' : 'not ready')
    return check
  }
  await note()
  await server.stop()
  watch.begin()
  const untilMs = Date.now() + seconds * 1000
  // a load that falls while nothing can be read must not make anything smaller
  if (!pushes) load.scale(0.1)
  while (Date.now() < untilMs) {
    await pause(500)
    await note()
  }
  const during = watch.end()
  await server.start()
  const startedMs = Date.now()
  for (;;) {
    const check = await note()
    const isWell =
      check?.ok && !check.degraded && (rig.store.health?.().pendingSamples ?? 0) < services
    if (isWell) break
    if (Date.now() - startedMs > RECOVERY_LIMIT_MS) throw new Error(`no recovery: ${check?.detail}`)
    await pause(250)
  }
  const recoveredAfterMs = Date.now() - startedMs
  await load.stop()
  await controller.stop()
  for (let tries = 0; (rig.store.health?.().pendingSamples ?? 0) > 0 && tries < 240; tries++)
    await pause(250)
  const tickErrors = controller.counters().tickErrors
  return { ...during, states: [...states], recoveredAfterMs, tickErrors }
}

/** Even load; every push is of this very moment. */
function createLoad(
  services: number,
  samplesPerSecond: number,
  push: (samples: readonly Sample[]) => Promise<void>,
) {
  const metrics = Math.max(1, Math.round(samplesPerSecond / services))
  let factor = 1
  let going = true
  let done: Promise<void> = Promise.resolve()
  async function run(): Promise<void> {
    while (going) {
      const beganMs = Date.now()
      const samples = Array.from({ length: services * metrics }, (_, i) => ({
        service: serviceName(i % services),
        metric: i < services ? LOAD_METRIC : `metric_${Math.floor(i / services)}`,
        atMs: beganMs,
        value: 100 * factor,
      }))
      await push(samples).catch(() => undefined)
      await pause(Math.max(0, TICK_MS - (Date.now() - beganMs)))
    }
  }
  return {
    async start() {
      done = run()
      await pause(2 * TICK_MS)
    },
    scale(by: number) {
      factor = by
    },
    async stop() {
      going = false
      await done
    },
  }
}

function watchTicks({ controller }: Rig) {
  let counting = false
  let ticks = 0
  let decreases = 0
  let lastMs = 0
  let longestGapMs = 0
  const stop = controller.subscribe((event) => {
    if (event.kind !== 'tick' || !counting) return
    ticks++
    longestGapMs = Math.max(longestGapMs, Date.now() - lastMs)
    lastMs = Date.now()
    decreases += event.data.decisions.filter(({ from, to }) => to < from).length
  })
  return {
    begin() {
      counting = true
      lastMs = Date.now()
    },
    end() {
      counting = false
      stop()
      longestGapMs = Math.max(longestGapMs, Date.now() - lastMs)
      return { ticksDuring: ticks, longestGapMs, decreases }
    },
  }
}

/** How many of these the server has not, or with another value. */
async function missing(server: InfluxServer, samples: readonly Sample[]): Promise<number> {
  const reader = createInfluxReader({
    client: createInfluxClient(server),
    ...{ bucket: 'forescale', timeoutMs: 30_000 },
  })
  let lost = 0
  for (const [metric, group] of Map.groupBy(samples, (one) => one.metric)) {
    const times = group.map(({ atMs }) => atMs)
    const [fromMs, toMs] = [
      times.reduce((a, b) => Math.min(a, b)),
      times.reduce((a, b) => Math.max(a, b)),
    ]
    const stored = await reader.points(metric, [], fromMs, toMs + 1)
    lost += group.filter((one) => stored.get(`${one.service} ${one.atMs}`) !== one.value).length
  }
  return lost
}
