/** A learned policy as the registry keeps it: what acts, by its hash, and how it came here. */
import { z } from 'zod'
import { PolicyDocument, policyVersion } from '../../agents/policies/learned/document.ts'

export const POLICY_SOURCES = ['shipped', 'import', 'learned', 'trained'] as const
export const PolicySource = z.enum(POLICY_SOURCES).meta({
  id: 'PolicySource',
  description:
    'shipped with Forescale, taken in from a file, learned from the decisions of this controller, or trained by it on simulated services.',
})
export type PolicySource = z.infer<typeof PolicySource>

export const PolicyVersion = z
  .strictObject({
    version: z
      .string()
      .regex(/^[0-9a-f]{16}$/)
      .meta({
        description: 'Hash of what acts: equal versions act alike.',
      }),
    name: z.string(),
    learner: z.string(),
    source: PolicySource,
    addedAtMs: z.number(),
    addedBy: z.string(),
    why: z.string(),
    provenance: PolicyDocument.shape.provenance,
  })
  .meta({ id: 'PolicyVersion', description: 'A learned policy in the registry.' })
export type PolicyVersion = z.infer<typeof PolicyVersion>

/** How a document came into the registry. */
export type Arrival = Pick<PolicyVersion, 'source' | 'addedAtMs' | 'addedBy' | 'why'>

export function policyRow(document: PolicyDocument, arrival: Arrival): PolicyVersion {
  const { name, learner, provenance } = document
  return { version: policyVersion(document), name, learner, provenance, ...arrival }
}

export const LearnAnswer = z
  .strictObject({
    transitions: z.int().min(0).meta({ description: 'Units that there were to learn from.' }),
    policy: PolicyVersion.nullable().meta({ description: 'null: nothing was learned.' }),
    why: z.string(),
  })
  .meta({ id: 'LearnAnswer' })
export type LearnAnswer = z.infer<typeof LearnAnswer>
