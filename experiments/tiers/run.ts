/**
 * A service over weeks on one tier, or on whichever the right-sizing rule puts it: what it costs and how much of its load is
 * violated. Forecasts are the load to come with an honest error, the same for all arms, so that what differs is the size alone.
 * Violations by the agents' own curve (agents/loss.ts), of what is ready: a start takes the tier's start-up time, and while a
 * change is under way both tiers are paid for.
 */
import { expectedLoad, lossOfLoad, replicasWithin, violationCurve } from '../../agents/loss.ts'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { replicasBeside } from '../../coordinator/meta/replacement.ts'
import { rightSize } from '../../coordinator/meta/right-size.ts'
import {
  dueTier,
  followRegret,
  openStanding,
  type TierRow,
} from '../../coordinator/meta/tier-switch.ts'
import { offersFor, type TierCatalogue, type TierOffer } from '../../coordinator/meta/tiers.ts'
import { hashUnit } from '../../datasets/random.ts'
import { LEVELS } from '../../forecaster/forecast.ts'
import { normalQuantile } from '../../forecaster/normal-quantile.ts'
import { PARTS_A_DAY } from '../../forecaster/outlook.ts'
import { partsOf } from '../../services/outlook/days.ts'
import { RightSizingConfig } from '../../services/right-sizing/config.ts'
import { windowOf } from '../../services/right-sizing/window.ts'

const DAY_MINUTES = 24 * 60
/** Saturation ÷ capacity. */
const KNEE = 1.25
/** Standard deviation ÷ mean of the forecasts' error. */
const ERROR_CV = 0.15
const HOLD_MINUTES = 30
const Z = Float64Array.from(LEVELS, normalQuantile)

export interface TierWorld {
  readonly name: string
  readonly seed: number
  readonly catalogue: TierCatalogue
  readonly capacityPerReplica: number
  readonly objective: number
  readonly tickMinutes: number
  readonly historyDays: number
  /** Requests/s by tick, history first. */
  readonly load: Float64Array
}

export interface TierFigures {
  /** $ and violating requests of each day after the history. */
  readonly cost: readonly number[]
  readonly violations: readonly number[]
  readonly requests: readonly number[]
  readonly changes: number
  /** Tier at the end. */
  readonly tier: string
}

/** `tier`: begins there; `isFixed`: stays there. */
export function runTiers(world: TierWorld, tier: string, isFixed: boolean): TierFigures {
  const { load, tickMinutes, historyDays, objective } = world
  const ticksADay = DAY_MINUTES / tickMinutes
  const seconds = tickMinutes * 60
  const sizer = createSizer(world, tier)
  const figures = { cost: [] as number[], violations: [] as number[], requests: [] as number[] }
  let held = { count: 1, tick: 0 }
  let was = 1
  for (let tick = historyDays * ticksADay; tick < load.length; tick++) {
    const day = Math.floor(tick / ticksADay) - historyDays
    for (const list of Object.values(figures)) list[day] ??= 0
    const rps = load[tick]!
    const isHour = tick % (ticksADay / PARTS_A_DAY) === 0
    const change = !isFixed && isHour ? sizer.decide(tick, held.count) : undefined
    if (change) {
      held = { count: change.replicas, tick }
      was = change.replicas
    }
    const offer = sizer.offer()
    const count = countFor(world, offer, tick)
    // a wish is held for a while, as the agents hold one
    if (count >= held.count || tick - held.tick > HOLD_MINUTES / tickMinutes) held = { count, tick }
    const late = Math.min(1, offer.startupSeconds / seconds)
    const capacity = offer.capacityPerReplica
    const curve = violationCurve(capacity, KNEE * capacity, objective)
    const ready = Math.min(was, held.count)
    const lost =
      late * lossOfLoad(curve, rps, ready) + (1 - late) * lossOfLoad(curve, rps, held.count)
    const running = (held.count * offer.pricePerReplicaHour * seconds) / 3600
    figures.cost[day]! += running + (change?.overlapCost ?? 0)
    figures.violations[day]! += lost * seconds
    figures.requests[day]! += rps * seconds
    was = held.count
  }
  return { ...figures, changes: sizer.changes(), tier: sizer.offer().name }
}

/** The right-sizing rule of one service, an hour at a time. */
function createSizer(world: TierWorld, tier: string) {
  const { load, objective, capacityPerReplica, tickMinutes } = world
  const names = Object.keys(world.catalogue)
  const spec = ServiceSpec.parse({
    ...{ minReplicas: 1, maxReplicas: 2000, tier: 'small', slo: { objective }, capacityPerReplica },
    tiers: Object.fromEntries(names.map((name) => [name, {}])),
  })
  const offers = offersFor(spec, world.catalogue)
  const { trust, margin, windowDays, ...rates } = RightSizingConfig.parse({})
  let current = names.indexOf(tier)
  let standing = openStanding(tier, 0)
  let expected: readonly number[] = []
  let changes = 0
  const sized = (window: readonly Float64Array[]) => {
    const capacity = offers[current]!.capacityPerReplica
    return rightSize({
      ...{ spec, offers, current, window, partHours: 1, shadowPrice: 0 },
      ...{ capacityPerReplica: capacity, saturationPerReplica: capacity * KNEE },
      failuresPerReplicaDay: rates.failuresPerReplicaDay,
    })!.plans.map(({ scorePerHour }) => scorePerHour)
  }
  return {
    offer: () => offers[current]!,
    changes: () => changes,
    /** What is changed to, with how many replicas, and $ of the time in which both run. */
    decide(tick: number, count: number) {
      const isNewDay = (tick * tickMinutes) % DAY_MINUTES === 0
      if (isNewDay || expected.length === 0) expected = sized(windowAt(world, tick, windowDays))
      const seen = sized([new Float64Array(LEVELS.length).fill(load[tick]!)])
      const from = offers[current]!
      const beside = (to: TierOffer) => replicasBeside({ from, to, requested: count, ready: count })
      const overlapCost = (to: TierOffer) =>
        (beside(to) * to.pricePerReplicaHour * to.startupSeconds) / 3600
      const risk = rates.changeHours * Math.max(1, count) * from.pricePerReplicaHour
      const rows = offers.map(
        (to, i): TierRow => ({
          ...{ tier: to.name, seenPerHour: seen[i]!, expectedPerHour: expected[i]! },
          switchCost: i === current ? 0 : overlapCost(to) + risk,
        }),
      )
      standing = followRegret(standing, rows, 1)
      const due = dueTier(standing, rows, { trust, margin, windowHours: windowDays * 24 })
      if (due === undefined) return undefined
      current = names.indexOf(due)
      standing = openStanding(due, tick)
      changes++
      const to = offers[current]!
      return { replicas: beside(to), overlapCost: overlapCost(to) }
    },
  }
}

/** The agent's count: enough that the forecast's expected violations stay within the error budget. */
function countFor(
  { load, objective, name, seed }: TierWorld,
  { capacityPerReplica, minReplicas, maxReplicas }: TierOffer,
  tick: number,
): number {
  const next = Math.max(load[tick]!, load[tick + 1] ?? load[tick]!)
  const u = hashUnit('tiers-forecast', seed, name, tick)
  const centre = next * (1 + ERROR_CV * normalQuantile(Math.min(0.999, Math.max(0.001, u))))
  const demand = Z.map((z) => Math.max(0, centre * (1 + ERROR_CV * z)))
  const curve = violationCurve(capacityPerReplica, KNEE * capacityPerReplica, objective)
  const reactive = Math.ceil(expectedLoad(demand) / capacityPerReplica - 1e-9)
  const wanted = Math.max(reactive, replicasWithin(curve, demand, objective, maxReplicas))
  return Math.min(Math.max(wanted, minReplicas), maxReplicas)
}

/** Hours ahead as quantiles, from the days that were. */
function windowAt(
  { load, tickMinutes, historyDays, seed }: TierWorld,
  tick: number,
  windowDays: number,
): readonly Float64Array[] {
  const ticksADay = DAY_MINUTES / tickMinutes
  const last = Math.floor(tick / ticksADay)
  const days = Array.from({ length: historyDays }, (_, d) => {
    const from = (last - historyDays + d) * ticksADay
    return partsOf(load.subarray(from, from + ticksADay))
  })
  return windowOf({ days, windowDays, weekDays: 7, seed }).parts
}
