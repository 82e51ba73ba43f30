/**
 * The forecast band against what came. For every step the quantiles are kept that had been forecast at least one
 * lead time before: the newest forecast that could still have changed the number of replicas in time.
 */
import type { ForecastDocument } from '../../../forecaster/forecast.ts'
import { lowerBound, merge, type Point } from './points.ts'

/** The levels that are drawn: a light band, a darker band, the median. */
export const SHOWN_LEVELS = [0.05, 0.2, 0.5, 0.8, 0.95] as const

export interface BandRow {
  /** End of the step, Unix ms. */
  readonly t: number
  readonly issuedAtMs: number
  /** Load by level of SHOWN_LEVELS, requests/s. */
  readonly q: readonly number[]
}

/** All steps of a forecast at the shown levels; empty when a level is missing. */
export function bandOf(forecast: ForecastDocument): BandRow[] {
  const { issuedAtMs, stepMs, levels, quantiles } = forecast
  const rows = SHOWN_LEVELS.map((level) => quantiles[nearest(levels, level)])
  const steps = rows[0]?.length ?? 0
  if (rows.some((row) => row === undefined)) return []
  return Array.from({ length: steps }, (_, k) => ({
    t: issuedAtMs + (k + 1) * stepMs,
    issuedAtMs,
    q: rows.map((row) => row![k]!),
  }))
}

function nearest(levels: readonly number[], level: number): number {
  let best = -1
  levels.forEach((candidate, i) => {
    if (best < 0 || Math.abs(candidate - level) < Math.abs(levels[best]! - level)) best = i
  })
  return best
}

/** Lays a forecast into the memory: each step keeps the newest issue that was at least `leadTimeMs` ahead of it. */
export function remember(
  rows: readonly BandRow[],
  forecast: ForecastDocument,
  leadTimeMs: number,
  keepFromMs: number,
): readonly BandRow[] {
  const ahead = bandOf(forecast).filter((row) => row.t - row.issuedAtMs >= leadTimeMs)
  const newer = (old: BandRow, next: BandRow) => (next.issuedAtMs >= old.issuedAtMs ? next : old)
  return merge(rows, ahead, keepFromMs, newer)
}

export interface Coverage {
  readonly steps: number
  readonly inside: number
  /** Times of the steps whose load left the 5 %–95 % band. */
  readonly outside: readonly Point[]
}

/** How often the load that came lay inside the 5 %–95 % band that had been forecast. */
export function coverageOf(
  load: readonly Point[],
  rows: readonly BandRow[],
  fromMs: number,
): Coverage {
  const outside: Point[] = []
  let steps = 0
  for (let i = lowerBound(rows, fromMs); i < rows.length; i++) {
    const { t, q } = rows[i]!
    const at = load[lowerBound(load, t)]
    if (at === undefined || at.t !== t || at.v === null) continue
    steps++
    if (at.v < q[0]! || at.v > q.at(-1)!) outside.push(at)
  }
  return { steps, inside: steps - outside.length, outside }
}
