/** The guardrails in their order: each narrows what is left, and where two disagree the earlier wins. */
import type { ReplicaRange } from '../../agents/observation.ts'
import { bounds } from './bounds.ts'
import { freshness } from './freshness.ts'
import type { Guardrail, GuardrailInput } from './guardrail.ts'
import { rateLimit } from './rate-limit.ts'

const GUARDRAILS: readonly Guardrail[] = [bounds, rateLimit, freshness]

export function allow(input: GuardrailInput): ReplicaRange {
  let range: ReplicaRange = { min: 0, max: Number.MAX_SAFE_INTEGER }
  for (const guardrail of GUARDRAILS) range = guardrail(range, input)
  return range
}
