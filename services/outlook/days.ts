/**
 * Days of demand, kept in the ledger longer than samples: of each hour the load that 95 % of its minutes stay under,
 * which is what an hour has to be sized for. A day is written once it is over.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { PARTS_A_DAY } from '../../forecaster/outlook.ts'
import { floorToStep, LOAD_METRIC, type ServiceId } from '../../forecaster/series.ts'
import type { DemandDay } from '../ledger/alerts-ledger.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { SampleStore } from '../stores/sample-store.ts'

const BUSY = 0.95
const CELLS_A_PART = 60
const SERVICES_AT_ONCE = 50

export interface DayGrid {
  readonly dayMs: number
  readonly stepMs: number
  /** Days that are kept. */
  readonly historyDays: number
  /** Samples are kept so long, ms. */
  readonly retentionMs: number
}

export interface DayBook {
  /** Writes every day that ended by `nowMs` and is not written yet. */
  catchUp(services: readonly ServiceId[], grid: DayGrid, nowMs: number): Promise<void>
  /** Days of each service, consecutive up to the last whole one, oldest first; NaN where a day is not known. */
  history(
    services: readonly ServiceId[],
    grid: DayGrid,
    nowMs: number,
  ): Promise<ReadonlyMap<ServiceId, readonly Float64Array[]>>
}

export function createDayBook(
  store: Pick<SampleStore, 'grid'>,
  ledger: Pick<Ledger, 'saveDemandDays' | 'demandDays' | 'lastDemandDays'>,
): DayBook {
  /** Start of the first day not looked at yet, by service; empty days are looked at once a run. */
  let looked = new Map<ServiceId, number>()
  let lookedDayMs = Number.NaN

  async function looking(dayMs: number): Promise<Map<ServiceId, number>> {
    if (dayMs === lookedDayMs) return looked
    const last = await ledger.lastDemandDays(dayMs)
    looked = new Map([...last].map(([service, startMs]) => [service, startMs + dayMs]))
    lookedDayMs = dayMs
    return looked
  }

  return {
    async catchUp(services, grid, nowMs) {
      const { dayMs, stepMs, historyDays, retentionMs } = grid
      const nextByService = await looking(dayMs)
      // the last samples of a day may still be on their way
      const endMs = floorToStep(nowMs - stepMs, dayMs)
      const oldestMs = endMs - Math.min(historyDays, Math.ceil(retentionMs / dayMs)) * dayMs
      const next = (service: ServiceId) =>
        Math.max(nextByService.get(service) ?? oldestMs, oldestMs)
      const firstMs = services.reduce((least, service) => Math.min(least, next(service)), endMs)
      for (let startMs = firstMs; startMs < endMs; startMs += dayMs) {
        const due = services.filter((service) => next(service) <= startMs)
        for (let at = 0; at < due.length; at += SERVICES_AT_ONCE) {
          const some = due.slice(at, at + SERVICES_AT_ONCE)
          const rows = await readDay(store, some, startMs, grid)
          await ledger.saveDemandDays(rows, endMs - historyDays * dayMs)
          for (const service of some) nextByService.set(service, startMs + dayMs)
          await nextTurn()
        }
      }
    },
    async history(services, { dayMs, stepMs, historyDays }, nowMs) {
      const endMs = floorToStep(nowMs - stepMs, dayMs)
      const rows = await ledger.demandDays({
        dayMs,
        fromMs: endMs - historyDays * dayMs,
        services,
      })
      const byService = Map.groupBy(rows, (row) => row.service)
      return new Map(
        services.map((service) => [
          service,
          consecutive(byService.get(service) ?? [], dayMs, endMs),
        ]),
      )
    },
  }
}

async function readDay(
  store: Pick<SampleStore, 'grid'>,
  services: readonly ServiceId[],
  startMs: number,
  { dayMs, stepMs }: DayGrid,
): Promise<DemandDay[]> {
  const cellMs = cellOf(dayMs / PARTS_A_DAY, stepMs)
  const cells = dayMs / cellMs
  // a cell holds the samples of (start, end], as the load book reads them
  const loads = await store.grid({
    metric: LOAD_METRIC,
    services,
    fromMs: startMs + 1,
    toMs: startMs + dayMs + 1,
    stepMs: cellMs,
  })
  return services.flatMap((service, row) => {
    const parts = partsOf(loads.subarray(row * cells, (row + 1) * cells))
    return parts.every(Number.isNaN) ? [] : [{ service, dayMs, startMs, parts }]
  })
}

/** Minutes of an hour; in compressed days, or where samples are fewer, the finest even parting of it. */
function cellOf(partMs: number, stepMs: number): number {
  let cells = Math.max(1, Math.min(CELLS_A_PART, Math.floor(partMs / stepMs)))
  while (partMs % cells !== 0) cells--
  return partMs / cells
}

/** Of each part of a day the load that 95 % of its known cells stay under; NaN when none is known. */
export function partsOf(loads: Float64Array): Float64Array {
  return Float64Array.from({ length: PARTS_A_DAY }, (_, part) => {
    const from = Math.round((part * loads.length) / PARTS_A_DAY)
    const to = Math.round(((part + 1) * loads.length) / PARTS_A_DAY)
    const known = loads
      .slice(from, to)
      .filter((load) => !Number.isNaN(load))
      .sort()
    return known.length === 0 ? Number.NaN : known[Math.ceil(BUSY * known.length) - 1]!
  })
}

function consecutive(rows: readonly DemandDay[], dayMs: number, endMs: number): Float64Array[] {
  const first = rows[0]
  if (!first) return []
  const byStart = new Map(rows.map((row) => [row.startMs, row.parts]))
  const days = Math.round((endMs - first.startMs) / dayMs)
  return Array.from(
    { length: days },
    (_, d) =>
      byStart.get(first.startMs + d * dayMs) ?? new Float64Array(PARTS_A_DAY).fill(Number.NaN),
  )
}
