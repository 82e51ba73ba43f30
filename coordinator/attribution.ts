/**
 * Which inputs moved a service's count from one tick to a later one, in replicas that sum to the difference.
 *
 * What the service would have had alone, with money no matter, is a function of its own inputs: their Shapley values
 * (forecaster/shapley.ts), a group that is not told having its values of the earlier tick, with every coalition decided by
 * the real tick. What is left of the difference is money: the budget and what the other services asked of it.
 */
import type { Observation } from '../agents/observation.ts'
import { LEVELS } from '../forecaster/forecast.ts'
import { rowByRow, shapleyValues } from '../forecaster/shapley.ts'
import { OWN_PARTS, type OwnPart } from './attribution-parts.ts'
import { decideTick } from './tick.ts'
import type { ServiceInput } from './tick-input.ts'

/** A service at one tick, and the count that was decided for it. */
export interface Moment {
  readonly input: ServiceInput
  readonly tick: number
  readonly atMs: number
  readonly to: number
}

export interface Attribution {
  /** Of the earlier tick. */
  readonly from: number
  readonly to: number
  /** Replicas, one a part in the order of PARTS (attribution-parts.ts); they sum to `to` − `from`. */
  readonly replicas: Float64Array
}

export function attribute(then: Moment, now: Moment): Attribution {
  const groups = OWN_PARTS.map((name, i) => ({ name, features: [i] }))
  const isNow = new Float64Array(groups.length).fill(1)
  const isThen = new Float64Array(groups.length)
  const alone = rowByRow((told) => aloneOf(then, now, told))
  const own = shapleyValues(alone, isNow, [isThen], groups, { mostExact: groups.length })
  const money = now.to - own.output - (then.to - own.expected)
  return { from: then.to, to: now.to, replicas: Float64Array.of(...own.values, money) }
}

/** The count without other services and with all the money there is. */
function aloneOf(then: Moment, now: Moment, told: Float64Array): number {
  const { tick, atMs } = now
  const services = [mixed(then.input, now.input, (part) => told[OWN_PARTS.indexOf(part)] === 1)]
  const costBudgetPerHour = Number.POSITIVE_INFINITY
  return decideTick({ tick, atMs, costBudgetPerHour, services }).grants[0]!.to
}

function mixed(
  then: ServiceInput,
  now: ServiceInput,
  isNow: (part: OwnPart) => boolean,
): ServiceInput {
  const of = (part: OwnPart) => (isNow(part) ? now : then)
  const settings = of('settings')
  const running = of('running')
  const load = of('load').observation
  const capacity = of('capacity').observation
  return {
    spec: settings.spec,
    mode: settings.mode,
    actor: settings.actor,
    memory: running.memory,
    observation: {
      service: now.observation.service,
      nowMs: running.observation.nowMs,
      replicas: running.observation.replicas,
      leadTimeMs: running.observation.leadTimeMs,
      loadRps: load.loadRps,
      freshness: load.freshness,
      capacityPerReplica: capacity.capacityPerReplica,
      saturationPerReplica: capacity.saturationPerReplica,
      drifting: of('alarm').observation.drifting,
      demand: demandOf(of('forecast').observation, of('spread').observation),
    },
  }
}

const MEDIAN = LEVELS.indexOf(0.5)

/** One's middle with the other's spread about it, in proportion; a forecast that has no middle or is not there comes whole. */
function demandOf(middle: Observation, spread: Observation): Observation['demand'] {
  const median = middle.demand?.[MEDIAN] ?? 0
  const other = spread.demand?.[MEDIAN] ?? 0
  if (middle === spread || !spread.demand || median <= 0 || other <= 0) return middle.demand
  return spread.demand.map((quantile) => (quantile / other) * median)
}
