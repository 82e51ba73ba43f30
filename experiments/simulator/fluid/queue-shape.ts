/**
 * How a balancing policy makes queues of replicas: one that all share, or one each.
 *
 * Least connections sends a request to a free place as long as there is one, so that all places act as one queue (Gupta,
 * Harchol-Balter, Sigman and Whitt, "Analysis of join-the-shortest-queue routing for web server farms", 2007), but who
 * waits does so at one replica and does not change over: `STUCK`. A random split of Poisson arrivals is Poisson again: a
 * queue a replica. Turns thin arrivals evenly: gaps are sums of as many exponential ones as there are replicas. Two choices
 * lie between (Mitzenmacher 2001): about as if threes of replicas shared a queue.
 */
import type { Serving } from '../scenario.ts'
import { type DelayTable, delayTable, lookUp, slopeAt } from './delay-probability.ts'

/**
 * Of the service time ÷ places of a replica, by what a wait at one of many replicas is longer than one in a queue that all
 * share. Measured on the request simulator over 1 and 4 places, 4 to 25 replicas, utilizations 0.5 to 0.95.
 */
const STUCK = 0.28
const TWO_CHOICES_SHARE = 3

export interface QueueShape {
  readonly queues: number
  /** Of one queue. */
  readonly places: number
  /** Of all. */
  readonly allPlaces: number
  /** Squared coefficient of variation of the gaps between arrivals at one queue. */
  readonly arrivalScv: number
  /** What a wait is longer by because it is at one replica, in service times ÷ places. */
  readonly stuck: number
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
        ? Math.min(TWO_CHOICES_SHARE, replicas)
        : 1
  const places = sharing * concurrency
  return {
    queues: replicas / sharing,
    places,
    allPlaces: replicas * concurrency,
    arrivalScv: balancing === 'round-robin' ? 1 / replicas : 1,
    stuck: balancing === 'least-connections' ? STUCK * (sharing - 1) : 0,
    table: delayTable(places),
  }
}

/**
 * Mean wait of those that wait, in service times, at `utilization` below 1 in steady state: Allen and Cunneen's mean of
 * both variations (A. O. Allen, "Probability, Statistics, and Queueing Theory", 2nd ed., §5.3.5).
 */
export function conditionalWait(
  { arrivalScv, places, stuck }: QueueShape,
  serviceScv: number,
  utilization: number,
): number {
  return ((arrivalScv + serviceScv) / 2 / (1 - utilization) + stuck) / places
}

/**
 * P(an arrival waits): Erlang C, less where arrivals are more even than chance (W. Kraemer and M. Langenbach-Belz,
 * "Approximate formulae for the delay in the queueing system GI/G/1", ITC 8, 1976).
 */
export function waitProbability(
  { arrivalScv, table }: QueueShape,
  serviceScv: number,
  utilization: number,
): number {
  const delayed = lookUp(table, utilization)
  if (arrivalScv === 1) return delayed
  const even = (1 - arrivalScv) ** 2 / (arrivalScv + serviceScv)
  return delayed * Math.exp((-2 * (1 - utilization) * even) / (3 * utilization))
}

/** Requests that wait, all queues together: Little's law. */
export function meanWaiting(shape: QueueShape, serviceScv: number, utilization: number): number {
  if (utilization <= 0) return 0
  return (
    shape.allPlaces *
    utilization *
    waitProbability(shape, serviceScv, utilization) *
    conditionalWait(shape, serviceScv, utilization)
  )
}

/**
 * Utilization u at which `inSystem(u) + flow · u = total`: the implicit Euler step of a queue whose departures are those
 * of a queue in steady state with as many requests in it ("pointwise stationary fluid flow approximation": Wang, Tipper
 * and Banerjee, INFOCOM 1996). Newton's method, kept between bounds, from `guess` where one near it is known.
 */
export function solveUtilization(
  shape: QueueShape,
  serviceScv: number,
  flow: number,
  total: number,
  guess = 0,
): number {
  if (total <= 0) return 0
  const { allPlaces, stuck, table } = shape
  const variation = (shape.arrivalScv + serviceScv) / 2
  const linear = allPlaces + flow
  let low = 0
  let high = 1 - 1e-9
  let u = Math.min(total / linear, 1 - variation / (variation + total / shape.queues + 1))
  if (guess > 0 && guess < high) u = guess
  for (let step = 0; step < 40; step++) {
    const waiting = meanWaiting(shape, serviceScv, u)
    const excess = linear * u + waiting - total
    if (Math.abs(excess) <= 1e-11 * (total + 1)) return u
    if (excess > 0) high = u
    else low = u
    const idle = 1 - u
    const slope =
      linear + waiting * (slopeAt(table, u) + 1 / u + 1 / (idle * (1 + (idle * stuck) / variation)))
    const next = u - excess / slope
    // neither is a slope that is no number, of a guess that is next to nothing
    if (!(next > low && next < high)) u = (low + high) / 2
    // it doubles the digits that are right
    else if (Math.abs(next - u) <= 1e-6 * idle) return next
    else u = next
  }
  return u
}
