/** Which seasons a series is fitted with. */
import type { ForecastConfig } from './config.ts'
import { detectSeasons } from './seasons.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const LEAST_DAYS = 3

/**
 * The configured seasons, else those found. A day is always looked at, however faint: people's loads have one, and every
 * model tests for itself what a season is worth to it.
 */
export function seasonsOf(
  history: Float64Array,
  { seasonsMs }: ForecastConfig,
  stepMs: number,
): readonly number[] {
  if (!seasonsMs) {
    const found = detectSeasons(history, { calendar: { stepMs } })
    const day = Math.round(DAY_MS / stepMs)
    const fits = day >= 2 && history.length >= LEAST_DAYS * day
    return fits && !found.includes(day) ? [...found, day].sort((a, b) => a - b) : found
  }
  const steps = seasonsMs.map((ms) => Math.round(ms / stepMs)).filter((season) => season >= 2)
  return [...new Set(steps)].sort((a, b) => a - b)
}
