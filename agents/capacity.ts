/**
 * How much load one replica carries within its SLO, learned from the service's own data.
 *
 * Requests are counted in logarithmic bins of load per ready replica, with those that violated. A violation rate that
 * cannot fall as load rises (isotonic regression, pool adjacent violators: Ayer et al. 1955) is laid through the bins;
 * where it crosses 1 − objective stands the capacity, where it crosses 1/2 the saturation. The declared capacity
 * enters as a few requests' worth of prior in each bin.
 *
 * Some requests violate whatever the load (a slow query, a client far away). No replica helps them; so where they are as
 * many as the objective allows, capacity stands where load makes as many again violate: else it would be sought at ever
 * lower load, with ever more replicas, and never found.
 *
 * Evidence is forgotten in two ways, so that one bad hour (an outage, a start on a busy machine) is not believed for
 * ever: a bin remembers its last few thousand requests, and what no longer comes fades back to the prior.
 */
import { violationCurve, violationShare } from './loss.ts'

const BINS_PER_OCTAVE = 6
const OCTAVES_BELOW = 2
const OCTAVES_ABOVE = 6
const BINS = (OCTAVES_BELOW + OCTAVES_ABOVE) * BINS_PER_OCTAVE
const PRIOR_REQUESTS = 50
/** Saturation over capacity before anything is known. */
const PRIOR_KNEE = 1.25
/** Over so many bins a share that hangs on load would at least double. */
const FLAT_BINS = BINS_PER_OCTAVE / 2
const HALF = 0.5
const BIN_REQUESTS_MOST = 5000
/** A count's weight after one more observation: half is gone after 2,000, or 8 h at a step of 15 s. */
const KEEP = 0.5 ** (1 / 2000)

export interface CapacityState {
  /** The declared first guess; the bins are placed around it. */
  readonly declared: number
  readonly objective: number
  /** Share of violations by bin that the declared capacity implies. */
  readonly prior: readonly number[]
  readonly requests: number[]
  readonly violations: number[]
  capacity: number
  saturation: number
}

export interface CapacityEvidence {
  readonly loadRps: number
  readonly readyReplicas: number
  /** Share of requests outside the SLO, 0 to 1. */
  readonly violationRatio: number
  readonly seconds: number
}

/** Middle of bin `i` in requests/s per replica. */
function binLoad(declared: number, bin: number): number {
  return declared * 2 ** ((bin + 0.5) / BINS_PER_OCTAVE - OCTAVES_BELOW)
}

export function initialCapacity(declared: number, objective: number): CapacityState {
  const curve = violationCurve(declared, declared * PRIOR_KNEE, objective)
  const prior = Array.from({ length: BINS }, (_, i) => violationShare(curve, binLoad(declared, i)))
  const none = () => new Array<number>(BINS).fill(0)
  return locate({
    declared,
    objective,
    prior,
    requests: none(),
    violations: none(),
    capacity: declared,
    saturation: declared,
  })
}

/**
 * What `declared`, meant for `own` as the objective, is for another one: further along the curve that is believed before
 * anything is known.
 */
export function declaredFor(declared: number, own: number, objective: number): number {
  const { midpoint, steepness } = violationCurve(declared, declared * PRIOR_KNEE, own)
  return Math.max(midpoint - Math.log(objective / (1 - objective)) / steepness, declared / 4)
}

/**
 * One more observation, of a step in which as many replicas were ready as in the one before. Evidence that says
 * nothing (no data, no load, nobody ready) changes nothing. Reuses `state`.
 */
export function learnCapacity(state: CapacityState, evidence: CapacityEvidence): CapacityState {
  const { loadRps, readyReplicas, violationRatio, seconds } = evidence
  if (!(loadRps > 0 && readyReplicas > 0 && violationRatio >= 0 && violationRatio <= 1))
    return state
  const octaves = Math.log2(loadRps / readyReplicas / state.declared) + OCTAVES_BELOW
  const bin = Math.min(BINS - 1, Math.floor(octaves * BINS_PER_OCTAVE))
  if (bin < 0) return state // next to idle: nothing to learn about saturation
  const { requests, violations } = state
  for (let i = 0; i < BINS; i++) {
    requests[i]! *= KEEP
    violations[i]! *= KEEP
  }
  const counted = loadRps * seconds
  requests[bin]! += counted
  violations[bin]! += counted * violationRatio
  if (requests[bin]! > BIN_REQUESTS_MOST) {
    violations[bin]! *= BIN_REQUESTS_MOST / requests[bin]!
    requests[bin] = BIN_REQUESTS_MOST
  }
  return locate(state)
}

/**
 * What was learned on replicas of one size, for replicas that are `scale` times as large: taken to hold in proportion, with no
 * more weight than a declared figure has, until they are seen.
 */
export function capacityOf(state: CapacityState, scale: number): CapacityState {
  const weights = state.requests.map((n) => Math.min(1, PRIOR_REQUESTS / Math.max(n, 1)))
  return locate({
    ...state,
    declared: state.declared * scale,
    requests: state.requests.map((n, i) => n * weights[i]!),
    violations: state.violations.map((n, i) => n * weights[i]!),
  })
}

function locate(state: CapacityState): CapacityState {
  const { prior, requests, violations, declared, objective } = state
  const weights = requests.map((n) => n + PRIOR_REQUESTS)
  const rates = isotonic(
    violations.map((n, i) => n + PRIOR_REQUESTS * prior[i]!),
    weights,
  )
  const allowed = Math.max(1 - objective, 2 * unavoidable(requests, rates))
  state.capacity = crossing(declared, rates, Math.min(allowed, HALF))
  state.saturation = Math.max(crossing(declared, rates, HALF), state.capacity * 1.02)
  return state
}

/**
 * The share that violates at the least load seen, where it has been seen not to depend on load: at half an octave more it
 * is less than twice as large. 0 as long as that is not known; then it may be overload.
 */
function unavoidable(requests: readonly number[], rates: Float64Array): number {
  const isSeen = (n: number) => n > PRIOR_REQUESTS
  const lowest = requests.findIndex(isSeen)
  const higher = requests.findIndex((n, i) => isSeen(n) && i >= lowest + FLAT_BINS)
  if (lowest < 0 || higher < 0 || rates[higher]! >= 2 * rates[lowest]!) return 0
  return rates[lowest]!
}

/** Least-squares non-decreasing rates violations/requests, weighted by requests. */
export function isotonic(violations: readonly number[], requests: readonly number[]): Float64Array {
  const n = requests.length
  const weight = new Float64Array(n)
  const mean = new Float64Array(n)
  const size = new Int32Array(n)
  let blocks = 0
  for (let i = 0; i < n; i++) {
    weight[blocks] = requests[i]!
    mean[blocks] = violations[i]! / requests[i]!
    size[blocks] = 1
    blocks++
    while (blocks > 1 && mean[blocks - 2]! >= mean[blocks - 1]!) {
      const total = weight[blocks - 2]! + weight[blocks - 1]!
      mean[blocks - 2] =
        (mean[blocks - 2]! * weight[blocks - 2]! + mean[blocks - 1]! * weight[blocks - 1]!) / total
      weight[blocks - 2] = total
      size[blocks - 2]! += size[blocks - 1]!
      blocks--
    }
  }
  const rates = new Float64Array(n)
  for (let block = 0, at = 0; block < blocks; block++) {
    rates.fill(mean[block]!, at, at + size[block]!)
    at += size[block]!
  }
  return rates
}

/**
 * Load per replica at which `rates` first reaches `share`: between bin middles on the logistic scale, on which the
 * prior is a straight line, so that the declared capacity comes back exactly while nothing else is known.
 */
function crossing(declared: number, rates: Float64Array, share: number): number {
  let above = 0
  while (above < BINS && rates[above]! < share) above++
  if (above === 0) return binLoad(declared, 0)
  if (above === BINS) return binLoad(declared, BINS - 1)
  const low = logit(rates[above - 1]!)
  const high = logit(rates[above]!)
  const from = binLoad(declared, above - 1)
  return from + ((logit(share) - low) / (high - low)) * (binLoad(declared, above) - from)
}

function logit(share: number): number {
  const inside = Math.min(Math.max(share, 1e-9), 1 - 1e-9)
  return Math.log(inside / (1 - inside))
}
