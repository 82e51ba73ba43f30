/**
 * What became of the requests, per service and second of intended send time: counts, and a histogram of latencies, so
 * that a quantile over any span is a sum. Old seconds are dropped.
 */
import { BUCKETS, bucketOf, quantileOf } from './histogram.ts'

const BIN_MS = 1000

export interface ServiceReport {
  requests: number
  failures: number
  /** Failures and answers slower than the service's latency objective. */
  violations: number
  /** Latency of answered requests from their intended send time, seconds; null without any. */
  p50: number | null
  p95: number | null
  p99: number | null
}

interface Bin {
  requests: number
  failures: number
  violations: number
  readonly latencies: Uint16Array
}

export interface Results {
  answered(service: string, intendedMs: number, seconds: number, ok: boolean): void
  /** Never sent, or no answer at all. */
  failed(service: string, intendedMs: number): void
  /** Requests whose intended send time lies in [sinceMs, untilMs), by whole seconds, and that are over. */
  report(sinceMs: number, untilMs?: number): Record<string, ServiceReport>
}

export function createResults(options: {
  readonly sloSecondsByService: Readonly<Record<string, number>>
  readonly keepMs: number
}): Results {
  const { sloSecondsByService, keepMs } = options
  const services = Object.keys(sloSecondsByService)
  const binsByService = new Map(services.map((service) => [service, new Map<number, Bin>()]))

  function binOf(service: string, atMs: number): Bin {
    const bins = binsByService.get(service)!
    const key = Math.floor(atMs / BIN_MS)
    let bin = bins.get(key)
    if (!bin) {
      bin = { requests: 0, failures: 0, violations: 0, latencies: new Uint16Array(BUCKETS) }
      bins.set(key, bin)
      forget(bins, key + 1 - keepMs / BIN_MS)
    }
    return bin
  }

  return {
    answered(service, intendedMs, seconds, ok) {
      const bin = binOf(service, intendedMs)
      bin.requests++
      bin.latencies[bucketOf(seconds)]!++
      if (!ok) bin.failures++
      if (!ok || seconds > sloSecondsByService[service]!) bin.violations++
    },
    failed(service, intendedMs) {
      const bin = binOf(service, intendedMs)
      bin.requests++
      bin.failures++
      bin.violations++
    },
    report(sinceMs, untilMs = Number.POSITIVE_INFINITY) {
      const reports: Record<string, ServiceReport> = {}
      for (const [service, bins] of binsByService) {
        const from = Math.ceil(sinceMs / BIN_MS)
        const to = untilMs / BIN_MS
        reports[service] = sumUp(
          [...bins].filter(([key]) => key >= from && key < to).map(([, bin]) => bin),
        )
      }
      return reports
    },
  }
}

/** Bins are made in order of time but for a few stragglers, so the oldest stand first. */
function forget(bins: Map<number, Bin>, before: number): void {
  for (const key of bins.keys()) {
    if (key >= before) return
    bins.delete(key)
  }
}

function sumUp(bins: readonly Bin[]): ServiceReport {
  const latencies = new Uint32Array(BUCKETS)
  const report: ServiceReport = {
    requests: 0,
    failures: 0,
    violations: 0,
    p50: null,
    p95: null,
    p99: null,
  }
  for (const bin of bins) {
    report.requests += bin.requests
    report.failures += bin.failures
    report.violations += bin.violations
    for (let i = 0; i < BUCKETS; i++) latencies[i]! += bin.latencies[i]!
  }
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((level) => quantileOf(latencies, level))
  return { ...report, p50: p50!, p95: p95!, p99: p99! }
}
