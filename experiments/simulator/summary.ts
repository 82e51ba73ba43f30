/** A run's figures: always a cost–violation pair, never one without the other. */
import type { RunRecord } from './run.ts'
import type { Scenario } from './scenario.ts'

export interface Summary {
  readonly hours: number
  readonly requests: number
  readonly violations: number
  /** Violations ÷ requests; 0 without requests. */
  readonly violationRatio: number
  readonly failures: number
  readonly cost: number
  readonly costPerHour: number
  readonly replicaHours: number
  /** Minutes of intervals in which more requests violated than the SLO's objective allows. */
  readonly shortageMinutes: number
  /** Changes of the count asked for. */
  readonly scalingEvents: number
}

export interface RunSummary {
  readonly total: Summary
  readonly services: Readonly<Record<string, Summary>>
}

/** Of ticks `from` to `to` (default: all); a block bootstrap asks for blocks. */
export function summarize(
  record: RunRecord,
  { services }: Pick<Scenario, 'services'>,
  from = 0,
  to = Number.POSITIVE_INFINITY,
): RunSummary {
  const each: Summary[] = record.columns.map((columns, i) => {
    const { objective } = services[i]!.spec.slo
    const end = Math.min(to, columns.arrivals.length)
    const minutes = record.tickMs / 60_000
    let requests = 0
    let violations = 0
    let failures = 0
    let cost = 0
    let replicaSeconds = 0
    let shortageMinutes = 0
    let scalingEvents = 0
    for (let tick = from; tick < end; tick++) {
      requests += columns.arrivals[tick]!
      violations += columns.violations[tick]!
      failures += columns.failures[tick]!
      cost += columns.cost[tick]!
      replicaSeconds += columns.replicaSeconds[tick]!
      if (columns.violations[tick]! > (1 - objective) * columns.arrivals[tick]!)
        shortageMinutes += minutes
      if (tick > 0 && columns.requested[tick] !== columns.requested[tick - 1]) scalingEvents++
    }
    const hours = ((end - from) * record.tickMs) / 3_600_000
    return finish({
      hours,
      requests,
      violations,
      failures,
      cost,
      replicaHours: replicaSeconds / 3600,
      shortageMinutes,
      scalingEvents,
    })
  })
  return {
    total: finish(each.reduce<Sums>(add, { ...ZERO, hours: each[0]?.hours ?? 0 })),
    services: Object.fromEntries(record.services.map((name, i) => [name, each[i]!])),
  }
}

type Sums = Omit<Summary, 'violationRatio' | 'costPerHour'>

const ZERO: Sums = {
  hours: 0,
  requests: 0,
  violations: 0,
  failures: 0,
  cost: 0,
  replicaHours: 0,
  shortageMinutes: 0,
  scalingEvents: 0,
}

const add = (a: Sums, b: Sums): Sums => ({
  hours: a.hours,
  requests: a.requests + b.requests,
  violations: a.violations + b.violations,
  failures: a.failures + b.failures,
  cost: a.cost + b.cost,
  replicaHours: a.replicaHours + b.replicaHours,
  shortageMinutes: a.shortageMinutes + b.shortageMinutes,
  scalingEvents: a.scalingEvents + b.scalingEvents,
})

function finish(sums: Sums): Summary {
  const { requests, violations, cost, hours } = sums
  return {
    ...sums,
    violationRatio: requests > 0 ? violations / requests : 0,
    costPerHour: hours > 0 ? cost / hours : 0,
  }
}
