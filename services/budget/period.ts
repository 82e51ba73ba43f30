/** Days and months as spans of time (UTC). A compressed day (the demo's) has compressed months of 30 days. */
import type { BudgetPeriod } from '../../coordinator/meta/pacing.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const COMPRESSED_MONTH_DAYS = 30

export const PERIODS = ['day', 'month'] as const
export type PeriodName = (typeof PERIODS)[number]

/** The day or month that `atMs` falls into. */
export function periodAt(
  name: PeriodName,
  atMs: number,
  dayMs: number,
): Pick<BudgetPeriod, 'startMs' | 'endMs'> {
  if (name === 'month' && dayMs === DAY_MS) {
    const at = new Date(atMs)
    const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()]
    return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) }
  }
  const lengthMs = name === 'day' ? dayMs : COMPRESSED_MONTH_DAYS * dayMs
  const startMs = Math.floor(atMs / lengthMs) * lengthMs
  return { startMs, endMs: startMs + lengthMs }
}
