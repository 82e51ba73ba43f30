/** Changes nothing: remembers what it was told and shows it as if it were so. */
import type { ServiceId } from '../../forecaster/series.ts'
import type { Actuator, ObservedReplicas, ScaleOrder } from './actuator.ts'

/** `initial` names the services that there are, with the replicas each is taken to have. */
export function createDryRun(initial: ReadonlyMap<ServiceId, number>): Actuator {
  const observedByService = new Map<ServiceId, ObservedReplicas>()
  for (const [service, replicas] of initial)
    observedByService.set(service, asIfThere(replicas, undefined))
  return {
    async observe() {
      return new Map(observedByService)
    },
    async apply(orders) {
      return orders.map(({ decisionId, service, to }: ScaleOrder) => {
        if (!observedByService.has(service)) {
          return {
            decisionId,
            service,
            outcome: 'failed',
            detail: `service "${service}" is not known`,
          }
        }
        observedByService.set(service, asIfThere(to, decisionId))
        return { decisionId, service, outcome: 'applied' }
      })
    },
    async close() {},
  }
}

export function asIfThere(replicas: number, lastDecisionId: string | undefined): ObservedReplicas {
  return {
    requested: replicas,
    ready: replicas,
    starting: 0,
    terminating: 0,
    recentStartupsMs: [],
    lastDecisionId,
  }
}
