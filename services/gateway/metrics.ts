/** What the gateway counts per service. A request that the client gave up on counts as code 499 and as a violation. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Pool } from './pool.ts'

/** Fine around the latency objectives of a shop, so that a p95 read off them is within a few percent. */
const LATENCY_BUCKETS = [
  0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.065, 0.08, 0.1, 0.12, 0.14, 0.16, 0.18, 0.2, 0.225, 0.25,
  0.275, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10,
]

export interface ServiceMetrics {
  finished(code: number, seconds: number): void
  ejected(): void
  retried(): void
}

export interface GatewayMetrics {
  forService(service: string, sloSeconds: number, pool: () => Pool): ServiceMetrics
  expose(): Promise<string>
  readonly contentType: string
}

export function createGatewayMetrics(): GatewayMetrics {
  const registry = new Registry()
  const registers = [registry]
  const labelNames = ['service']
  const requests = new Counter({
    name: 'gateway_requests_total',
    help: 'Requests finished, by service and HTTP status code.',
    labelNames: ['service', 'code'],
    registers,
  })
  const duration = new Histogram({
    name: 'gateway_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames,
    buckets: LATENCY_BUCKETS,
    registers,
  })
  const violations = new Counter({
    name: 'gateway_slo_violations_total',
    help: 'Requests answered with 5xx, given up by the client, or slower than the latency objective.',
    labelNames,
    registers,
  })
  const ejections = new Counter({
    name: 'gateway_ejections_total',
    help: 'Replicas taken out of balancing after failures in a row.',
    labelNames,
    registers,
  })
  const retries = new Counter({
    name: 'gateway_retries_total',
    help: 'Requests sent to a second replica because the first did not answer.',
    labelNames,
    registers,
  })
  const pools = new Map<string, () => Pool>()
  new Gauge({
    name: 'gateway_live_replicas',
    help: 'Replicas that requests are sent to.',
    labelNames,
    registers,
    collect() {
      for (const [service, pool] of pools) this.set({ service }, pool().live() - pool().ejected())
    },
  })

  return {
    contentType: registry.contentType,
    expose: () => registry.metrics(),
    forService(service, sloSeconds, pool) {
      pools.set(service, pool)
      const byCode = new Map<number, Counter.Internal>()
      const observed = duration.labels(service)
      const violated = violations.labels(service)
      violated.inc(0)
      ejections.labels(service).inc(0)
      retries.labels(service).inc(0)
      return {
        finished(code, seconds) {
          let counter = byCode.get(code)
          if (!counter) {
            counter = requests.labels(service, String(code))
            byCode.set(code, counter)
          }
          counter.inc()
          observed.observe(seconds)
          if (code >= 499 || seconds > sloSeconds) violated.inc()
        },
        ejected: () => ejections.inc({ service }),
        retried: () => retries.inc({ service }),
      }
    },
  }
}
