/**
 * How much load one replica carries within its SLO, learned from the service's own data.
 *
 * Requests are counted in logarithmic bins of load per ready replica, with those that violated; old counts fade.
 * A violation rate that cannot fall as load rises (isotonic regression, pool adjacent violators: Ayer et al. 1955)
 * is laid through the bins; where it crosses 1 − objective stands the capacity, where it crosses 1/2 the saturation.
 * The declared capacity enters as a few requests' worth of prior in each bin, so that bins never visited keep it.
 */
import { violationCurve, violationShare } from './loss.ts'

const BINS_PER_OCTAVE = 6
const OCTAVES_BELOW = 3
const OCTAVES_ABOVE = 6
const BINS = (OCTAVES_BELOW + OCTAVES_ABOVE) * BINS_PER_OCTAVE
const PRIOR_REQUESTS = 50
/** Saturation over capacity before anything is known. */
const PRIOR_KNEE = 1.25
/** A request's weight after one more observation: half is gone after about 7,000 observations. */
const KEEP = 0.9999

export interface CapacityState {
  /** The declared first guess; the bins are placed around it. */
  readonly declared: number
  readonly objective: number
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
  const prior = violationCurve(declared, declared * PRIOR_KNEE, objective)
  const requests = new Array<number>(BINS).fill(PRIOR_REQUESTS)
  const violations = requests.map((n, i) => n * violationShare(prior, binLoad(declared, i)))
  return locate({
    declared,
    objective,
    requests,
    violations,
    capacity: declared,
    saturation: declared * PRIOR_KNEE,
  })
}

/** One more observation; evidence that says nothing (no data, no load, nobody ready) changes nothing. Reuses `state`. */
export function learnCapacity(state: CapacityState, evidence: CapacityEvidence): CapacityState {
  const { loadRps, readyReplicas, violationRatio, seconds } = evidence
  if (!(loadRps > 0 && readyReplicas > 0 && violationRatio >= 0 && violationRatio <= 1))
    return state
  const octaves = Math.log2(loadRps / readyReplicas / state.declared) + OCTAVES_BELOW
  const bin = Math.min(BINS - 1, Math.floor(octaves * BINS_PER_OCTAVE))
  if (bin < 0) return state // next to idle: nothing to learn about saturation
  for (let i = 0; i < BINS; i++) {
    // the prior does not fade, or an idle week would forget the declared capacity
    if (state.requests[i]! > PRIOR_REQUESTS) {
      state.requests[i]! *= KEEP
      state.violations[i]! *= KEEP
    }
  }
  state.requests[bin]! += loadRps * seconds
  state.violations[bin]! += loadRps * seconds * violationRatio
  return locate(state)
}

function locate(state: CapacityState): CapacityState {
  const rates = isotonic(state.violations, state.requests)
  state.capacity = crossing(state.declared, rates, 1 - state.objective)
  state.saturation = Math.max(crossing(state.declared, rates, 0.5), state.capacity * 1.02)
  return state
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
