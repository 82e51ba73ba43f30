/** The least and most replicas that the owner accepts. First in order: nothing overrules it. */
import { type Guardrail, narrow } from './guardrail.ts'

export const bounds: Guardrail = (range, { spec }) =>
  narrow(range, spec.minReplicas, spec.maxReplicas)
