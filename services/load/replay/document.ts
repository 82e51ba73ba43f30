/** A replay's results as files: one JSON document, and a CSV row an interval. No secret of the target is written. */
import type { ReplayReport } from './replay.ts'
import { type Schedule, stagesOf } from './schedule.ts'
import type { Target } from './target.ts'

export interface Setting {
  readonly startedAtMs: number
  readonly target: Target
  readonly schedule: Schedule
  readonly source: {
    readonly kind: 'workload' | 'trace' | 'csv'
    readonly peakRps: number
    readonly compress: number
    readonly skipMs: number
  }
  readonly mostPerSecond: number
  readonly mostInFlight: number
  readonly timeoutMs: number
  readonly sloSeconds: number
}

export const replayDocument = (setting: Setting, report: ReplayReport) => ({
  ...settingDocument(setting),
  ...report,
})

/** What would be sent. */
export const planDocument = (setting: Setting) => ({
  ...settingDocument(setting),
  stages: stagesOf(setting.schedule),
})

function settingDocument(setting: Setting) {
  const { target, schedule, source, startedAtMs, ...rest } = setting
  const { mostPerSecond, mostInFlight, timeoutMs, sloSeconds } = rest
  const { name, synthetic, bridgedMs } = schedule.curve
  return {
    format: 'forescale-load/1',
    startedAt: new Date(startedAtMs).toISOString(),
    target: {
      // a query may hold a key
      url: `${target.url.origin}${target.url.pathname}`,
      method: target.method,
      headers: Object.keys(target.headers),
      bodyBytes: target.body?.length ?? 0,
    },
    source: { ...source, name, synthetic, bridgedMs },
    seed: schedule.seed,
    durationMs: schedule.durationMs,
    ...{ mostPerSecond, mostInFlight, timeoutMs, sloSeconds },
  }
}

const TITLES = [
  'from_ms',
  'planned_rps',
  'arrivals',
  'good',
  'failures',
  'timeouts',
  'violations',
  'held',
  'unfinished',
  'latency_p50_seconds',
  'latency_p95_seconds',
  'latency_p99_seconds',
]

/** An empty cell where nothing was answered. */
export function intervalsCsv({ curve }: Schedule, { intervals, intervalMs }: ReplayReport): string {
  const rows = intervals.map((row) => {
    const { latency } = row
    const counts = [row.arrivals, row.good, row.failures, row.timeouts, row.violations]
    const planned = curve.rpsAt(row.fromMs + intervalMs / 2)
    return [
      row.fromMs,
      cell(planned),
      ...counts,
      row.held,
      row.unfinished,
      cell(latency.p50),
      cell(latency.p95),
      cell(latency.p99),
    ].join(',')
  })
  return `${[TITLES.join(','), ...rows].join('\n')}\n`
}

const cell = (value: number | null): string =>
  value === null ? '' : String(Number(value.toPrecision(6)))
