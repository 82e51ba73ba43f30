/**
 * What an agent sees of its service: numbers of about 0 to 1, within stated bounds. They are of what was scraped, so
 * they come late and with noise where the scenario says so; what is not known is 0.
 */
import type { Scraped } from '../controllers/controller.ts'
import { atMs, type EpisodeState, stepOf } from './episode.ts'
import { SEEN_LEVELS } from './forecasts.ts'
import type { Prepared, PreparedService } from './prepare.ts'
import { type Bound, type BoxSpace, box } from './spaces.ts'

const DAY_MS = 86_400_000
/** Ratios without a bound of their own are cut here. */
const MOST_RATIO = 10

const share = (name: string): Bound => ({ name, low: 0, high: 1 })
const ratio = (name: string): Bound => ({ name, low: 0, high: MOST_RATIO })
const wave = (name: string): Bound => ({ name, low: -1, high: 1 })

/** In the order in which `writeFeatures` writes them. */
export const FEATURES: readonly Bound[] = [
  share('cpuUtilization'),
  // 95th percentile ÷ the SLO's latency
  ratio('latency'),
  // waiting requests ÷ places of all replicas that there may be
  ratio('queue'),
  // ÷ maxReplicas, as are the next two
  share('ready'),
  ratio('starting'),
  share('requested'),
  // failed requests ÷ requests, and those outside the SLO
  share('errorRate'),
  share('violationRate'),
  // requests/s ÷ what maxReplicas carry, as are the forecast's quantiles
  ratio('load'),
  ...SEEN_LEVELS.map((level) => ratio(`forecast${level * 100}`)),
  wave('timeOfDaySin'),
  wave('timeOfDayCos'),
]

export function featureSpace(further: readonly Bound[] = []): BoxSpace {
  return box([...FEATURES, ...further])
}

/** Features of service i from `out[offset]` on; the offset behind them. */
export function writeFeatures(
  prepared: Prepared,
  state: EpisodeState,
  i: number,
  out: Float32Array,
  offset = 0,
): number {
  const service = prepared.services[i]!
  let at = writeMeasured(service, state.scraped[i]!, state.requested[i]!, out, offset)
  const most = service.spec.maxReplicas * service.spec.capacityPerReplica
  const row = stepOf(prepared, state) * SEEN_LEVELS.length
  for (let level = 0; level < SEEN_LEVELS.length; level++)
    out[at++] = within(service.forecasts[row + level]! / most, MOST_RATIO)
  const angle = (2 * Math.PI * (atMs(prepared, state) % DAY_MS)) / DAY_MS
  out[at++] = Math.sin(angle)
  out[at++] = Math.cos(angle)
  return at
}

function writeMeasured(
  { spec, serving }: PreparedService,
  scraped: Scraped,
  requested: number,
  out: Float32Array,
  offset: number,
): number {
  const { maxReplicas, capacityPerReplica, slo } = spec
  let at = offset
  out[at++] = within(scraped.utilization, 1)
  out[at++] = within(scraped.latencyP95Seconds / slo.latencySeconds, MOST_RATIO)
  out[at++] = within(scraped.queued / (maxReplicas * serving.concurrency), MOST_RATIO)
  out[at++] = within(scraped.replicas.ready / maxReplicas, 1)
  out[at++] = within(scraped.replicas.starting / maxReplicas, MOST_RATIO)
  out[at++] = within(requested / maxReplicas, 1)
  out[at++] = within(scraped.errorRatio, 1)
  out[at++] = within(scraped.violationRatio, 1)
  out[at++] = within(scraped.loadRps / (maxReplicas * capacityPerReplica), MOST_RATIO)
  return at
}

/** NaN, and what is below, becomes 0. */
export function within(value: number, most: number): number {
  return value > 0 ? Math.min(value, most) : 0
}
