/**
 * How long an answer takes: a certain wait behind a backlog, an exponential wait that some requests meet, and the time of
 * service itself. Sums of the last two are worked out on bins of the service time.
 */
import type { ServiceTime } from '../scenario.ts'
import { normalCdf } from './normal.ts'

/** Probabilities between bins: finer in the tail, where the SLO is. */
const EDGES = [
  0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.88, 0.94, 0.97, 0.985, 0.993, 0.997, 0.999, 1,
]
const BINS = EDGES.length - 1

/** A law of mean 1. */
export interface UnitLaw {
  readonly cv: number
  /** Mean of each bin. */
  readonly means: Float64Array
  /** P(time > x). */
  tail(x: number): number
}

/** Wait: `certainSeconds`, and with probability `waitProbability` an exponential time of mean `waitSeconds` more. */
export interface Wait {
  certainSeconds: number
  waitProbability: number
  waitSeconds: number
}

/** Share of the probability that a wait may add unnoticed. */
const NEGLIGIBLE = 1e-4
const CV_GRAIN = 1 / 64
const laws = new Map<string, UnitLaw>()

/** Laws are kept; cv is rounded to 1/64 of its octave-free scale so that changing ones of callers find theirs again. */
export function unitLaw(distribution: ServiceTime['distribution'], cv: number): UnitLaw {
  const rounded = distribution === 'lognormal' ? Math.round(cv / CV_GRAIN) * CV_GRAIN : 1
  const kind = distribution === 'lognormal' && rounded === 0 ? 'deterministic' : distribution
  const name = `${kind} ${rounded}`
  let law = laws.get(name)
  if (law === undefined) {
    law = LAWS[kind](rounded)
    laws.set(name, law)
  }
  return law
}

const LAWS: Record<ServiceTime['distribution'], (cv: number) => UnitLaw> = {
  deterministic: () => ({
    cv: 0,
    means: new Float64Array(BINS).fill(1),
    tail: (x) => (x < 1 ? 1 : 0),
  }),
  // mean of a bin: the integral of −ln(1 − p) over it
  exponential: () => ({
    cv: 1,
    means: binMeans((p) => (p >= 1 ? 1 : p + (1 - p) * Math.log(1 - p))),
    tail: (x) => (x <= 0 ? 1 : Math.exp(-x)),
  }),
  // partial expectation of a log-normal of mean 1: Φ(z − σ)
  lognormal: (cv) => {
    const sigma = Math.sqrt(Math.log(1 + cv * cv))
    return {
      cv,
      means: binMeans((p) => (p <= 0 ? 0 : p >= 1 ? 1 : normalCdf(inverseNormal(p) - sigma))),
      tail: (x) => (x <= 0 ? 1 : normalCdf(-(Math.log(x) / sigma + sigma / 2))),
    }
  },
}

/** From the partial expectation up to each edge. */
function binMeans(partial: (p: number) => number): Float64Array {
  return Float64Array.from(
    { length: BINS },
    (_, bin) => (partial(EDGES[bin + 1]!) - partial(EDGES[bin]!)) / (EDGES[bin + 1]! - EDGES[bin]!),
  )
}

function inverseNormal(p: number): number {
  let low = -9
  let high = 9
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (normalCdf(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** P(wait + service > seconds), the service time being `law` times `serviceSeconds`. */
export function tailOf(
  law: UnitLaw,
  serviceSeconds: number,
  wait: Readonly<Wait>,
  seconds: number,
): number {
  const left = seconds - wait.certainSeconds
  if (left <= 0) return 1
  const served = law.tail(left / serviceSeconds)
  const { waitProbability, waitSeconds } = wait
  if (waitProbability * waitSeconds < 1e-9 * serviceSeconds) return served
  // no service time that leaves anything is longer than that
  const longest = Math.min(left, law.means[BINS - 1]! * serviceSeconds)
  if (waitProbability * Math.exp((longest - left) / waitSeconds) < NEGLIGIBLE * served)
    return served
  return Math.min(1, served + waitProbability * lateByWait(law, serviceSeconds, waitSeconds, left))
}

/** P(service < left and wait > left − service) of those that wait. */
function lateByWait(
  law: UnitLaw,
  serviceSeconds: number,
  waitSeconds: number,
  left: number,
): number {
  const inTime = 1 - law.tail(left / serviceSeconds)
  let sum = 0
  for (let bin = 0; bin < BINS; bin++) {
    const low = EDGES[bin]!
    if (low >= inTime) break
    const share = Math.min(EDGES[bin + 1]!, inTime) - low
    const service = Math.min(left, law.means[bin]! * serviceSeconds)
    sum += share * Math.exp((service - left) / waitSeconds)
  }
  return sum
}
