/**
 * Figures with 95 % intervals. Whole days are drawn again with replacement (block bootstrap: Künsch 1989), the same days
 * for all arms (paired), so that what a day has in common falls out of a difference. Percentile intervals.
 */
import type { Summary } from '../simulator/summary.ts'

export const FIGURES = ['cost', 'replica-hours', 'shortage', 'violations', 'events'] as const
/** $ · hours · minutes · requests outside the SLO ÷ requests · changes of the count. A day's, but violations. */
export type Figure = (typeof FIGURES)[number]

export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}
export type Figures = Readonly<Record<Figure, Estimate>>

export interface Compared {
  /** `b` − `a`. */
  readonly difference: Figures
  /** `b` ÷ `a` − 1; null where `a` is 0. */
  readonly ratio: Readonly<Record<Figure, Estimate | null>>
}

const LEVEL = 0.95

/** `draws` lists of days, to be used for every arm. */
export function drawDays(days: number, draws: number, random: () => number): Int32Array[] {
  return Array.from({ length: draws }, () =>
    Int32Array.from({ length: days }, () => Math.floor(random() * days)),
  )
}

export function figuresOf(days: readonly Summary[], draws: readonly Int32Array[]): Figures {
  const whole = pointOf(days, everyDay(days))
  const drawn = draws.map((draw) => pointOf(days, draw))
  return estimates((figure) =>
    estimate(
      whole[figure],
      drawn.map((d) => d[figure]),
    ),
  )
}

export function compareDays(
  a: readonly Summary[],
  b: readonly Summary[],
  draws: readonly Int32Array[],
): Compared {
  const points = [everyDay(a), ...draws].map(
    (draw) => [pointOf(a, draw), pointOf(b, draw)] as const,
  )
  const of = (figure: Figure, how: (a: number, b: number) => number): Estimate => {
    const values = points.map(([x, y]) => how(x[figure], y[figure]))
    return estimate(values[0]!, values.slice(1))
  }
  return {
    difference: estimates((figure) => of(figure, (x, y) => y - x)),
    ratio: Object.fromEntries(
      FIGURES.map((figure) => {
        const isDefined = points.every(([x]) => x[figure] > 0)
        return [figure, isDefined ? of(figure, (x, y) => y / x - 1) : null]
      }),
    ) as Record<Figure, Estimate | null>,
  }
}

const everyDay = (days: readonly Summary[]): Int32Array => Int32Array.from(days, (_, day) => day)

function estimates(of: (figure: Figure) => Estimate): Figures {
  return Object.fromEntries(FIGURES.map((figure) => [figure, of(figure)])) as Record<
    Figure,
    Estimate
  >
}

function pointOf(days: readonly Summary[], draw: Int32Array): Record<Figure, number> {
  let [cost, hours, shortage, events, requests, violations] = [0, 0, 0, 0, 0, 0]
  for (const at of draw) {
    const day = days[at]!
    cost += day.cost
    hours += day.replicaHours
    shortage += day.shortageMinutes
    events += day.scalingEvents
    requests += day.requests
    violations += day.violations
  }
  const n = draw.length
  return {
    cost: cost / n,
    'replica-hours': hours / n,
    shortage: shortage / n,
    violations: requests > 0 ? violations / requests : 0,
    events: events / n,
  }
}

function estimate(value: number, draws: readonly number[]): Estimate {
  const sorted = Float64Array.from(draws).sort()
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
  return { value, low: at((1 - LEVEL) / 2), high: at(1 - (1 - LEVEL) / 2) }
}
