/**
 * What telemetry costs: whole ticks of one controller over synthetic load, traced to a collector on loopback, as a
 * ratio to the same controller's ticks while nothing is traced; CPU time, the least of some rounds. Calls are counted
 * and timed in both: that is never switched off.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Composed, compose } from '../../services/compose.ts'
import { AppConfig } from '../../services/config.ts'
import { startTracing } from '../../services/telemetry/tracing.ts'
import { loadAt } from './fleet.ts'
import type { Figure } from './timing.ts'

const SERVICES = 100
const TICKS_A_ROUND = 10
const ROUNDS = 6
const STEP_MS = 15_000
const START_MS = Date.parse('2026-11-21T00:00:00Z')

const names = Array.from({ length: SERVICES }, (_, i) => `s${i}`)

export async function benchTelemetry(): Promise<Figure[]> {
  const stateDir = await mkdtemp(join(tmpdir(), 'forescale-bench-'))
  const collector = await startCollector()
  const composed = await composeFleet(stateDir)
  const least = { plain: Number.POSITIVE_INFINITY, traced: Number.POSITIVE_INFINITY }
  try {
    let step = 0
    for (let round = 0; round < ROUNDS; round++) {
      for (const kind of ['plain', 'traced'] as const) {
        const tracing = kind === 'traced' ? await startTracing(process.env, 'bench') : undefined
        const began = process.cpuUsage()
        for (let i = 0; i < TICKS_A_ROUND; i++) await oneTick(composed, step++)
        const { user, system } = process.cpuUsage(began)
        least[kind] = Math.min(least[kind], (user + system) / 1000 / TICKS_A_ROUND)
        await tracing?.close()
      }
    }
  } finally {
    await composed.close()
    collector.close()
    delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT
    await rm(stateDir, { recursive: true, force: true })
  }
  return [
    {
      name: `telemetry.traced.${SERVICES}`,
      value: least.traced,
      unit: 'ms CPU',
      peer: 'the same ticks, not traced',
      ratio: least.traced / least.plain,
    },
  ]
}

/** Takes what it is sent; the exporter finds it by the environment, as the OpenTelemetry specification says. */
async function startCollector(): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('{}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the collector has no port')
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${address.port}`
  return server
}

function composeFleet(stateDir: string): Promise<Composed> {
  const config = AppConfig.parse({
    stateDir,
    clock: 'manual',
    stepMs: STEP_MS,
    tickMs: STEP_MS,
    costBudgetPerHour: SERVICES,
    actuator: { kind: 'caller' },
    forecast: { models: ['last-value'] },
    services: Object.fromEntries(names.map((name) => [name, {}])),
  })
  const env = { LOG_LEVEL: 'silent' }
  return compose({ config, stateDir, reread: () => config, hostUrl: '', loadUrl: '', env })
}

async function oneTick({ controller }: Composed, step: number): Promise<void> {
  const atMs = START_MS + step * STEP_MS
  const counts = { requested: 4, ready: 4, starting: 0, terminating: 0 }
  await controller.ingest(
    names.map((service, i) => ({
      service,
      metric: 'requests_per_second',
      atMs,
      value: loadAt(i, step),
    })),
  )
  await controller.runTick(atMs + STEP_MS, new Map(names.map((name) => [name, counts])))
}
