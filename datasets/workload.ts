/**
 * Named workloads: the shape of a day per service, as a share of its peak. All of them are synthetic and labelled so.
 * To add one: a file in workloads/, a name in the union, a case in the switch.
 */
import { z } from 'zod'
import { botAttack } from './workloads/bot-attack.ts'
import { bursty } from './workloads/bursty.ts'
import { diurnal } from './workloads/diurnal.ts'
import { failures } from './workloads/failures.ts'
import { flashCrowd } from './workloads/flash-crowd.ts'
import { longTail } from './workloads/long-tail.ts'
import { nightCycle } from './workloads/night-cycle.ts'
import { noisy } from './workloads/noisy.ts'
import { recurringPeak } from './workloads/recurring-peak.ts'
import { regimeChange } from './workloads/regime-change.ts'
import type { DayShape } from './workloads/shape.ts'
import { steady } from './workloads/steady.ts'
import { weekday } from './workloads/weekday.ts'
import { weekly } from './workloads/weekly.ts'

export const WorkloadName = z
  .enum([
    'weekday',
    'recurring-peak',
    'steady',
    'diurnal',
    'weekly',
    'noisy',
    'bursty',
    'flash-crowd',
    'bot-attack',
    'long-tail',
    'night-cycle',
    'regime-change',
    'failures',
  ])
  .meta({ id: 'WorkloadName', description: 'A synthetic day shape.' })
export type WorkloadName = z.infer<typeof WorkloadName>

/** What each one is, in a line. */
export const WORKLOADS: Readonly<Record<WorkloadName, string>> = {
  weekday: 'quiet night, morning peak, higher evening peak',
  'recurring-peak': 'low base and one steep, high peak at the same time every day',
  steady: 'constant but for a small wander',
  diurnal: 'one smooth wave a day, most at 15:00',
  weekly: 'a wave a day, high from Monday to Friday, low at the weekend',
  noisy: 'a weak wave a day under strong noise of minutes',
  bursty: 'little load and many short bursts at times that nobody can foresee',
  'flash-crowd': 'every few days many times the load within minutes, gone over hours',
  'bot-attack': 'floods with hard edges and a flat top, at any hour',
  'long-tail': 'sizes with a Pareto tail: mostly almost nothing, rarely twenty times that',
  'night-cycle': 'batch work at night, little by day',
  'regime-change': 'level and hour of the peak change for good every ten days',
  failures: 'outages of minutes, then a surge of retries',
}

/** No workload ever asks for more than this share of the peak. */
export const MOST_RATE = 1.1

/**
 * Load of `service` as a share of its peak, in [0, 1.1], at `dayFraction` in [0, 1) of day `dayIndex` (0 is a Monday).
 * Depends on its arguments alone.
 */
export function rateAt(
  name: WorkloadName,
  service: string,
  dayFraction: number,
  dayIndex: number,
  seed: number,
): number {
  return shapeOf(name)({ service, dayFraction, dayIndex, seed })
}

function shapeOf(name: WorkloadName): DayShape {
  switch (name) {
    case 'bot-attack':
      return botAttack
    case 'bursty':
      return bursty
    case 'diurnal':
      return diurnal
    case 'failures':
      return failures
    case 'flash-crowd':
      return flashCrowd
    case 'long-tail':
      return longTail
    case 'night-cycle':
      return nightCycle
    case 'noisy':
      return noisy
    case 'recurring-peak':
      return recurringPeak
    case 'regime-change':
      return regimeChange
    case 'steady':
      return steady
    case 'weekday':
      return weekday
    case 'weekly':
      return weekly
  }
}
