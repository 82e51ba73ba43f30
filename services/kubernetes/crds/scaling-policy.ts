/** A ScalingPolicy: what the owner of one workload asks for, as an object of the cluster. */
import { z } from 'zod'
import { Mode } from '../../../agents/service-spec.ts'
import { FIELDS, nestedSchema } from '../settings/fields.ts'
import { Condition } from './condition.ts'

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

/** Nothing in it has a default but the kind of the target: what is not said is left to annotations and administrators. */
export const ScalingPolicySpec = z.strictObject({
  targetRef: TargetRef,
  ...nestedSchema(FIELDS).shape,
})
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
