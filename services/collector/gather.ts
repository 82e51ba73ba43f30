/** One beat made into samples: what gateway, host and replicas said now, against what they said a beat ago. Pure. */
import type { ServiceId } from '../../forecaster/series.ts'
import type { HostedService } from '../shop/host-api.ts'
import type { Sample } from '../stores/sample-store.ts'
import type { Reading } from './exposition.ts'
import { histogramQuantile, increase, sumBy } from './rates.ts'

const STARTUP_LEVEL = 0.9

export interface Scrape {
  readonly atMs: number
  /** undefined when the gateway did not answer. */
  readonly gateway: readonly Reading[] | undefined
  /** By replica id; those that did not answer are absent. */
  readonly replicas: ReadonlyMap<string, readonly Reading[]>
  /** undefined when the host did not answer. */
  readonly hosted: Readonly<Record<ServiceId, HostedService>> | undefined
}

type Values = Record<string, number | undefined>

/** Samples of one service; a metric that cannot be said is left out, never written as zero. */
export function samplesOf(
  service: ServiceId,
  now: Scrape,
  before: Scrape | undefined,
  atMs: number,
): Sample[] {
  const values: Values = {
    ...(now.gateway && before?.gateway ? trafficOf(service, now, before) : {}),
    ...(now.hosted?.[service] ? hostedOf(now.hosted[service], now, before) : {}),
  }
  return Object.entries(values).flatMap(([metric, value]) =>
    value !== undefined && Number.isFinite(value) ? [{ service, metric, atMs, value }] : [],
  )
}

function trafficOf(service: ServiceId, now: Scrape, before: Scrape): Values {
  const seconds = (now.atMs - before.atMs) / 1000
  const rise = (name: string, pick: (r: Reading) => boolean = () => true): number | undefined => {
    const of = (scrape: Scrape) =>
      scrape.gateway!.filter((r) => r.name === name && r.labels.service === service && pick(r))
    const byLabels = new Map(of(before).map((r) => [JSON.stringify(r.labels), r.value]))
    const rises = of(now).map(
      (r) => increase(byLabels.get(JSON.stringify(r.labels)) ?? 0, r.value)!,
    )
    return rises.reduce((sum, r) => sum + r, 0)
  }
  const requests = rise('gateway_requests_total')!
  const errors = rise('gateway_requests_total', (r) => Number(r.labels.code) >= 500)!
  const violations = rise('gateway_slo_violations_total')!
  const share = (part: number) => (requests > 0 ? Math.min(1, part / requests) : undefined)
  return {
    requests_per_second: requests / seconds,
    error_ratio: share(errors),
    violation_ratio: share(violations),
    latency_p95_seconds: histogramQuantile(bucketRises(service, now, before), 0.95),
  }
}

function bucketRises(service: ServiceId, now: Scrape, before: Scrape): Map<number, number> {
  const of = (scrape: Scrape) =>
    new Map(
      scrape
        .gateway!.filter(
          (r) =>
            r.name === 'gateway_request_duration_seconds_bucket' && r.labels.service === service,
        )
        .map((r) => [
          r.labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(r.labels.le),
          r.value,
        ]),
    )
  const after = of(now)
  const earlier = of(before)
  // a restarted gateway began all its buckets anew, also those that are past their old count already
  const total = Number.POSITIVE_INFINITY
  const restarted = (after.get(total) ?? 0) < (earlier.get(total) ?? 0)
  const past = restarted ? new Map<number, number>() : earlier
  return new Map(
    [...after].map(([bound, value]) => [bound, increase(past.get(bound) ?? 0, value)!]),
  )
}

function hostedOf(hosted: HostedService, now: Scrape, before: Scrape | undefined): Values {
  const count = (state: string) => hosted.replicas.filter((r) => r.state === state).length
  const said = hosted.replicas.flatMap((r) => {
    const readings = now.replicas.get(r.id)
    return readings ? [{ readings, past: before?.replicas.get(r.id) }] : []
  })
  const total = (of: (r: (typeof said)[number]) => number | undefined) => {
    const known = said.map(of).filter((v) => v !== undefined)
    return known.length > 0 ? known.reduce((sum, v) => sum + v, 0) : undefined
  }
  const single = (readings: readonly Reading[] | undefined, name: string) =>
    readings && sumBy(readings, name).get('')
  const seconds = before ? (now.atMs - before.atMs) / 1000 : Number.NaN
  const cpu = total(({ readings, past }) =>
    increase(
      single(past, 'process_cpu_seconds_total'),
      single(readings, 'process_cpu_seconds_total'),
    ),
  )
  const startups = [...hosted.recentStartupsMs].sort((a, b) => a - b)
  const startupMs =
    startups[Math.min(startups.length - 1, Math.floor(STARTUP_LEVEL * startups.length))]
  return {
    ready_replicas: count('ready'),
    starting_replicas: count('starting'),
    terminating_replicas: count('terminating'),
    queue_length: total(({ readings }) => single(readings, 'shop_queue_length')),
    cpu_cores: cpu === undefined ? undefined : cpu / seconds,
    startup_seconds: startupMs === undefined ? undefined : startupMs / 1000,
  }
}
