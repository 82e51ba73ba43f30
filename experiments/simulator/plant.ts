/**
 * The simulated cluster (control theory's plant): replica counts in, what was measured out. Two of them keep to this
 * contract and to one conformance suite: `requests/` simulates every request, `fluid/` flows.
 */
import type { ReplicaCounts } from '../../agents/observation.ts'
import type { Scenario } from './scenario.ts'

/**
 * What happened to one service within one interval between two decisions.
 *
 * A violation is counted as soon as it is certain: when a request fails, is answered too late, or has gone unanswered for
 * longer than the SLO allows. So at the end of an interval every arrival older than the SLO's latency is judged, and the
 * younger ones are carried into the next interval's figures. Nothing is counted twice: summed over a run that ends at rest,
 * violations and failures are those of its arrivals; in one interval they may be more than its own arrivals.
 */
export interface Measured {
  /** Requests that came, from outside and from callers; retries count as one with their first try. */
  readonly arrivals: number
  /** Not answered within the SLO's latency: late, refused, timed out, failed. */
  readonly violations: number
  /** Violations that got no good answer at all, all retries included; counted when that is known. */
  readonly failures: number
  /** Waiting and being served at its end. */
  readonly queued: number
  readonly inService: number
  /** At its end. */
  readonly replicas: ReplicaCounts
  /** Time-weighted mean of busy places ÷ places of ready replicas, 0 to 1; NaN without a ready replica. */
  readonly utilization: number
  /** Of the requests answered well in it, from their arrival, retries included, seconds; NaN when none was. */
  readonly latencyMeanSeconds: number
  readonly latencyP95Seconds: number
  /** Replica-seconds that are paid for: starting, ready and terminating. */
  readonly replicaSeconds: number
  /** $ of those, or, where nodes are simulated, of this service's share of the nodes. */
  readonly cost: number
}

export interface Plant {
  /** Before the first interval, and after each. */
  replicas(): readonly ReplicaCounts[]
  /**
   * One interval of `scenario.tickMs`: `requested[i]` replicas are asked of service i at its beginning. One `Measured` a
   * service, in the scenario's order.
   */
  advance(requested: ArrayLike<number>): readonly Measured[]
}

export interface PlantOptions {
  /** Ready at the start; the least that carry the first load at the target utilization when not given. */
  readonly initial?: ArrayLike<number>
  /** A stream of chance in [0, 1) of its own for each name. */
  readonly random: (name: string) => () => number
  /**
   * When requests from outside arrive, ms since the start of the run, ascending, a list a service: a recorded or replayed
   * load, arrival by arrival. Drawn from `load` when absent; `requests/` alone knows single requests.
   */
  readonly arrivals?: readonly ArrayLike<number>[]
  /** Told of each request from outside when it is over; by `requests/` alone. */
  readonly onOver?: (over: Over) => void
}

/** One request from outside, and what became of it. */
export interface Over {
  /** Index in the scenario's order. */
  readonly service: number
  /** Ms since the start of the run. */
  readonly arrivedAtMs: number
  /** From its arrival to its last answer, retries included. */
  readonly seconds: number
  readonly isGood: boolean
}

export type CreatePlant = (scenario: Scenario, options: PlantOptions) => Plant
