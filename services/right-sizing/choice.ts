/** A service with tiers to choose from, at one tick, and what each of them costs it. Pure. */

import { replicasBeside } from '../../coordinator/meta/replacement.ts'
import { rightSize, type Sizing, type SizingInput } from '../../coordinator/meta/right-size.ts'
import type { TierRow } from '../../coordinator/meta/tier-switch.ts'
import { offersFor, type TierOffer } from '../../coordinator/meta/tiers.ts'
import type { ServiceInput, TickInput } from '../../coordinator/tick-input.ts'
import { LEVELS } from '../../forecaster/forecast.ts'
import { PARTS_A_DAY } from '../../forecaster/outlook.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { AppConfig } from '../config.ts'

const HOUR_MS = 3_600_000

export interface Choice {
  readonly service: ServiceId
  readonly offers: readonly TierOffer[]
  /** Index of the tier that it runs on. */
  readonly current: number
  readonly input: ServiceInput
  /** Weighted requests/s outside the SLO that one more $/hour would avoid. */
  readonly shadowPrice: number
}

type Config = Pick<AppConfig, 'services' | 'tiers' | 'outlook' | 'rightSizing'>

/** Services that have a choice. */
export function choicesIn(
  { services }: TickInput,
  shadowPrice: number,
  config: Config,
  tierOf: (service: ServiceId) => string | undefined,
): Choice[] {
  return services.flatMap((input) => {
    const { service } = input.observation
    const declared = config.services[service]
    const offers = declared ? offersFor(declared, config.tiers) : []
    const current = offers.findIndex(({ name }) => name === tierOf(service))
    return offers.length > 1 && current >= 0
      ? [{ service, offers, current, input, shadowPrice }]
      : []
  })
}

export function sizingInput(
  { offers, current, input, shadowPrice }: Choice,
  { outlook, rightSizing }: Config,
  window: readonly Float64Array[],
): SizingInput {
  const { spec, observation } = input
  const { capacityPerReplica, saturationPerReplica } = observation
  return {
    ...{ spec, offers, current, capacityPerReplica, saturationPerReplica, window, shadowPrice },
    partHours: outlook.dayMs / PARTS_A_DAY / HOUR_MS,
    failuresPerReplicaDay: rightSizing.failuresPerReplicaDay,
  }
}

/** Tiers by what they would have cost at the load as it was, and will cost over the days ahead. */
export function rowsOf(choice: Choice, config: Config, sizing: Sizing | undefined): TierRow[] {
  const { offers, current, input } = choice
  const { loadRps, freshness } = input.observation
  const isKnown = freshness === 'fresh' && loadRps > 0
  const load = new Float64Array(LEVELS.length).fill(loadRps)
  const now = isKnown ? rightSize(sizingInput(choice, config, [load])) : undefined
  return offers.map(({ name }, tier) => ({
    tier: name,
    seenPerHour: now?.plans[tier]?.scorePerHour ?? Number.NaN,
    expectedPerHour: sizing?.plans[tier]?.scorePerHour ?? Number.NaN,
    switchCost: tier === current ? 0 : switchCost(choice, config, offers[tier]!),
  }))
}

/** $: both run until the new ones are ready, and what a roll-out risks. */
function switchCost({ offers, current, input }: Choice, config: Config, to: TierOffer): number {
  const { replicas, leadTimeMs } = input.observation
  const from = offers[current]!
  const beside = replicasBeside({ ...replicas, from, to })
  const overlapHours = Math.max(leadTimeMs, to.startupSeconds * 1000) / HOUR_MS
  const runningPerHour = Math.max(1, replicas.requested) * from.pricePerReplicaHour
  const risk = config.rightSizing.changeHours * runningPerHour
  return beside * to.pricePerReplicaHour * overlapHours + risk
}
