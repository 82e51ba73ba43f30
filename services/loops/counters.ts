/** Totals since this process started, for /metrics. */
import type { Settlement } from '../../coordinator/decision.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { Counters } from '../control-plane.ts'
import type { AppendReport } from '../stores/sample-store.ts'
import type { TickResult } from './control-loop.ts'

/** Durations kept for the histogram; older ones have been scraped many times over. */
const DURATIONS_KEPT = 10_000

export interface Counting {
  view(): Counters
  tick(result: TickResult): void
  tickFailed(): void
  skipped(ticks: number): void
  ingested(report: AppendReport): void
  reloaded(ok: boolean, atMs: number): void
}

export function createCounting(startedAtMs: number): Counting {
  let ticks = 0
  let ticksSkipped = 0
  let tickErrors = 0
  let configReloadOk = true
  let configReloadAtMs = startedAtMs
  const tickDurationsMs: number[] = []
  const fallbackTicksByService = new Map<ServiceId, number>()
  const budgetTrimsByService = new Map<ServiceId, number>()
  const decisionsBySettlement = new Map<Settlement, number>()
  const rejectedSamplesByReason = new Map<string, number>()
  const add = <K>(map: Map<K, number>, key: K, n = 1) => map.set(key, (map.get(key) ?? 0) + n)
  return {
    view: () => ({
      ticks,
      ticksSkipped,
      tickErrors,
      tickDurationsMs,
      fallbackTicksByService,
      budgetTrimsByService,
      decisionsBySettlement,
      rejectedSamplesByReason,
      configReloadOk,
      configReloadAtMs,
    }),
    tick({ decided, settled, durationMs }) {
      ticks++
      tickDurationsMs.push(durationMs)
      if (tickDurationsMs.length > DURATIONS_KEPT) tickDurationsMs.shift()
      const settlements = new Map(settled.map((s) => [s.id, s.settlement]))
      for (const decision of decided.decisions) {
        add(decisionsBySettlement, settlements.get(decision.id) ?? decision.settlement)
        if (decision.reason === 'fallback' || decision.reason === 'no-data')
          add(fallbackTicksByService, decision.service)
        if (decision.boundBy === 'budget' || decision.boundBy === 'share')
          add(budgetTrimsByService, decision.service)
      }
    },
    tickFailed() {
      tickErrors++
    },
    skipped(n) {
      ticksSkipped += n
    },
    ingested({ rejected }) {
      for (const [reason, n] of Object.entries(rejected)) add(rejectedSamplesByReason, reason, n)
    },
    reloaded(ok, atMs) {
      configReloadOk = ok
      configReloadAtMs = atMs
    },
  }
}
