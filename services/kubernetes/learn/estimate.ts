/**
 * Start-up lag and capacity of a replica from a cluster's history, each with what it may as well be. Pure.
 *
 * Start-up: quantiles of the pods' own times, bounded by order statistics (David & Nagaraja, Order Statistics, §7.1: no
 * distribution is assumed). Capacity: by violations where they were measured (agents/capacity.ts), else by CPU: cores a
 * ready replica = idle + cost × requests/s a replica, by least squares, up to what a replica requests. Bounds by the
 * jackknife over blocks of time (Tukey 1958; Künsch 1989), since what is near in time is alike.
 */
import { initialCapacity, learnCapacity } from '../../../agents/capacity.ts'

export interface Bounded {
  readonly value: number
  /** Of 95 %; null: too few to say. */
  readonly low: number | null
  readonly high: number | null
}

/** The `share` quantile of `values` (their order statistic, rounded up), and bounds for it. Undefined of none. */
export function quantileWithBounds(values: readonly number[], share: number): Bounded | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  const n = sorted.length
  if (n === 0) return undefined
  const value = sorted[Math.max(0, Math.ceil(share * n) - 1)]!
  // the number of values below the quantile is binomial: ranks that leave 2.5 % on either side
  const below = cumulativeBinomial(n, share)
  const low = below.findIndex((sum) => sum > 0.025) - 1
  const high = below.findIndex((sum) => sum >= 0.975)
  return { value, low: sorted[low] ?? null, high: sorted[high] ?? null }
}

/** P(X ≤ k) for k = 0 … n. */
function cumulativeBinomial(n: number, p: number): number[] {
  const sums: number[] = []
  let logTerm = n * Math.log(1 - p)
  let sum = 0
  for (let k = 0; k <= n; k++) {
    sum += Math.exp(logTerm)
    sums.push(sum)
    logTerm += Math.log((n - k) / (k + 1)) + Math.log(p / (1 - p))
  }
  return sums
}

/** One step of the history; NaN where something is missing. */
export interface HistoryStep {
  readonly loadRps: number
  readonly readyReplicas: number
  readonly cpuCores: number
  readonly violationRatio: number
}

export interface CapacityInput {
  readonly steps: readonly HistoryStep[]
  readonly stepSeconds: number
  /** CPU that a replica requests, cores; NaN: not known. */
  readonly cpuRequest: number
  readonly objective: number
  /** First guess where violations are learned from, requests/s. */
  readonly declared: number
  /** Steps of one block, which is left out together. */
  readonly blockSteps: number
}

export type CapacityEstimate =
  | (Bounded & {
      readonly by: 'violations' | 'cpu'
      readonly steps: number
      readonly mostSeen: number
    })
  | { readonly by: 'none'; readonly why: string; readonly mostSeen: number }

const FEWEST_STEPS = 60
const FEWEST_BLOCKS = 4
const LEAST_CORRELATION = 0.5
const Z_95 = 1.96

export function estimateCapacity(input: CapacityInput): CapacityEstimate {
  const steps = input.steps.filter(
    ({ loadRps, readyReplicas }) => loadRps > 0 && readyReplicas >= 1,
  )
  const mostSeen = steps.reduce((most, s) => Math.max(most, s.loadRps / s.readyReplicas), 0)
  const none = (why: string): CapacityEstimate => ({ by: 'none', why, mostSeen })
  if (steps.length < FEWEST_STEPS)
    return none(`${steps.length} steps with load and ready replicas; ${FEWEST_STEPS} at least`)
  const judged = steps.filter(({ violationRatio }) => violationRatio >= 0)
  if (judged.some(({ violationRatio }) => violationRatio > 1 - input.objective)) {
    const learn = (some: readonly HistoryStep[]) => byViolations(some, input)
    return { by: 'violations', steps: judged.length, mostSeen, ...jackknife(judged, learn, input) }
  }
  const measured = steps.filter(({ cpuCores }) => cpuCores >= 0)
  if (measured.length < FEWEST_STEPS)
    return none('no step violated the SLO, and CPU is not known: it carries what was seen at least')
  if (!(input.cpuRequest > 0))
    return none('the pods request no CPU: what a replica may use is not known')
  const learn = (some: readonly HistoryStep[]) => byCpu(some, input.cpuRequest)
  if (learn(measured) === undefined)
    return none('CPU does not follow load: it cannot be told from it')
  return { by: 'cpu', steps: measured.length, mostSeen, ...jackknife(measured, learn, input) }
}

function byViolations(steps: readonly HistoryStep[], input: CapacityInput): number {
  const { declared, objective, stepSeconds: seconds } = input
  let state = initialCapacity(declared, objective)
  for (const step of steps) state = learnCapacity(state, { ...step, seconds })
  return state.capacity
}

/** undefined where CPU does not rise with load. */
function byCpu(steps: readonly HistoryStep[], cpuRequest: number): number | undefined {
  const x = steps.map(({ loadRps, readyReplicas }) => loadRps / readyReplicas)
  const y = steps.map(({ cpuCores, readyReplicas }) => cpuCores / readyReplicas)
  const [mx, my] = [mean(x), mean(y)]
  const sum = (of: (i: number) => number) => x.reduce((total, _, i) => total + of(i), 0)
  const xx = sum((i) => (x[i]! - mx) ** 2)
  const yy = sum((i) => (y[i]! - my) ** 2)
  const xy = sum((i) => (x[i]! - mx) * (y[i]! - my))
  const slope = xy / xx
  const capacity = (cpuRequest - (my - slope * mx)) / slope
  const isLine = slope > 0 && xy / Math.sqrt(xx * yy) >= LEAST_CORRELATION
  return isLine && capacity > 0 ? capacity : undefined
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** The estimate of all, and what leaving out one block after another says of its error. */
function jackknife(
  steps: readonly HistoryStep[],
  estimate: (some: readonly HistoryStep[]) => number | undefined,
  { blockSteps }: CapacityInput,
): Bounded {
  const value = estimate(steps)!
  const blocks = Math.floor(steps.length / blockSteps)
  if (blocks < FEWEST_BLOCKS) return { value, low: null, high: null }
  const without = Array.from({ length: blocks }, (_, block) =>
    estimate(steps.filter((_step, i) => Math.floor(i / blockSteps) !== block)),
  ).filter((one) => one !== undefined)
  const middle = mean(without)
  const squares = without.reduce((sum, one) => sum + (one - middle) ** 2, 0)
  const error = Math.sqrt(((without.length - 1) / without.length) * squares)
  return { value, low: Math.max(0, value - Z_95 * error), high: value + Z_95 * error }
}
