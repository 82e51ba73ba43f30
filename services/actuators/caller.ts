/**
 * The caller of POST /v1/ticks is the actuator: it reads the decisions, carries them out by its own means, and reports
 * the replica counts that it sees. Until it reports again, what it was told counts as carried out.
 */
import type { ServiceId } from '../../forecaster/series.ts'
import type { ObservedReplicas, ReportedActuator } from './actuator.ts'
import { asIfThere } from './dry-run.ts'

/** Services that were never reported have `initial` replicas. */
export function createCaller(initial: ReadonlyMap<ServiceId, number>): ReportedActuator {
  const observedByService = new Map<ServiceId, ObservedReplicas>()
  for (const [service, replicas] of initial)
    observedByService.set(service, asIfThere(replicas, undefined))
  return {
    report(countsByService) {
      for (const [service, counts] of countsByService) {
        const { requested, ready, starting, terminating } = counts
        const lastDecisionId = observedByService.get(service)?.lastDecisionId
        observedByService.set(service, {
          ...asIfThere(ready, lastDecisionId),
          requested,
          starting,
          terminating,
        })
      }
    },
    async observe() {
      return new Map(observedByService)
    },
    async apply(orders) {
      return orders.map(({ decisionId, service, to }) => {
        if (!observedByService.has(service)) {
          return {
            decisionId,
            service,
            outcome: 'failed',
            detail: `service "${service}" was never reported`,
          }
        }
        observedByService.set(service, asIfThere(to, decisionId))
        return { decisionId, service, outcome: 'applied' }
      })
    },
    async close() {},
  }
}
