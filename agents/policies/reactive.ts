/** The Kubernetes HPA rule and nothing else: the floor is all it wants. */
import { lossOfLoad, violationCurve } from '../loss.ts'
import type { Policy } from './policy.ts'

export const reactive: Policy = {
  kind: 'reactive',
  description: 'The exact HPA v2 rule on the observed load: what is needed now.',
  see: (_spec, observation) => observation,
  wish: (_spec, observation, floor) => ({
    replicas: floor.need,
    reason:
      observation.freshness === 'dead' || Number.isNaN(observation.loadRps)
        ? 'no-data'
        : 'reactive',
  }),
  loss(spec, observation, replicas) {
    const { capacityPerReplica, saturationPerReplica, loadRps } = observation
    if (Number.isNaN(loadRps)) return 0
    return lossOfLoad(
      violationCurve(capacityPerReplica, saturationPerReplica, spec.slo.objective),
      loadRps,
      replicas,
    )
  },
}
