/** Synthetic workloads as series, for tests and experiments: the same name, seed and span give the same bytes. */
import { floorToStep, LOAD_METRIC, type Series, type ServiceId } from '../forecaster/series.ts'
import { DatasetError } from './dataset-error.ts'
import { MOST_STEPS } from './readings.ts'
import { rateAt, WorkloadName } from './workload.ts'

const DAY_MS = 86_400_000
/** A Monday at 0:00 UTC; day 0 of every workload is a Monday. */
const MONDAY_MS = Date.UTC(1970, 0, 5)
/** A step's mean is taken over so many moments spread evenly over it. */
const MOMENTS_A_STEP = 4

export interface SyntheticOptions {
  readonly seed: number
  readonly stepMs: number
  readonly days: number
  /** Unix ms, floored to the step; Monday 2024-01-01 when absent. */
  readonly startMs?: number
  /** Services of one workload differ in their chance, and in their hours where the workload says so. */
  readonly service?: ServiceId
  /** Load at the workload's peak, requests/s. */
  readonly peakRps?: number
}

const SYNTHETIC_START_MS = Date.UTC(2024, 0, 1)
export const SYNTHETIC_PEAK_RPS = 100

/**
 * Mean load of each step, requests/s: the shape alone, without the chance of single arrivals. Where two calls with one
 * seed overlap in time they agree. Throws DatasetError for an unknown name and for a span or step that is not allowed.
 */
export function syntheticSeries(name: string, options: SyntheticOptions): Series {
  const workload = WorkloadName.safeParse(name)
  if (!workload.success) {
    throw new DatasetError('workload', name, WorkloadName.options.join(', '))
  }
  const { seed, stepMs, days, service = workload.data, peakRps = SYNTHETIC_PEAK_RPS } = options
  refuseUnless(Number.isSafeInteger(seed) && seed >= 0, 'seed', seed, 'a whole number from 0 on')
  refuseUnless(stepMs >= 1 && stepMs <= DAY_MS, 'stepMs', stepMs, `1 to ${DAY_MS}`)
  const steps = Math.round((days * DAY_MS) / stepMs)
  const mostDays = Math.floor((MOST_STEPS * stepMs) / DAY_MS)
  refuseUnless(steps >= 1 && steps <= MOST_STEPS, 'days', days, `above 0, at most ${mostDays}`)
  refuseUnless(peakRps > 0 && peakRps < 1e12, 'peakRps', peakRps, 'above 0, below 1e12')
  const startMs = floorToStep(options.startMs ?? SYNTHETIC_START_MS, stepMs)
  const values = new Float64Array(steps)
  for (let i = 0; i < steps; i++) {
    let sum = 0
    for (let m = 0; m < MOMENTS_A_STEP; m++) {
      const atMs = startMs + (i + (m + 0.5) / MOMENTS_A_STEP) * stepMs
      const day = (atMs - MONDAY_MS) / DAY_MS
      const dayIndex = Math.floor(day)
      sum += rateAt(workload.data, service, day - dayIndex, dayIndex, seed)
    }
    values[i] = (peakRps * sum) / MOMENTS_A_STEP
  }
  return { service, metric: LOAD_METRIC, startMs, stepMs, values }
}

function refuseUnless(fine: boolean, field: string, value: unknown, allowed: string): void {
  if (!fine) throw new DatasetError(field, value, allowed)
}
