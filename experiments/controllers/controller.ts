/**
 * What decides in a simulation: Forescale's own tick, a baseline, the oracle. It sees what was scraped, never the plant
 * and never the future (the oracle alone is made from the scenario's load, and says so).
 */
import type { z } from 'zod'
import type { ReplicaCounts } from '../../agents/observation.ts'
import type { Scenario } from '../simulator/scenario.ts'

/** One service as a controller sees it at a tick: of the newest interval that was scraped; NaN where nothing was. */
export interface Scraped {
  /** End of the interval that the figures are of. */
  readonly measuredAtMs: number
  readonly loadRps: number
  /** Busy places ÷ places of ready replicas, 0 to 1. */
  readonly utilization: number
  readonly queued: number
  readonly inService: number
  /** Share of the requests outside the SLO, and of those that failed. */
  readonly violationRatio: number
  readonly errorRatio: number
  readonly latencyMeanSeconds: number
  readonly latencyP95Seconds: number
  /** As the orchestrator says, without delay. */
  readonly replicas: ReplicaCounts
}

/** A forecast of one service's load, as quantiles, requests/s. */
export interface Foreseen {
  /** Within the step that is meant. */
  readonly forMs: number
  readonly low: number
  readonly median: number
  readonly high: number
}

export interface Controller {
  /** Replica counts to ask for from `atMs` on, one a service in the scenario's order; inside its spec's bounds. */
  decide(atMs: number, scraped: readonly Scraped[]): ArrayLike<number>
  /** Of the last decision: how much risk the last unit of budget bought back; absent where a controller knows no price. */
  shadowPrice?(): number
  /**
   * What the last decision foresaw of service i's load for the time when what it asked for would be ready: the quantiles
   * 0.05, 0.5 and 0.95. Undefined where there was no forecast; absent where a controller makes none.
   */
  foreseen?(service: number): Foreseen | undefined
}

/** A scenario without its future. */
export interface Known extends Omit<Scenario, 'services'> {
  readonly services: readonly Omit<Scenario['services'][number], 'load'>[]
}

/** A kind of controller, made anew for each run. `params` were read by its own schema. */
export interface ControllerKind<Params> {
  readonly kind: string
  /** Paper or documentation and version that it is faithful to. */
  readonly source: string
  readonly params: { parse(value: unknown): Params }
  /** What `params` reads, for documents; absent: `params` itself is the schema. */
  readonly schema?: z.ZodType
  /** Parameter sets of its frontier, from cautious to thrifty. */
  sweep(): readonly Params[]
  /** True of params with which it is told the future (the oracle, a perfect forecast); reports say so. Absent: never. */
  readonly seesFuture?: (params: Params) => boolean
  /** `known` is a whole scenario, and only then, where `seesFuture(params)`: see `knownTo`. */
  create(known: Known, params: Params, random: () => number): Controller
}

/** What a controller may see of a scenario. */
export function knownTo<Params>(
  { seesFuture }: Pick<ControllerKind<Params>, 'seesFuture'>,
  params: Params,
  scenario: Scenario,
): Known {
  if (seesFuture?.(params)) return scenario
  return { ...scenario, services: scenario.services.map(({ load: _, ...service }) => service) }
}

/** The whole scenario, for a kind that said it is told the future. Throws where it is not. */
export function futureOf(known: Known): Scenario {
  const services = known.services.map((service) => {
    if (!('load' in service && service.load instanceof Float64Array))
      throw new Error(
        `load of service ${service.name} is absent: its controller is not told the future`,
      )
    return { ...service, load: service.load }
  })
  return { ...known, services }
}
