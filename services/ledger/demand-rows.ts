/** Loads of whole days as rows: the history that the outlook looks back on, longer than samples are kept. */

import type { AlertsLedger, DemandDay } from './alerts-ledger.ts'
import { chunks, type Database } from './database.ts'
import { and, asc, eq, gte, inArray, max } from './drizzle.ts'

const NAMES_A_STATEMENT = 500
const NEWER = 'ON CONFLICT (service, day_ms, start_ms) DO UPDATE SET parts = excluded.parts'

export function demandRows({ db, tables, insert, write }: Database) {
  const { demandDays } = tables
  return {
    async saveDemandDays(rows, dropBeforeMs) {
      if (rows.length === 0) return
      const stored = rows.map((row) => ({ ...row, parts: bytesOf(row.parts) }))
      await write([
        ...insert(demandDays, stored, NEWER),
        {
          sql: 'DELETE FROM demand_days WHERE day_ms = ? AND start_ms < ?',
          args: [rows[0]!.dayMs, dropBeforeMs],
        },
      ])
    },
    async demandDays({ dayMs, fromMs, services }) {
      const out: DemandDay[] = []
      for (const names of chunks(services, NAMES_A_STATEMENT)) {
        const rows = await db
          .select()
          .from(demandDays)
          .where(
            and(
              inArray(demandDays.service, [...names]),
              eq(demandDays.dayMs, dayMs),
              gte(demandDays.startMs, fromMs),
            ),
          )
          .orderBy(asc(demandDays.service), asc(demandDays.startMs))
        for (const row of rows) out.push({ ...row, parts: numbersOf(row.parts) })
      }
      return out
    },
    async lastDemandDays(dayMs) {
      const rows = await db
        .select({ service: demandDays.service, last: max(demandDays.startMs) })
        .from(demandDays)
        .where(eq(demandDays.dayMs, dayMs))
        .groupBy(demandDays.service)
      return new Map(rows.map(({ service, last }) => [service, Number(last)]))
    },
  } satisfies Partial<AlertsLedger>
}

/** Little-endian float64, as forecasts are kept. */
function bytesOf(parts: Float64Array): Buffer {
  const view = new DataView(new ArrayBuffer(parts.length * 8))
  parts.forEach((load, i) => {
    view.setFloat64(i * 8, load, true)
  })
  return Buffer.from(view.buffer)
}

function numbersOf(bytes: Buffer): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Float64Array.from({ length: bytes.byteLength / 8 }, (_, i) => view.getFloat64(i * 8, true))
}
