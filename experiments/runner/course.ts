/** A run's course in few points, for plots: a run has ten thousand ticks, a plot some hundred pixels. */
import type { Column, RunRecord } from '../simulator/run.ts'

/** A week in hours. */
const MOST_POINTS = 168
/** A report shows the first services; tables have all. */
const MOST_SERVICES = 4
/** Digits that a plot can show. */
const DIGITS = 5

export interface ServiceCourse {
  readonly service: string
  /** Requests/s. */
  readonly load: readonly number[]
  /** Ready replicas: mean, least and most of each interval. */
  readonly ready: readonly number[]
  readonly low: readonly number[]
  readonly high: readonly number[]
}

export interface Course {
  readonly startMs: number
  readonly stepMs: number
  /** All services together. */
  readonly costPerHour: readonly number[]
  /** Violating requests ÷ requests; 0 without requests. */
  readonly violationRatio: readonly number[]
  /** What the last unit of budget buys back, mean; absent where a controller knows no price. */
  readonly shadowPrice?: readonly number[]
  readonly services: readonly ServiceCourse[]
}

export function courseOf(record: RunRecord, prices: readonly number[] | undefined): Course {
  const ticks = record.columns[0]?.arrivals.length ?? 0
  const each = Math.max(1, Math.ceil(ticks / MOST_POINTS))
  const points = Math.ceil(ticks / each)
  const over = (figure: (from: number, to: number) => number) =>
    Array.from({ length: points }, (_, k) =>
      Number(figure(k * each, Math.min(ticks, (k + 1) * each)).toPrecision(DIGITS)),
    )
  const sumOf = (column: Column, from: number, to: number) =>
    record.columns.reduce((sum, own) => sum + sumBetween(own[column], from, to), 0)
  const hours = (from: number, to: number) => ((to - from) * record.tickMs) / 3_600_000
  return {
    startMs: record.startMs,
    stepMs: each * record.tickMs,
    costPerHour: over((from, to) => sumOf('cost', from, to) / hours(from, to)),
    violationRatio: over((from, to) => {
      const requests = sumOf('arrivals', from, to)
      return requests > 0 ? sumOf('violations', from, to) / requests : 0
    }),
    ...(prices
      ? { shadowPrice: over((from, to) => sumBetween(prices, from, to) / (to - from)) }
      : {}),
    services: record.services.slice(0, MOST_SERVICES).map((service, i) => {
      const { arrivals, ready } = record.columns[i]!
      return {
        service,
        load: over((from, to) => sumBetween(arrivals, from, to) / (hours(from, to) * 3600)),
        ready: over((from, to) => sumBetween(ready, from, to) / (to - from)),
        low: over((from, to) => Math.min(...ready.subarray(from, to))),
        high: over((from, to) => Math.max(...ready.subarray(from, to))),
      }
    }),
  }
}

function sumBetween(values: ArrayLike<number>, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += values[i]!
  return sum
}
