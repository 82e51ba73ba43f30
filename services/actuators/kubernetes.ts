/**
 * Workloads of a cluster, scaled directly by their `scale` subresource (services/kubernetes/target). What there is, is
 * read from watches; what is written is marked, fenced, and refused by the API server when somebody else was faster. The
 * library is loaded, and the cluster asked, with the first use.
 */
import type { TargetDeps } from '../kubernetes/target/parts.ts'
import type { Target } from '../kubernetes/target/target.ts'
import type { Actuator } from './actuator.ts'
import { decreasesFirst } from './decreases-first.ts'

/** Writes under way at once; an API server gives each client its share (priority and fairness). */
const AT_ONCE = 16

export type KubernetesDeps = TargetDeps

export interface KubernetesActuator extends Actuator {
  /** What is behind it. */
  target(): Promise<Target>
}

export function createKubernetes(deps: KubernetesDeps): KubernetesActuator {
  let opening: Promise<Target> | undefined
  function target(): Promise<Target> {
    opening ??= import('../kubernetes/target/target.ts').then(({ openTarget }) => openTarget(deps))
    return opening
  }
  return {
    target,
    observe: async () => (await target()).observe(),
    async apply(orders) {
      const { send, released, releaseLimitMs } = await target()
      const steps = { send, released, releaseLimitMs: releaseLimitMs(), atOnce: AT_ONCE }
      return decreasesFirst(orders, steps)
    },
    announce: async (fence) => (await target()).announce(fence, AT_ONCE),
    health: async () => (await target()).health(),
    close: async () => (await opening)?.close(),
  }
}
