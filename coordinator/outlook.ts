/**
 * What the days to come ask of the budget: loads of simulated days → replicas by the learned capacity → cost, beside
 * the budget and each service's maxReplicas.
 *
 * Where all needs together cost more than the budget, the services that lose the fewest requests for a dollar stay
 * behind first: `weight · capacity / price` puts them in order, which is what the shadow price does (arbiters/) while
 * loss is in proportion to missing capacity. So services are added in that order, each finds what those before it
 * left over, and nothing but the sums over the fleet is kept.
 */
import type { ServiceSpec } from '../agents/service-spec.ts'
import { type OutlookModel, PARTS_A_DAY, simulateDays } from '../forecaster/outlook.ts'

/** Levels of every fan. */
export const OUTLOOK_LEVELS: readonly number[] = [0.05, 0.25, 0.5, 0.75, 0.95]
/** A raise is proposed that carries everything with this probability. */
export const CARRIED_WITH = 0.9

export interface OutlookService {
  readonly spec: Pick<ServiceSpec, 'minReplicas' | 'maxReplicas' | 'pricePerReplicaHour' | 'weight'>
  /** Learned: requests/s one replica carries within its SLO. */
  readonly capacityPerReplica: number
  readonly model: OutlookModel
  /** Days of the history that `model` was fitted to. */
  readonly historyDays: number
}

export interface OutlookPlan {
  readonly horizonDays: number
  readonly dayMs: number
  readonly costBudgetPerHour: number
  readonly paths: number
  /** A stream of chance for a path: the same one whenever the same path is asked for. */
  readonly randomOf: (path: number) => () => number
}

/** `fan[day][level]` at `OUTLOOK_LEVELS`. */
export type Fan = readonly (readonly number[])[]

/** A bound that may not hold, day by day. */
export interface BoundRisk {
  /** Probability that the need goes beyond it on that day. */
  readonly probability: readonly number[]
  /** The same, on that day or on one before it. */
  readonly probabilityBy: readonly number[]
  /** The bound that would hold over the whole horizon with probability `CARRIED_WITH`. */
  readonly wouldCarry: number
}

export interface ServiceOutlook {
  /** Requests/s in the busiest part of the day. */
  readonly peakLoad: Fan
  /** Replicas needed then, as if there were no maxReplicas. */
  readonly peakReplicas: Fan
  /** Within minReplicas and maxReplicas. */
  readonly replicaHours: Fan
  readonly cost: Fan
  readonly maxReplicas: BoundRisk
  /** Of not getting its need because the budget is spent on services that lose more. */
  readonly budget: BoundRisk
}

export interface FleetOutlook {
  /** $ a day. */
  readonly cost: Fan
  /** $/hour in the dearest part of the day. */
  readonly peakCostPerHour: Fan
  readonly budget: BoundRisk
}

export interface OutlookSums {
  readonly plan: OutlookPlan
  /** $/hour that is needed, `cost[(path · days + day) · PARTS_A_DAY + part]`. */
  readonly cost: Float64Array
}

/** Requests/s that a dollar saves: the larger, the longer a service is carried when money is short. */
export function valueOfService({ spec, capacityPerReplica }: OutlookService): number {
  return (spec.weight * capacityPerReplica) / spec.pricePerReplicaHour
}

/** `minimumCostPerHour`: of all services' minReplicas, which are paid for before anything else. */
export function openOutlook(plan: OutlookPlan, minimumCostPerHour: number): OutlookSums {
  const cells = plan.paths * plan.horizonDays * PARTS_A_DAY
  return { plan, cost: new Float64Array(cells).fill(minimumCostPerHour) }
}

/** Adds one service to the sums; services come by falling `valueOfService`. */
export function addService(sums: OutlookSums, service: OutlookService): ServiceOutlook {
  const { plan, cost } = sums
  const { horizonDays, paths, dayMs, costBudgetPerHour } = plan
  const { minReplicas, maxReplicas, pricePerReplicaHour } = service.spec
  const partHours = dayMs / PARTS_A_DAY / 3_600_000
  const loads = new Float64Array(horizonDays * PARTS_A_DAY)
  const table = () => new Float64Array(paths * horizonDays)
  const [peakLoad, peakReplicas, hours, unpaid] = [table(), table(), table(), table()]
  const needed = new Float64Array(paths)
  for (let path = 0; path < paths; path++) {
    simulateDays(service.model, service.historyDays, horizonDays, plan.randomOf(path), loads)
    for (let i = 0; i < loads.length; i++) {
      const load = loads[i]!
      const cell = path * horizonDays + Math.floor(i / PARTS_A_DAY)
      const need = Math.max(minReplicas, Math.ceil(load / service.capacityPerReplica - 1e-9))
      const granted = Math.min(need, maxReplicas)
      const at = path * loads.length + i
      cost[at]! += (granted - minReplicas) * pricePerReplicaHour
      if (granted > minReplicas) {
        needed[path] = Math.max(needed[path]!, cost[at]!)
        if (isMore(cost[at]!, costBudgetPerHour)) unpaid[cell] = 1
      }
      peakLoad[cell] = Math.max(peakLoad[cell]!, load)
      peakReplicas[cell] = Math.max(peakReplicas[cell]!, need)
      hours[cell]! += granted * partHours
    }
  }
  const replicaHours = fanOf(hours, plan)
  return {
    peakLoad: fanOf(peakLoad, plan),
    peakReplicas: fanOf(peakReplicas, plan),
    replicaHours,
    cost: replicaHours.map((day) => day.map((value) => value * pricePerReplicaHour)),
    maxReplicas: riskOf(
      peakReplicas.map((need) => (need > maxReplicas ? 1 : 0)),
      largestOfPaths(peakReplicas, plan),
      plan,
    ),
    budget: riskOf(unpaid, needed, plan),
  }
}

/** The whole fleet, once every service was added. */
export function closeOutlook({ plan, cost }: OutlookSums): FleetOutlook {
  const { paths, horizonDays, dayMs, costBudgetPerHour } = plan
  const partHours = dayMs / PARTS_A_DAY / 3_600_000
  const daily = new Float64Array(paths * horizonDays)
  const dearest = new Float64Array(paths * horizonDays)
  for (let i = 0; i < cost.length; i++) {
    const cell = Math.floor(i / PARTS_A_DAY)
    daily[cell]! += cost[i]! * partHours
    if (cost[i]! > dearest[cell]!) dearest[cell] = cost[i]!
  }
  return {
    cost: fanOf(daily, plan),
    peakCostPerHour: fanOf(dearest, plan),
    budget: riskOf(
      dearest.map((need) => (isMore(need, costBudgetPerHour) ? 1 : 0)),
      largestOfPaths(dearest, plan),
      plan,
    ),
  }
}

/** Sums of prices are off by rounding. */
const isMore = (cost: number, budget: number): boolean => cost > budget * (1 + 1e-9)

function riskOf(
  beyond: Float64Array,
  neededByPath: Float64Array,
  { paths, horizonDays }: OutlookPlan,
): BoundRisk {
  const on = new Array<number>(horizonDays).fill(0)
  const by = new Array<number>(horizonDays).fill(0)
  for (let path = 0; path < paths; path++) {
    let before = 0
    for (let day = 0; day < horizonDays; day++) {
      const isBeyond = beyond[path * horizonDays + day]!
      before = Math.max(before, isBeyond)
      on[day]! += isBeyond / paths
      by[day]! += before / paths
    }
  }
  return {
    probability: on.map(rounded),
    probabilityBy: by.map(rounded),
    wouldCarry: quantile(neededByPath.slice().sort(), CARRIED_WITH),
  }
}

const rounded = (probability: number): number => Math.round(probability * 1e6) / 1e6

function largestOfPaths(table: Float64Array, { paths, horizonDays }: OutlookPlan): Float64Array {
  return Float64Array.from({ length: paths }, (_, path) =>
    table.subarray(path * horizonDays, (path + 1) * horizonDays).reduce((a, b) => Math.max(a, b)),
  )
}

function fanOf(table: Float64Array, { paths, horizonDays }: OutlookPlan): number[][] {
  const column = new Float64Array(paths)
  return Array.from({ length: horizonDays }, (_, day) => {
    for (let path = 0; path < paths; path++) column[path] = table[path * horizonDays + day]!
    column.sort()
    return OUTLOOK_LEVELS.map((level) => quantile(column, level))
  })
}

/** Of sorted values: the one at its rank, for replicas are whole. */
function quantile(sorted: Float64Array, level: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(level * sorted.length))]!
}
