/** What the automatic rollouts know of each policy in the registry, as it travels over HTTP. */
import { z } from 'zod'
import { PolicySource } from './policy-version.ts'
import { RolloutFindings } from './rollout.ts'

export const VERDICTS = ['acts', 'runs', 'tried', 'worse', 'better', 'unknown'] as const
export const Verdict = z.enum(VERDICTS).meta({
  id: 'PolicyVerdict',
  description:
    'acts: for every service already; runs: a rollout of it is under way; tried: one has ended, and it is not tried again until it changes; worse, better: what the log predicts; unknown: too little of the log speaks of it.',
})
export type Verdict = z.infer<typeof Verdict>

export const JudgedPolicy = z
  .strictObject({
    version: z.string(),
    name: z.string(),
    source: PolicySource,
    verdict: Verdict,
    why: z.string(),
    findings: RolloutFindings.nullable().meta({
      description: 'Doubly robust estimate from the log; null where nothing was predicted.',
    }),
  })
  .meta({ id: 'JudgedPolicy' })
export type JudgedPolicy = z.infer<typeof JudgedPolicy>

export const AutomaticView = z
  .strictObject({
    enabled: z.boolean(),
    lookedAtMs: z.number().nullable().meta({ description: 'null: not yet.' }),
    nextLookAtMs: z.number().nullable().meta({ description: 'null while it is not enabled.' }),
    learnedAtMs: z.number().nullable().meta({
      description: 'When a policy was last to be learned from the log.',
    }),
    waiting: z.string().nullable().meta({
      description: 'Why none is begun though one could be; null: none is to be.',
    }),
    policies: z.array(JudgedPolicy),
  })
  .meta({ id: 'AutomaticRollouts' })
export type AutomaticView = z.infer<typeof AutomaticView>
