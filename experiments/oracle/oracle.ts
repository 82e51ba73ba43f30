/**
 * The oracle: what would have been best, had all loads been known. Same start-up lag, bounds, ramp and budget as
 * everybody; one price of a violating request for all services, swept. It is told the future and says so.
 */
import { z } from 'zod'
import { emptyMemory, scaleDownLimit, scaleUpLimit } from '../../agents/hpa/normalize.ts'
import type { ServiceSpec } from '../../agents/service-spec.ts'
import { type ControllerKind, futureOf } from '../controllers/controller.ts'
import { firstReplicas, type Scenario, ticksOf } from '../simulator/scenario.ts'
import { bestWithinBudget } from './budget.ts'
import type { OracleService, Ramp } from './schedule.ts'
import { steadyViolations } from './steady-violations.ts'

const OracleParams = z.strictObject({
  price: z.number().min(0).default(1e-3).meta({ description: '$ a violating request.' }),
})
type OracleParams = z.infer<typeof OracleParams>

/** Three a decade. */
export const ORACLE_PRICES: readonly number[] = Array.from(
  { length: 22 },
  (_, k) => 10 ** (k / 3 - 7),
)

export const oracle: ControllerKind<OracleParams> = {
  kind: 'oracle',
  source: 'dynamic programming over the known future (experiments/oracle/schedule.ts)',
  params: OracleParams,
  sweep: () => ORACLE_PRICES.toReversed().map((price) => ({ price })),
  seesFuture: () => true,
  create(known, { price }) {
    const scenario = futureOf(known)
    const { schedules } = bestWithinBudget(oracleServices(scenario), price, {
      costBudgetPerHour: scenario.costBudgetPerHour,
      hoursATick: scenario.tickMs / 3_600_000,
    })
    const last = ticksOf(scenario) - 1
    return {
      decide(atMs) {
        const tick = Math.round((atMs - scenario.startMs) / scenario.tickMs)
        return schedules.map(({ requested }) => requested[Math.min(tick, last)]!)
      },
    }
  },
}

/** The scenario as the oracle's dynamic program sees it, each service under its own bounds and those of the budget. */
export function oracleServices(scenario: Scenario): OracleService[] {
  const { services, tickMs, costBudgetPerHour } = scenario
  const ticks = ticksOf(scenario)
  const leastCost = services.reduce(
    (sum, { spec }) => sum + spec.minReplicas * spec.pricePerReplicaHour,
    0,
  )
  return services.map((service, i) => {
    const { minReplicas, maxReplicas, pricePerReplicaHour, startupSeconds } = service.spec
    const left = costBudgetPerHour - leastCost + minReplicas * pricePerReplicaHour
    const affordable = Math.floor(left / pricePerReplicaHour + 1e-9)
    const most = Math.max(minReplicas, Math.min(maxReplicas, affordable))
    return {
      ticks,
      least: minReplicas,
      most,
      initial: Math.min(firstReplicas(service), most),
      startTicks: (startupSeconds * 1000) / tickMs,
      replicaCost: (pricePerReplicaHour * tickMs) / 3_600_000,
      // what draining costs hangs on what was being served: left out, in the oracle's favour
      stopCost: 0,
      ramp: rampOf(service.spec, tickMs),
      violations: steadyViolations(scenario, i),
    }
  })
}

/** The scaling rules over one tick, as often as their shortest period fits in: what most controllers could do at most. */
function rampOf({ behavior }: ServiceSpec, tickMs: number): Ramp {
  const times = ({ policies }: ServiceSpec['behavior']['scaleUp']) =>
    Math.max(...policies.map((p) => Math.max(1, Math.ceil(tickMs / 1000 / p.periodSeconds))))
  const repeat = (n: number, limit: (replicas: number) => number) => (replicas: number) => {
    let reached = replicas
    for (let k = 0; k < n; k++) reached = limit(reached)
    return reached
  }
  return {
    up: repeat(times(behavior.scaleUp), (n) => scaleUpLimit(n, emptyMemory, behavior, 0)),
    down: repeat(times(behavior.scaleDown), (n) => scaleDownLimit(n, emptyMemory, behavior, 0)),
  }
}
