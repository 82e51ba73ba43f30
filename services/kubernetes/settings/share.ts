/**
 * A budget of some namespaces, made into maxima: so many replicas that all of them together, at their most, cost no more.
 * The money of one service does not go to another by the hour as it does under the budget of the whole cluster; in return no
 * hour can pass it, whatever is decided.
 */
import type { ServiceSpec } from '../../../agents/service-spec.ts'
import type { ServiceId } from '../../../forecaster/series.ts'

export interface Shared {
  readonly specs: ReadonlyMap<ServiceId, ServiceSpec>
  /** Those whose maximum is lower than it was. */
  readonly bound: ReadonlySet<ServiceId>
  /** Whether even one replica of each costs more: less than one cannot be said. */
  readonly infeasible: boolean
}

/**
 * Maxima in proportion to what was asked for, rounded down, none below its minimum while the minima can be paid; what
 * rounding leaves goes by weight, then by name. `costPerHour` in $.
 */
export function shareOut(specs: ReadonlyMap<ServiceId, ServiceSpec>, costPerHour: number): Shared {
  const services = [...specs].sort(
    ([a, one], [b, other]) => other.weight - one.weight || (a < b ? -1 : 1),
  )
  const asked = new Map(services.map(([service, spec]) => [service, spec.maxReplicas]))
  if (costOf(specs, asked) <= costPerHour) return { specs, bound: new Set(), infeasible: false }
  const least = atMost(services, (spec) => Math.max(1, spec.minReplicas))
  const floor =
    costOf(specs, least) <= costPerHour
      ? least
      : scaled(
          specs,
          atMost(services, () => 1),
          least,
          costPerHour,
        )
  const most = scaled(specs, floor, asked, costPerHour)
  for (const [service, spec] of services) {
    const left = costPerHour - costOf(specs, most)
    const more = Math.min(
      spec.maxReplicas - most.get(service)!,
      Math.max(0, Math.floor(left / spec.pricePerReplicaHour)),
    )
    most.set(service, most.get(service)! + more)
    if (costOf(specs, most) > costPerHour && more > 0) most.set(service, most.get(service)! - 1)
  }
  const next = new Map<ServiceId, ServiceSpec>()
  const bound = new Set<ServiceId>()
  for (const [service, spec] of specs) {
    const maxReplicas = most.get(service)!
    if (maxReplicas < spec.maxReplicas) bound.add(service)
    const minReplicas = Math.min(spec.minReplicas, maxReplicas)
    next.set(service, { ...spec, minReplicas, maxReplicas })
  }
  return { specs: next, bound, infeasible: costOf(specs, most) > costPerHour }
}

type Counts = Map<ServiceId, number>

function atMost(
  services: readonly (readonly [ServiceId, ServiceSpec])[],
  countOf: (spec: ServiceSpec) => number,
): Counts {
  return new Map(services.map(([service, spec]) => [service, countOf(spec)]))
}

function costOf(specs: ReadonlyMap<ServiceId, ServiceSpec>, counts: Counts): number {
  let cost = 0
  for (const [service, spec] of specs) cost += counts.get(service)! * spec.pricePerReplicaHour
  return cost
}

/** Between `low` and `high` the greatest counts in one proportion that cost no more; `low` where even that costs more. */
function scaled(
  specs: ReadonlyMap<ServiceId, ServiceSpec>,
  low: Counts,
  high: Counts,
  costPerHour: number,
): Counts {
  const at = (share: number): Counts =>
    new Map(
      [...low].map(([service, n]) => [
        service,
        n + Math.floor(share * Math.max(0, high.get(service)! - n)),
      ]),
    )
  let from = 0
  let to = 1
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (from + to) / 2
    if (costOf(specs, at(middle)) <= costPerHour) from = middle
    else to = middle
  }
  return at(from)
}
/** Of a count of at most 10,000: far finer than one replica. */
const BISECTIONS = 40
