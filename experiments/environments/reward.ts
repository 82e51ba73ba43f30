/**
 * What an interval was worth: −(latency + cost + failures), each part with its weight.
 *
 *   latency  = requests answered later than the SLO allows  / requests of a usual interval
 *   failures = requests that got no good answer             / requests of a usual interval
 *   cost     = $ billed                                     / $ of carrying a usual interval
 *
 * A usual interval has the mean load of the service, carried by as many replicas as its declared capacity asks for.
 * Both scales are constants of the service. So the sum over an episode is the cost–violation pair that experiments
 * report, weighted: with the usual weights (20, 1, 40), 1 % late requests weigh as much as 20 % of the usual cost.
 * `spec.weight`, how much a service's violations count, multiplies latency and failures.
 */
import type { Measured } from '../simulator/plant.ts'
import type { RewardWeights } from './config.ts'
import type { Prepared, PreparedService } from './prepare.ts'

/** Already weighted, none of them negative; the reward is minus their sum. */
export interface RewardParts {
  readonly latency: number
  readonly cost: number
  readonly failures: number
}

const HOUR_MS = 3_600_000

/** `tickMs`: length of the interval that was measured. */
export function rewardParts(
  { spec, meanRps }: Pick<PreparedService, 'spec' | 'meanRps'>,
  weights: RewardWeights,
  measured: Pick<Measured, 'violations' | 'failures' | 'cost'>,
  tickMs: number,
): RewardParts {
  const usualRequests = (meanRps * tickMs) / 1000
  const usualReplicas = Math.max(1, meanRps / spec.capacityPerReplica)
  const usualCost = (usualReplicas * spec.pricePerReplicaHour * tickMs) / HOUR_MS
  const late = Math.max(0, measured.violations - measured.failures)
  return {
    latency: (weights.latency * spec.weight * late) / usualRequests,
    cost: (weights.cost * measured.cost) / usualCost,
    failures: (weights.failures * spec.weight * measured.failures) / usualRequests,
  }
}

export function rewardOf({ latency, cost, failures }: RewardParts): number {
  return -(latency + cost + failures)
}

/** Parts of service i of the last interval. */
export function partsOf(
  { config, services, tickMs }: Prepared,
  measured: readonly Measured[],
  i: number,
): RewardParts {
  return rewardParts(services[i]!, config.weights, measured[i]!, tickMs)
}
