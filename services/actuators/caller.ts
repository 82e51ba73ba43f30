/**
 * The caller of POST /v1/ticks is the actuator: it reads the decisions, carries them out by its own means, and reports
 * the replica counts that it sees. Until it reports again, what it was told counts as carried out.
 */
import type { ServiceId } from '../../forecaster/series.ts'
import type { ObservedReplicas, ReportedActuator, ResizingActuator } from './actuator.ts'
import { asIfThere } from './dry-run.ts'

/** Services that were never reported have `initial` replicas. */
export function createCaller(
  initial: ReadonlyMap<ServiceId, number>,
): ReportedActuator & ResizingActuator {
  const observedByService = new Map<ServiceId, ObservedReplicas>()
  for (const [service, replicas] of initial)
    observedByService.set(service, asIfThere(replicas, undefined))
  return {
    report(countsByService) {
      for (const [service, counts] of countsByService) {
        const { requested, ready, starting, terminating, beside } = counts
        const known = observedByService.get(service)
        const lastDecisionId = known?.lastDecisionId
        const told = beside ?? known?.beside
        observedByService.set(service, {
          ...asIfThere(ready, lastDecisionId),
          requested,
          starting,
          terminating,
          ...(told ? { beside: told } : {}),
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
        const { beside } = observedByService.get(service)!
        observedByService.set(service, {
          ...asIfThere(to, decisionId),
          ...(beside ? { beside } : {}),
        })
        return { decisionId, service, outcome: 'applied' }
      })
    },
    async prepare({ service, tier, replicas }) {
      const known = observedByService.get(service)
      if (!known) throw new Error(`service "${service}" was never reported`)
      const { beside, ...own } = known
      const isThere = beside?.tier === tier && beside.ready + beside.starting === replicas
      if (isThere) return
      const told = replicas > 0 ? { beside: { tier, ready: replicas, starting: 0 } } : {}
      observedByService.set(service, { ...own, ...told })
    },
    async takeOver({ service, tier, replicas }) {
      const known = observedByService.get(service)
      if (known?.beside?.tier !== tier) return
      observedByService.set(service, asIfThere(replicas, known.lastDecisionId))
    },
    async close() {},
  }
}
