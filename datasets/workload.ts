/**
 * Named workloads: the shape of a day per service, as a share of its peak. All of them are synthetic and labelled so.
 * To add one: a file in workloads/, a name in the union, a case in the switch.
 */
import { z } from 'zod'
import { recurringPeak } from './workloads/recurring-peak.ts'
import type { DayShape } from './workloads/shape.ts'
import { steady } from './workloads/steady.ts'
import { weekday } from './workloads/weekday.ts'

export const WorkloadName = z
  .enum(['weekday', 'recurring-peak', 'steady'])
  .meta({ id: 'WorkloadName', description: 'A synthetic day shape.' })
export type WorkloadName = z.infer<typeof WorkloadName>

/** No workload ever asks for more than this share of the peak. */
export const MOST_RATE = 1.1

/**
 * Load of `service` as a share of its peak, in [0, 1.1], at `dayFraction` in [0, 1) of day `dayIndex`.
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
    case 'recurring-peak':
      return recurringPeak
    case 'steady':
      return steady
    case 'weekday':
      return weekday
  }
}
