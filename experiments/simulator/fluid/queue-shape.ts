/**
 * How a balancing policy makes queues of replicas: one that all share, or one each.
 *
 * Least connections sends a request to a free place as long as there is one, so that all places act as one queue (Gupta,
 * Harchol-Balter, Sigman and Whitt, "Analysis of join-the-shortest-queue routing for web server farms", 2007). A random
 * split of Poisson arrivals is Poisson again: a queue a replica. Turns thin arrivals evenly: gaps are sums of as many
 * exponential ones as there are replicas. Two choices lie between (Mitzenmacher 2001): pairs of replicas share a queue.
 */
import type { Serving } from '../scenario.ts'
import { type DelayTable, delayTable, lookUp, slopeAt } from './delay-probability.ts'

export interface QueueShape {
  readonly queues: number
  /** Of one queue. */
  readonly places: number
  /** Of all. */
  readonly allPlaces: number
  /** Squared coefficient of variation of the gaps between arrivals at one queue. */
  readonly arrivalScv: number
  readonly table: DelayTable
}

/** `replicas` at least 1. */
export function queueShape(
  { balancing, concurrency }: Pick<Serving, 'balancing' | 'concurrency'>,
  replicas: number,
): QueueShape {
  const sharing =
    balancing === 'least-connections'
      ? replicas
      : balancing === 'two-choices'
        ? Math.min(2, replicas)
        : 1
  const places = sharing * concurrency
  return {
    queues: replicas / sharing,
    places,
    allPlaces: replicas * concurrency,
    arrivalScv: balancing === 'round-robin' ? 1 / replicas : 1,
    table: delayTable(places),
  }
}

/**
 * Requests that wait, all queues together, at `utilization` below 1 in steady state: Erlang C times Allen and Cunneen's
 * mean of both variations (A. O. Allen, "Probability, Statistics, and Queueing Theory", 2nd ed., §5.3.5).
 */
export function meanWaiting(shape: QueueShape, serviceScv: number, utilization: number): number {
  const variation = (shape.arrivalScv + serviceScv) / 2
  const delayed = lookUp(shape.table, utilization)
  return (shape.queues * variation * delayed * utilization) / (1 - utilization)
}

/**
 * Utilization u at which `inSystem(u) + flow · u = total`: the implicit Euler step of a queue whose departures are those
 * of a queue in steady state with as many requests in it ("pointwise stationary fluid flow approximation": Wang, Tipper
 * and Banerjee, INFOCOM 1996). Newton's method, kept between bounds.
 */
export function solveUtilization(
  shape: QueueShape,
  serviceScv: number,
  flow: number,
  total: number,
): number {
  const variation = ((shape.arrivalScv + serviceScv) / 2) * shape.queues
  const linear = shape.allPlaces + flow
  let low = 0
  let high = 1 - 1e-9
  let u = Math.min(total / linear, 1 - variation / (variation + total + 1))
  for (let step = 0; step < 40; step++) {
    const idle = 1 - u
    const waiting = (variation * lookUp(shape.table, u) * u) / idle
    const excess = linear * u + waiting - total
    if (Math.abs(excess) <= 1e-9 * (total + 1)) return u
    if (excess > 0) high = u
    else low = u
    const slope = linear + waiting * (slopeAt(shape.table, u) + 1 / (u * idle))
    const next = u - excess / slope
    u = next > low && next < high ? next : (low + high) / 2
  }
  return u
}
