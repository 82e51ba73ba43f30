/**
 * The Prometheus page. The registry is built anew for every scrape from the controller's state, so that what is
 * unknown, impossible or expired is simply not there: consumers read a NaN or a stale value as a wish to scale to
 * nothing. Only what must grow over time (the tick histogram, the process's own figures) outlives a scrape.
 */
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { ControlPlane } from '../control-plane.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import { alertMetrics } from './alert-metrics.ts'
import { coordinatorMetrics } from './coordinator-metrics.ts'
import { createDiskMetrics } from './disk-metrics.ts'
import { forecastMetrics } from './forecast-metrics.ts'
import type { Instruments } from './instruments.ts'
import { jobMetrics } from './job-metrics.ts'
import { leaderMetrics } from './leader-metrics.ts'
import { rolloutMetrics } from './rollout-metrics.ts'
import { scoreMetrics } from './score-metrics.ts'
import { Scrape } from './scrape.ts'
import { serviceMetrics } from './service-metrics.ts'
import { shardMetrics } from './shard-metrics.ts'
import { sizeMetrics } from './size-metrics.ts'
import { storeMetrics } from './store-metrics.ts'
import { workloadMetrics } from './workload-metrics.ts'

const TICK_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

/** Of prom-client's own: the rest is NaN at times, or is a gauge with a counter's name. */
const OWN_PROCESS =
  /^process_|^nodejs_(heap_size_\w+|external_memory_bytes|eventloop_lag_seconds|gc_duration_seconds|version_info)$/

export interface MetricsPage {
  /** Prometheus text format 0.0.4. */
  text(): Promise<string>
}

export interface MetricsDeps {
  readonly control: ControlPlane
  readonly version: string
  readonly store?: Pick<SampleStore, 'health' | 'size'> | undefined
  readonly ledger?: Pick<Ledger, 'size'> | undefined
  readonly jobs?: Partial<Pick<JobQueue, 'kind' | 'counts'>> | undefined
  /** Samples that were refused before they reached the controller, by reason. */
  readonly refusedSamples?: ReadonlyMap<string, number> | undefined
  readonly streams?: { listeners(): number; dropped(): number } | undefined
  readonly revision?: string | undefined
  /** What outlives a scrape: requests answered, calls made. */
  readonly instruments?: Pick<Instruments, 'registry'> | undefined
}

export function createMetricsPage(deps: MetricsDeps): MetricsPage {
  const { control } = deps
  const lasting = new Registry()
  collectDefaultMetrics({ register: lasting })
  for (const { name } of lasting.getMetricsAsArray()) {
    if (!OWN_PROCESS.test(name)) lasting.removeSingleMetric(name)
  }
  const tickDuration = new Histogram({
    name: 'forescale_tick_duration_seconds',
    help: 'Time one tick took.',
    buckets: TICK_BUCKETS_SECONDS,
    registers: [lasting],
  })
  const disk = createDiskMetrics(deps)
  let ticksSeen = 0
  const observeTicks = (): void => {
    const { ticks, tickDurationsMs } = control.counters()
    const news = Math.min(ticks - ticksSeen, tickDurationsMs.length)
    for (const ms of news > 0 ? tickDurationsMs.slice(-news) : []) tickDuration.observe(ms / 1000)
    ticksSeen = ticks
  }
  return {
    async text() {
      observeTicks()
      const scrape = new Scrape()
      forecastMetrics(scrape, control)
      serviceMetrics(scrape, control)
      workloadMetrics(scrape, control)
      coordinatorMetrics(scrape, control)
      alertMetrics(scrape, control)
      scoreMetrics(scrape, control)
      sizeMetrics(scrape, control)
      rolloutMetrics(scrape, control)
      leaderMetrics(scrape, control)
      shardMetrics(scrape, control)
      if (deps.store) storeMetrics(scrape, deps.store)
      disk(scrape)
      if (deps.jobs?.counts) await jobMetrics(scrape, deps.jobs.kind, deps.jobs.counts)
      ownMetrics(scrape, deps)
      const grown = deps.instruments ? [deps.instruments.registry] : []
      const page = await Registry.merge([scrape.registry, lasting, ...grown]).metrics()
      return page.trimEnd().concat('\n')
    },
  }
}

function ownMetrics(scrape: Scrape, { control, version, revision, ...deps }: MetricsDeps): void {
  const counters = control.counters()
  const rejected = new Map(counters.rejectedSamplesByReason)
  for (const [reason, n] of deps.refusedSamples ?? []) {
    rejected.set(reason, (rejected.get(reason) ?? 0) + n)
  }
  scrape.counter(
    'forescale_rejected_samples_total',
    'Samples that were not stored, by reason.',
    [...rejected].map(([reason, value]) => ({ labels: { reason }, value })),
  )
  scrape.gauge(
    'forescale_config_last_reload_successful',
    '1 when the last reload of the configuration was taken over, else 0.',
    [{ value: counters.configReloadOk ? 1 : 0 }],
  )
  scrape.gauge(
    'forescale_config_last_reload_timestamp_seconds',
    'Unix time of the last reload of the configuration.',
    [{ value: counters.configReloadAtMs / 1000 }],
  )
  scrape.gauge('forescale_tick_interval_seconds', 'Time from one tick to the next.', [
    { value: control.config().tickMs / 1000 },
  ])
  scrape.gauge('forescale_build_info', 'What runs here; the value is always 1.', [
    { labels: { version, revision: revision ?? 'unknown', node: process.version }, value: 1 },
  ])
  if (!deps.streams) return
  scrape.gauge('forescale_event_listeners', 'Open event streams and WebSockets.', [
    { value: deps.streams.listeners() },
  ])
  scrape.counter(
    'forescale_event_listeners_dropped_total',
    'Event listeners that were too slow and were disconnected.',
    [{ value: deps.streams.dropped() }],
  )
}
