/**
 * What a learned policy sees of an observation: numbers of the order of one that mean the same for a service of two
 * replicas and for one of two thousand, so that one policy serves many services. Loads stand beside the learned capacity
 * and beside one another as logarithms of ratios; nothing has a unit.
 *
 * A document names the features that it was trained on (document.ts). Their meaning never changes under a name: a better
 * one is a new name at the end.
 */
import { LEVELS } from '../../../forecaster/forecast.ts'
import type { Observation } from '../../observation.ts'
import type { ServiceSpec } from '../../service-spec.ts'

/** No feature is further from 0: what is far outside of what was trained on moves a network no more than its edge. */
export const FEATURE_LIMIT = 4
/** Loads below this share of a replica's capacity are as good as none: logarithms begin there. */
const NEXT_TO_NOTHING = 0.1
const MINUTE_MS = 60_000

interface Seen {
  readonly spec: ServiceSpec
  readonly observation: Observation
  /** In replicas at capacity. */
  readonly load: number
  readonly demand: (level: number) => number
}

/** Logarithm of a ratio of two amounts in replicas. */
const apart = (above: number, below: number): number =>
  Math.log((above + NEXT_TO_NOTHING) / (below + NEXT_TO_NOTHING))

const FEATURES = {
  /** How many replicas the middle of the demand fills. */
  size: ({ demand }) => Math.log2(1 + demand(0.5)) / 4,
  /** Load now beside what is ready to carry it. */
  pressure: ({ load, observation: { replicas } }) => apart(load, replicas.ready),
  /** Where the load is going within the lead time. */
  trend: ({ load, demand }) => apart(demand(0.5), load),
  /** How unsure the forecast is: upwards, far up, and downwards. */
  doubt: ({ demand }) => apart(demand(0.9), demand(0.5)),
  tail: ({ demand }) => apart(demand(0.99), demand(0.9)),
  depth: ({ demand }) => apart(demand(0.5), demand(0.1)),
  /** Largest demand beside what was asked for: whether it has to be started or is there. */
  reach: ({ demand, observation: { replicas } }) => apart(demand(0.99), replicas.requested),
  /** Under way up and down, shares of what was asked for. */
  starting: ({ observation: { replicas } }) => replicas.starting / (replicas.requested + 1),
  terminating: ({ observation: { replicas } }) => replicas.terminating / (replicas.requested + 1),
  /** From good to bad: how suddenly a replica saturates. */
  knee: ({ observation: { saturationPerReplica, capacityPerReplica } }) =>
    Math.log(saturationPerReplica / capacityPerReplica),
  /** Nines of the objective, two of them in the middle. */
  nines: ({ spec }) => -Math.log10(1 - spec.slo.objective) - 2,
  /** Lead time beside a minute. */
  lead: ({ observation }) => Math.log2((observation.leadTimeMs + 1000) / MINUTE_MS) / 4,
  /** What the reactive floor keeps free by itself. */
  headroom: ({ spec }) => 1 - spec.targetUtilization,
  drifting: ({ observation }) => (observation.drifting ? 1 : 0),
  late: ({ observation }) => (observation.freshness === 'fresh' ? 0 : 1),
} as const satisfies Record<string, (seen: Seen) => number>

export type FeatureName = keyof typeof FEATURES
export const FEATURE_NAMES = Object.keys(FEATURES) as readonly FeatureName[]

const PLACE_OF_LEVEL = new Map(LEVELS.map((level, i) => [level, i]))

/**
 * Values of `names` at `offset` of `into`, each finite and from −FEATURE_LIMIT to FEATURE_LIMIT. The observation must
 * have a demand and a load: without them there is nothing that a policy could change.
 */
export function writeLearnedFeatures(
  names: readonly FeatureName[],
  spec: ServiceSpec,
  observation: Observation & { readonly demand: Float64Array },
  into: Float32Array,
  offset = 0,
): void {
  const { capacityPerReplica, loadRps } = observation
  const seen: Seen = {
    spec,
    observation,
    load: loadRps / capacityPerReplica,
    demand: (level) => observation.demand[PLACE_OF_LEVEL.get(level)!]! / capacityPerReplica,
  }
  for (let i = 0; i < names.length; i++) {
    const value = FEATURES[names[i]!](seen)
    into[offset + i] = Math.min(Math.max(value, -FEATURE_LIMIT), FEATURE_LIMIT)
  }
}
