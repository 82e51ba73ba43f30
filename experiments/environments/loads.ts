/** Load of an environment's services: synthetic or recorded, without gaps, on one grid, scaled to what they can carry. */
import { DatasetError } from '../../datasets/dataset-error.ts'
import { syntheticSeries } from '../../datasets/synthetic.ts'
import type { LibraryOptions } from '../../datasets/traces/library.ts'
import { loadTrace } from '../../datasets/traces/trace.ts'
import type { Series } from '../../forecaster/series.ts'
import type { EnvironmentService } from './config.ts'
import { EnvironmentError } from './environment.ts'

const BUSY_QUANTILE = 0.99
/**
 * Where nothing else is said: at which quantiles a load asks for at most which share of what maxReplicas carry. The largest
 * value of all too can be met, or no policy could do right.
 */
const USUAL: readonly (readonly [quantile: number, share: number])[] = [
  [BUSY_QUANTILE, 0.6],
  [1, 1],
]
const SECOND_MS = 1000
const DAY_SECONDS = 86_400

export interface LoadOptions extends LibraryOptions {
  /** Steps of all services together that may be held; without it as many as a data set may have each. */
  readonly mostSteps?: number
}

export interface Loads {
  readonly startMs: number
  readonly stepMs: number
  /** Arrivals from outside, requests/s a step; one array a service, all of one length. */
  readonly values: readonly Float64Array[]
  readonly synthetic: boolean
}

/** Throws EnvironmentError where steps or times do not fit, DatasetError for an unknown or broken trace. */
export async function readLoads(
  services: readonly EnvironmentService[],
  options: LoadOptions,
): Promise<Loads> {
  const series: Series[] = []
  let left = options.mostSteps ?? Number.POSITIVE_INFINITY
  for (const [i, service] of services.entries()) {
    left -= syntheticSteps(service)
    refuseAbove(left, i, options)
    series.push(await seriesOf(service, options))
    if (service.load.kind === 'trace') left -= series[i]!.values.length
    refuseAbove(left, i, options)
  }
  const { stepMs } = series[0]!
  for (const [i, one] of series.entries()) {
    if (one.stepMs !== stepMs)
      throw new EnvironmentError(
        `services.${i}.load`,
        `a step of ${one.stepMs / SECOND_MS} s`,
        `the step of the first service's load, ${stepMs / SECOND_MS} s`,
      )
  }
  // traces of one environment are laid side by side from their beginnings: their dates seldom overlap
  const length = Math.min(...series.map(({ values }) => values.length))
  return {
    startMs: series[0]!.startMs,
    stepMs,
    values: series.map(({ values }, i) => scaled(values.subarray(0, length), services[i]!)),
    synthetic: services.some(({ load }) => load.kind === 'synthetic'),
  }
}

/** Known before they are made, so that what is too much is never made. */
function syntheticSteps({ load }: EnvironmentService): number {
  return load.kind === 'trace' ? 0 : Math.round((load.days * DAY_SECONDS) / load.stepSeconds)
}

function refuseAbove(left: number, i: number, { mostSteps }: LoadOptions): void {
  if (left >= 0) return
  const allowed = `with the services before it ${mostSteps} steps, of all that is open here`
  throw new EnvironmentError(`services.${i}.load`, `${-left} steps too many`, allowed)
}

async function seriesOf({ name, load }: EnvironmentService, options: LibraryOptions) {
  if (load.kind === 'trace') return (await loadTrace(load.name, options)).series
  const { workload, seed, days, stepSeconds } = load
  return syntheticSeries(workload, { seed, days, stepMs: stepSeconds * SECOND_MS, service: name })
}

function scaled(values: Float64Array, service: EnvironmentService): Float64Array {
  const filled = withoutGaps(values, service.name)
  const factor = scaleOf(Float64Array.from(filled).sort(), service)
  return Number.isFinite(factor) ? filled.map((value) => value * factor) : filled
}

/** Infinite where a load has nothing that could be scaled. */
function scaleOf(sorted: Float64Array, { spec, busyRps }: EnvironmentService): number {
  const at = (quantile: number) => sorted[Math.floor(quantile * (sorted.length - 1))]!
  if (busyRps !== undefined) return busyRps / at(BUSY_QUANTILE)
  const most = spec.maxReplicas * spec.capacityPerReplica
  return Math.min(...USUAL.map(([quantile, share]) => (share * most) / at(quantile)))
}

/** Gaps are drawn straight from one known value to the next. */
export function withoutGaps(values: Float64Array, name: string): Float64Array {
  const filled = Float64Array.from(values)
  let known = -1
  for (let i = 0; i < filled.length; i++) {
    if (Number.isNaN(filled[i]!)) continue
    const from = known < 0 ? filled[i]! : filled[known]!
    const span = i - known
    for (let k = known + 1; k < i; k++)
      filled[k] = from + ((filled[i]! - from) * (k - known)) / span
    known = i
  }
  if (known < 0) throw new DatasetError(`load of ${name}`, 'no value', 'at least one known value')
  return filled.fill(filled[known]!, known + 1)
}
