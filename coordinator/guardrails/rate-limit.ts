/** HPA's scaling policies as limits on the change really made: at most so many pods, or percent, a period. */
import { scaleDownLimit, scaleUpLimit } from '../../agents/hpa/normalize.ts'
import { type Guardrail, narrow } from './guardrail.ts'

export const rateLimit: Guardrail = (range, { spec, observation, memory }) => {
  const current = observation.replicas.requested
  const low = Math.min(
    current,
    scaleDownLimit(current, memory.changes, spec.behavior, observation.nowMs),
  )
  const high = Math.max(
    current,
    scaleUpLimit(current, memory.changes, spec.behavior, observation.nowMs),
  )
  return narrow(range, low, high)
}
