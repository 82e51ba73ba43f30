/** Advice about requests of CPU and memory for tests: the documented one for `search`, none for others. */
import { Conflict } from '../control-plane.ts'
import type { ResourceAdvisor } from '../kubernetes/resources/advisor.ts'
import { resourceAdvice } from './examples-kubernetes.ts'

export function createTestAdvisor(): ResourceAdvisor {
  return {
    list: () => [{ service: 'search', workload: resourceAdvice.workload, advice: null }],
    async advice(service) {
      if (service === 'search') return resourceAdvice
      throw new Conflict(`service "${service}" has no workload in kubernetes.workloads`)
    },
  }
}
