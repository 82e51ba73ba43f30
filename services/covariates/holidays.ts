/**
 * The holidays of a country as events, by date-holidays: its days from midnight to midnight there. The library brings the
 * calendars of the whole world, and is loaded only where holidays are asked for.
 */
import { createRequire } from 'node:module'
import type Holidays from 'date-holidays'
import { ConfigError, showValue } from '../config-error.ts'
import type { HolidaysConfig } from './config.ts'
import { type CovariateEvent, eventId, HOLIDAY } from './event.ts'

const DAY_MS = 24 * 60 * 60 * 1000

const load = createRequire(import.meta.url)

export interface HolidayCalendar {
  /** Holidays of which some part lies in [fromMs, toMs), in order. */
  between(fromMs: number, toMs: number): readonly CovariateEvent[]
}

/** Throws ConfigError for a country, state or region that is not known. */
export function openHolidays(config: HolidaysConfig): HolidayCalendar {
  const { country, state, region, timezone, types } = config
  const Library: typeof Holidays = load('date-holidays')
  const known = new Library()
  check(config, 'country', country, known.getCountries())
  if (state !== undefined) check(config, 'state', state, known.getStates(country))
  if (region !== undefined) check(config, 'region', region, known.getRegions(country, state ?? ''))
  const place = { country, ...(state && { state }), ...(region && { region }) }
  const holidays = new Library(place, { types, ...(timezone && { timezone }) })
  const byYear = new Map<number, readonly CovariateEvent[]>()
  const ofYear = (year: number): readonly CovariateEvent[] => {
    const made = byYear.get(year) ?? eventsOf(holidays, year)
    byYear.set(year, made)
    return made
  }
  return {
    between(fromMs, toMs) {
      const first = new Date(fromMs).getUTCFullYear() - 1
      const last = new Date(toMs).getUTCFullYear() + 1
      const years = Array.from({ length: last - first + 1 }, (_, i) => first + i)
      return years.flatMap(ofYear).filter((event) => event.toMs > fromMs && event.fromMs < toMs)
    },
  }
}

/** Days that several holidays share are one event. */
function eventsOf(holidays: Holidays, year: number): CovariateEvent[] {
  const starts = new Map<number, CovariateEvent>()
  for (const { start, end } of holidays.getHolidays(year)) {
    const event = {
      name: HOLIDAY,
      service: null,
      fromMs: start.getTime(),
      toMs: end.getTime(),
      value: 1,
      // the day before and the day after are no days like others
      beforeMs: DAY_MS,
      afterMs: DAY_MS,
    }
    starts.set(event.fromMs, { id: eventId(event), ...event, source: 'holidays' })
  }
  return [...starts.values()].sort((a, b) => a.fromMs - b.fromMs)
}

function check(
  config: HolidaysConfig,
  field: 'country' | 'state' | 'region',
  value: string,
  names: Readonly<Record<string, string>> | undefined,
): void {
  const allowed = Object.keys(names ?? {})
  if (allowed.includes(value)) return
  const message = `is no ${field} whose holidays are known`
  throw new ConfigError([
    {
      source: 'configuration',
      line: null,
      column: null,
      path: `covariates.holidays.${field}`,
      message,
      value: showValue(config[field]),
      allowed: allowed.length > 0 ? allowed.join(', ') : 'none: leave it out',
      suggestion: null,
    },
  ])
}
