/** A ScalingPolicy: what the owner of one workload asks for, as an object of the cluster. */
import { z } from 'zod'
import { Mode } from '../../../agents/service-spec.ts'
import { FIELDS, nestedSchema } from '../settings/fields.ts'
import { Condition } from './condition.ts'
import { byRules, type SpecRule } from './rules.ts'

export const TargetRef = z
  .strictObject({
    apiVersion: z
      .string()
      .regex(/^[a-z0-9.-]+\/v[a-z0-9]+$/)
      .default('apps/v1'),
    kind: z
      .string()
      .regex(/^[A-Z][A-Za-z0-9]{0,62}$/)
      .default('Deployment'),
    name: z
      .string()
      .min(1)
      .max(253)
      .regex(/^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/),
  })
  .meta({ description: 'The workload, of the same namespace.' })
export type TargetRef = z.infer<typeof TargetRef>

interface Counts {
  readonly minReplicas?: unknown
  readonly maxReplicas?: unknown
}

const numberAt = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined

export const COUNTS_RULE: SpecRule<Counts> = {
  cel: '!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas',
  message: 'minReplicas must not be greater than maxReplicas',
  holds: ({ minReplicas, maxReplicas }) =>
    (numberAt(minReplicas) ?? 0) <= (numberAt(maxReplicas) ?? Number.POSITIVE_INFINITY),
  path: ['minReplicas'],
}

export const POLICY_RULES: readonly SpecRule<Counts & { readonly targetRef: TargetRef }>[] = [
  COUNTS_RULE,
  {
    cel: "self.targetRef.apiVersion != 'apps/v1' || self.targetRef.kind in ['Deployment', 'StatefulSet', 'ReplicaSet']",
    message: 'of apps/v1 only a Deployment, a StatefulSet or a ReplicaSet can be scaled',
    holds: ({ targetRef: { apiVersion, kind } }) =>
      apiVersion !== 'apps/v1' || ['Deployment', 'StatefulSet', 'ReplicaSet'].includes(kind),
    path: ['targetRef', 'kind'],
  },
]
/** Known to the API server alone, which has seen the object before. */
export const POLICY_TRANSITION = {
  rule: 'self.targetRef == oldSelf.targetRef',
  message: 'targetRef cannot be changed: make another ScalingPolicy',
}

/** Nothing in it has a default but the kind of the target: what is not said is left to annotations and administrators. */
export const ScalingPolicySpec = z
  .strictObject({ targetRef: TargetRef, ...nestedSchema(FIELDS).shape })
  .superRefine(byRules(POLICY_RULES))
export type ScalingPolicySpec = z.infer<typeof ScalingPolicySpec>

export const ScalingPolicyStatus = z.strictObject({
  observedGeneration: z.int().optional(),
  service: z.string().optional().meta({ description: 'Name of the service in Forescale.' }),
  mode: Mode.optional().meta({ description: 'The mode in force.' }),
  replicas: z.int().optional().meta({ description: 'Asked for at the last tick.' }),
  wantedReplicas: z.int().optional().meta({
    description: 'What the last decision wants; only with mode enforce it is carried out.',
  }),
  minReplicas: z.int().optional().meta({ description: 'In force, after all limits.' }),
  maxReplicas: z.int().optional().meta({ description: 'In force, after all limits.' }),
  costPerHour: z.number().optional().meta({ description: 'Of the wanted replicas, $/hour.' }),
  lastDecision: z
    .strictObject({
      id: z.string(),
      time: z.iso.datetime().meta({ format: 'date-time' }),
      from: z.int(),
      to: z.int(),
      boundBy: z.string(),
      rationale: z.string(),
    })
    .optional(),
  conditions: z.array(Condition).optional(),
})
export type ScalingPolicyStatus = z.infer<typeof ScalingPolicyStatus>
