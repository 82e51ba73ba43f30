/** A run's course in few points, for plots: a run has ten thousand ticks, a plot some hundred pixels. */
import type { Controller, Foreseen } from '../controllers/controller.ts'
import type { Column, RunRecord } from '../simulator/run.ts'

/** A week in hours. */
const MOST_POINTS = 168
/** A report shows the first services; tables have all. */
const MOST_SERVICES = 4
/** Digits that a plot can show. */
const DIGITS = 5
const QUANTILES = ['low', 'median', 'high'] as const

export interface ServiceCourse {
  readonly service: string
  /** Requests/s. */
  readonly load: readonly number[]
  /** Ready replicas: mean, least and most of each interval. */
  readonly ready: readonly number[]
  readonly low: readonly number[]
  readonly high: readonly number[]
  /** What was foreseen of the load, at the time that was meant; absent where a controller makes no forecast. */
  readonly forecast?: ForecastCourse
}

/** Means of each interval's quantiles 0.05, 0.5 and 0.95, requests/s; null where none was for it. */
export interface ForecastCourse {
  readonly low: readonly (number | null)[]
  readonly median: readonly (number | null)[]
  readonly high: readonly (number | null)[]
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

/** What a controller says of its decisions, tick by tick. */
export interface Said {
  readonly prices: readonly number[] | undefined
  /** `foreseen[i]`: of service i; of the services that a course has. */
  readonly foreseen: readonly (readonly Foreseen[])[] | undefined
}

/** To be told of each tick once it is decided; a controller that says nothing costs nothing. */
export function listenTo(controller: Controller, services: number): Said & { onTick(): void } {
  const prices = controller.shadowPrice && ([] as number[])
  const foreseen =
    controller.foreseen &&
    Array.from({ length: Math.min(services, MOST_SERVICES) }, (): Foreseen[] => [])
  return {
    prices,
    foreseen,
    onTick() {
      if (controller.shadowPrice) prices?.push(controller.shadowPrice())
      foreseen?.forEach((own, i) => {
        const one = controller.foreseen?.(i)
        if (one) own.push(one)
      })
    },
  }
}

export function courseOf(record: RunRecord, { prices, foreseen }: Said): Course {
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
        ...(foreseen
          ? { forecast: forecastOf(foreseen[i]!, record.startMs, each * record.tickMs, points) }
          : {}),
      }
    }),
  }
}

function forecastOf(
  foreseen: readonly Foreseen[],
  startMs: number,
  stepMs: number,
  points: number,
): ForecastCourse {
  const counts = new Float64Array(points)
  const sums = { low: counts.slice(), median: counts.slice(), high: counts.slice() }
  for (const one of foreseen) {
    const k = Math.floor((one.forMs - startMs) / stepMs)
    if (k >= points) continue
    counts[k]! += 1
    for (const quantile of QUANTILES) sums[quantile][k]! += one[quantile]
  }
  const meansOf = (quantile: (typeof QUANTILES)[number]) =>
    Array.from(sums[quantile], (sum, k) =>
      counts[k] === 0 ? null : Number((sum / counts[k]!).toPrecision(DIGITS)),
    )
  return { low: meansOf('low'), median: meansOf('median'), high: meansOf('high') }
}

function sumBetween(values: ArrayLike<number>, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += values[i]!
  return sum
}
