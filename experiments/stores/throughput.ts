/**
 * What one controller takes in and decides with InfluxDB: a million samples pushed as fast as they are acknowledged and
 * written, then ticks over the whole fleet (newest steps read from the server, forecast, decided, recorded), until each
 * has had its turn for a minute's worth. Both per minute.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { LOAD_METRIC } from '../../forecaster/series.ts'
import { createDryRun } from '../../services/actuators/dry-run.ts'
import { openTreasury } from '../../services/budget/treasury.ts'
import { AppConfig } from '../../services/config.ts'
import { noCovariates } from '../../services/covariates/covariates.ts'
import { openLedger } from '../../services/ledger/registry.ts'
import { createControlLoop } from '../../services/loops/control-loop.ts'
import { createLoadBook } from '../../services/loops/load-book.ts'
import { openSettings } from '../../services/loops/settings.ts'
import { createInfluxClient } from '../../services/stores/influx/client.ts'
import { setUpInflux } from '../../services/stores/influx/setup.ts'
import { openStore } from '../../services/stores/registry.ts'
import type { SampleStore } from '../../services/stores/sample-store.ts'
import { startInflux } from '../../services/stores/test-servers.ts'
import {
  fitFleet,
  fleetContenders,
  fleetSpec,
  forecastConfig,
  loadAt,
  STEP_MS,
} from '../bench/fleet.ts'
import { serviceName } from './rig.ts'

const SAMPLES = 1_000_000
const SAMPLES_A_PUSH = 20_000
const METRICS = [
  LOAD_METRIC,
  'violation_ratio',
  'ready_replicas',
  'latency_p95_seconds',
  'cpu_cores',
]
const TICKS = 3
const KNOWING_AFTER_MS = 10 * 60_000
const TOKEN_VARIABLE = 'FORESCALE_THROUGHPUT_TOKEN'

export interface Throughput {
  readonly samples: number
  readonly acknowledgedSeconds: number
  /** Until the server had them all. */
  readonly writtenSeconds: number
  readonly samplesPerMinute: number
  readonly services: number
  readonly tickSeconds: readonly number[]
  readonly forecastsPerMinute: number
  readonly residentMb: number
}

export async function throughput(services: number): Promise<Throughput> {
  const server = await startInflux()
  process.env[TOKEN_VARIABLE] = server.token
  const folder = await mkdtemp(path.join(tmpdir(), 'forescale-throughput-'))
  const config = AppConfig.parse({
    store: {
      ...{ kind: 'influxdb', url: server.url, org: server.org, tokenEnv: TOKEN_VARIABLE },
      timeoutMs: 30_000,
    },
    ...{ tickMs: STEP_MS, stepMs: STEP_MS, mode: 'recommend', forecast: forecastConfig },
    costBudgetPerHour: services * 0.9,
    services: Object.fromEntries(
      Array.from({ length: services }, (_, i) => [serviceName(i), fleetSpec]),
    ),
  })
  if (config.store.kind === 'influxdb')
    await setUpInflux(createInfluxClient(server), config.store, config.retentionMs)
  const store = await openStore(config, folder)
  try {
    const startMs = Math.floor(Date.now() / STEP_MS) * STEP_MS - 3 * STEP_MS
    const ingested = await ingest(store, services, startMs)
    const tickSeconds = await decideAll(config, store, folder, startMs)
    const slowest = Math.max(...tickSeconds)
    return {
      samples: SAMPLES,
      ...ingested,
      samplesPerMinute: Math.round((60 * SAMPLES) / ingested.writtenSeconds),
      services,
      tickSeconds: tickSeconds.map((s) => Math.round(1000 * s) / 1000),
      forecastsPerMinute: Math.round((60 * services) / slowest),
      residentMb: Math.round(process.memoryUsage().rss / 2 ** 20),
    }
  } finally {
    await store.close()
    await rm(folder, { recursive: true, force: true })
    await server.remove()
  }
}

/** Ends just before the steps that the ticks will read. */
async function ingest(store: SampleStore, services: number, endMs: number) {
  // as of a controller that has run for a while: it knows what it wrote, and asks the server of old instants only
  const first = { service: serviceName(0), metric: 'first', atMs: endMs, value: 1 }
  await store.append([first], Date.now() - KNOWING_AFTER_MS)
  const beganMs = performance.now()
  const rounds = Math.ceil(SAMPLES / (services * METRICS.length))
  let pushed = 0
  for (let round = 0; round < rounds && pushed < SAMPLES; round++) {
    const atMs = endMs - rounds + round
    for (let at = 0; at < services * METRICS.length && pushed < SAMPLES; at += SAMPLES_A_PUSH) {
      const samples = Array.from({ length: SAMPLES_A_PUSH }, (_, k) => ({
        service: serviceName((at + k) % services),
        metric: METRICS[Math.floor((at + k) / services) % METRICS.length]!,
        atMs,
        value: loadAt((at + k) % services, round),
      }))
      await store.append(samples, Date.now())
      pushed += samples.length
    }
  }
  const acknowledgedSeconds = (performance.now() - beganMs) / 1000
  while ((store.health?.().pendingSamples ?? 0) > 0) await pause(50)
  return { acknowledgedSeconds, writtenSeconds: (performance.now() - beganMs) / 1000 }
}

async function decideAll(
  config: AppConfig,
  store: SampleStore,
  folder: string,
  startMs: number,
): Promise<number[]> {
  const services = Object.keys(config.services)
  const ledger = await openLedger(config, folder)
  const book = createLoadBook({
    ...{ store, stepMs: STEP_MS, tickMs: STEP_MS, specs: new Map(Object.entries(config.services)) },
    ...{
      config: forecastConfig,
      covariates: noCovariates(),
      longestGapMs: forecastConfig.historyMs,
    },
  })
  const loop = createControlLoop(
    {
      ...{ config, book, ledger, settings: await openSettings(config, ledger) },
      actuator: createDryRun(new Map(services.map((service) => [service, 4]))),
      treasury: await openTreasury({
        ...{ ledger, config: () => config, amountOf: () => undefined, outlooks: () => [] },
      }),
      startups: async () => new Map(),
      stopwatchMs: () => performance.now(),
    },
    { tick: 0, memories: new Map() },
  )
  await book.read(startMs)
  fitFleet(services.length).forEach((state, i) => {
    book.entries.get(services[i]!)!.contenders = fleetContenders(services[i]!, state)
  })
  const seconds: number[] = []
  for (let k = 1; k <= TICKS; k++) {
    const atMs = startMs + k * STEP_MS
    const samples = services.map((service, i) => ({
      ...{ service, metric: LOAD_METRIC, atMs, value: loadAt(i, k) },
    }))
    await store.append(samples, Date.now())
    const beganMs = performance.now()
    const { forecasts } = await loop.tick(atMs)
    seconds.push((performance.now() - beganMs) / 1000)
    if (forecasts.size !== services.length) throw new Error(`${forecasts.size} forecasts`)
  }
  await ledger.close()
  return seconds
}
