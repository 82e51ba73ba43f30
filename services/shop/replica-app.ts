/**
 * The HTTP face of one replica: /work is the request that takes service time; the rest says how it is.
 * A replica that is warming up, full or draining answers /work with 503.
 */
import { Hono } from 'hono'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Recent } from './recent.ts'
import type { ReplicaSettings } from './replica-protocol.ts'
import type { Station } from './station.ts'

const LATENCY_BUCKETS = [
  0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10,
]

export type ReplicaPhase = 'starting' | 'ready' | 'draining'

export interface ReplicaParts {
  readonly settings: ReplicaSettings
  readonly station: Station
  readonly recent: Recent
  readonly phase: () => ReplicaPhase
  /** Told of each request turned away while draining. */
  readonly onRefused: () => void
}

export function createReplicaApp(parts: ReplicaParts): Hono {
  const { settings, station, recent, phase, onRefused } = parts
  const { registry, served, refused, duration } = replicaMetrics(station)
  const app = new Hono()

  app.get('/work', async (c) => {
    const now = phase()
    const service = now === 'ready' ? station.serve() : undefined
    if (!service) {
      refused.inc()
      if (now === 'draining') onRefused()
      return c.text(now === 'ready' ? 'queue is full\n' : `${now}\n`, 503, {
        'retry-after': '1',
        ...(now === 'draining' ? { connection: 'close' } : {}),
      })
    }
    const startMs = performance.now()
    await service
    const seconds = (performance.now() - startMs) / 1000
    served.inc()
    duration.observe(seconds)
    recent.record(Date.now(), seconds)
    return c.text('ok\n')
  })
  app.get('/health', (c) =>
    c.json({ status: phase(), service: settings.service }, phase() === 'ready' ? 200 : 503),
  )
  app.get('/metrics', async (c) =>
    c.text(await registry.metrics(), 200, { 'content-type': registry.contentType }),
  )
  app.get('/latency', (c) =>
    c.json({ unit: 'seconds', windowSeconds: 10, ...recent.latency(Date.now()) }),
  )
  app.get('/queue-length', (c) =>
    c.json({
      queueLength: station.queueLength(),
      inFlight: station.inService(),
      concurrency: settings.concurrency,
      queueLimit: settings.queueLimit,
    }),
  )
  app.get('/rps', (c) =>
    c.json({ requestsPerSecond: recent.requestsPerSecond(Date.now()), windowSeconds: 10 }),
  )
  return app
}

function replicaMetrics(station: Station) {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: 'shop_requests_total',
    help: 'Requests for work, by HTTP status code.',
    labelNames: ['code'],
    registers,
  })
  const duration = new Histogram({
    name: 'shop_request_duration_seconds',
    help: 'Time from arrival to answer of served requests, waiting included.',
    buckets: LATENCY_BUCKETS,
    registers,
  })
  new Gauge({
    name: 'shop_queue_length',
    help: 'Requests waiting.',
    registers,
    collect() {
      this.set(station.queueLength())
    },
  })
  new Gauge({
    name: 'shop_in_flight',
    help: 'Requests being served.',
    registers,
    collect() {
      this.set(station.inService())
    },
  })
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
  return { registry, duration, served: requests.labels('200'), refused: requests.labels('503') }
}
