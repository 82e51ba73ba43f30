/**
 * Silent wrongness: an exporter that says zero, or a thousandth, while the machines work as before. A load that falls
 * suddenly is doubted when a second signal contradicts it: CPU, as far as it was seen to follow the load. While it is
 * doubted, and for three steps after they agree again, nothing may shrink of it. A load that rises is never doubted:
 * that costs money within the budget, and no harm.
 *
 *   sudden        the fall exceeds ten standard deviations of the usual changes from step to step
 *   contradicted  the load that CPU stands for lies nearer to the load before than to the one reported, and later on
 *                 in the same proportion; CPU is read by the line of regression on the load (exponentially weighted),
 *                 where the two are correlated
 *
 * Both rules are of RELIABILITY's catalogue of input faults; the deviations are of Welford's kind, weighted by age.
 */

/** Steps that weigh about as much as all before them. */
const MEMORY_STEPS = 120
/** Before so many the line is not trusted. */
const LEARNT_STEPS = 30
const LEAST_CORRELATION = 0.8
const SUDDEN_DEVIATIONS = 10
/** Changes smaller than this share of the load are usual, however still it lay. */
const USUAL_SHARE = 0.02
const AGREEING_STEPS = 3
/** Contradictions smaller than this share of the usual load are of the line, not of the exporter. */
const MATTERS_SHARE = 0.1

export interface Plausibility {
  readonly steps: number
  readonly meanLoad: number
  readonly meanCpu: number
  readonly varLoad: number
  readonly varCpu: number
  readonly covariance: number
  /** Mean square of the changes from step to step. */
  readonly varChange: number
  /** The last load that was believed; NaN before any. */
  readonly believed: number
  /** Undefined: it is believed. */
  readonly doubt: Doubt | undefined
}

interface Doubt {
  /** The first load that was doubted, as share of the one before. */
  readonly share: number
  /** Steps in which both agreed since. */
  readonly agreeing: number
}

export const initialPlausibility: Plausibility = {
  ...{ steps: 0, meanLoad: 0, meanCpu: 0, varLoad: 0, varCpu: 0, covariance: 0, varChange: 0 },
  ...{ believed: Number.NaN, doubt: undefined },
}

export const isDoubted = ({ doubt }: Plausibility): boolean => doubt !== undefined

/** One step later: requests/s and CPU cores of all replicas, NaN where nothing was measured, which tells nothing. */
export function judge(state: Plausibility, load: number, cpu: number): Plausibility {
  if (Number.isNaN(load) || Number.isNaN(cpu)) return state
  const { doubt, believed } = state
  const contradicted = isContradicted(state, load, cpu)
  if (doubt) {
    const agreeing = contradicted ? 0 : doubt.agreeing + 1
    if (agreeing < AGREEING_STEPS) return { ...state, doubt: { ...doubt, agreeing } }
    return { ...state, believed: load, doubt: undefined }
  }
  if (contradicted && isSudden(state, load))
    return { ...state, doubt: { share: load / believed, agreeing: 0 } }
  return learn(state, load, cpu)
}

function isSudden({ believed, varChange }: Plausibility, load: number): boolean {
  const usual = Math.max(Math.sqrt(varChange), (USUAL_SHARE * believed) / SUDDEN_DEVIATIONS)
  return believed - load > SUDDEN_DEVIATIONS * usual
}

function isContradicted(state: Plausibility, load: number, cpu: number): boolean {
  const { doubt, believed, meanLoad } = state
  const implied = impliedLoad(state, cpu)
  if (implied === undefined) return false
  if (!doubt) return load < believed && implied > (believed + load) / 2
  return implied - load > MATTERS_SHARE * meanLoad && load < implied * ((1 + doubt.share) / 2)
}

/** Requests/s that so much CPU stands for; undefined where CPU was not seen to follow the load. */
export function impliedLoad(state: Plausibility, cpu: number): number | undefined {
  const { steps, meanLoad, meanCpu, varLoad, varCpu, covariance } = state
  if (steps < LEARNT_STEPS || covariance <= 0) return undefined
  if (covariance / Math.sqrt(varLoad * varCpu) < LEAST_CORRELATION) return undefined
  return meanLoad + (cpu - meanCpu) * (varLoad / covariance)
}

function learn(state: Plausibility, load: number, cpu: number): Plausibility {
  const steps = state.steps + 1
  const weight = 1 / Math.min(steps, MEMORY_STEPS)
  const [offLoad, offCpu] = [load - state.meanLoad, cpu - state.meanCpu]
  const kept = 1 - weight
  const change = Number.isNaN(state.believed) ? 0 : load - state.believed
  return {
    steps,
    meanLoad: state.meanLoad + weight * offLoad,
    meanCpu: state.meanCpu + weight * offCpu,
    varLoad: kept * (state.varLoad + weight * offLoad ** 2),
    varCpu: kept * (state.varCpu + weight * offCpu ** 2),
    covariance: kept * (state.covariance + weight * offLoad * offCpu),
    varChange: kept * state.varChange + weight * change ** 2,
    believed: load,
    doubt: undefined,
  }
}
