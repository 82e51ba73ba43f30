/** What an owner declares of one service. Field names are Kubernetes' where Kubernetes has one. */
import { z } from 'zod'

export const Mode = z.enum(['off', 'recommend', 'enforce']).meta({
  id: 'Mode',
  description: 'off: no decisions; recommend: decide and record, change nothing; enforce: act.',
})
export type Mode = z.infer<typeof Mode>

/** The one of two that does less. */
export function lowerMode(a: Mode, b: Mode): Mode {
  return Mode.options.indexOf(a) <= Mode.options.indexOf(b) ? a : b
}

export const PolicyKind = z
  .enum(['reactive', 'predictive', 'learned'])
  .meta({ id: 'PolicyKind', description: 'A registered policy.' })
export type PolicyKind = z.infer<typeof PolicyKind>

const ScalingRule = z.strictObject({
  type: z.enum(['Pods', 'Percent']),
  value: z.int().positive(),
  periodSeconds: z.int().min(1).max(1800),
})

const behaviorSide = (windowSeconds: number, policies: z.infer<typeof ScalingRule>[]) =>
  z.strictObject({
    stabilizationWindowSeconds: z.int().min(0).max(3600).default(windowSeconds),
    selectPolicy: z.enum(['Max', 'Min', 'Disabled']).default('Max'),
    policies: z.array(ScalingRule).min(1).default(policies),
    tolerance: z.number().min(0).max(1).default(0.1),
  })

/** `spec.behavior` of an autoscaling/v2 HorizontalPodAutoscaler, with Kubernetes' defaults. */
export const Behavior = z
  .strictObject({
    scaleUp: behaviorSide(0, [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ]).prefault({}),
    scaleDown: behaviorSide(300, [{ type: 'Percent', value: 100, periodSeconds: 15 }]).prefault({}),
  })
  .meta({ id: 'Behavior' })
export type Behavior = z.infer<typeof Behavior>

export const Slo = z
  .strictObject({
    latencySeconds: z
      .number()
      .positive()
      .default(0.5)
      .meta({ description: 'A slower answer is a violation.' }),
    objective: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.99)
      .meta({ description: 'Share of requests that must be good.' }),
  })
  .meta({ id: 'Slo' })

/** What differs for a service on a tier of the catalogue (coordinator/meta/tiers.ts). */
export const OwnTier = z
  .strictObject({
    capacityPerReplica: z.number().positive().optional().meta({
      description: 'Requests/s of one replica within the SLO, where size does not tell.',
    }),
    pricePerReplicaHour: z.number().positive().optional(),
    startupSeconds: z.number().min(0).optional(),
    maxReplicas: z.int().min(1).max(10000).optional(),
  })
  .meta({ id: 'OwnTier' })

export const ServiceSpec = z
  .strictObject({
    minReplicas: z.int().min(0).default(1),
    maxReplicas: z.int().min(1).max(10000).default(10),
    pricePerReplicaHour: z
      .number()
      .positive()
      .default(0.1)
      .meta({ description: 'Cost of one replica, $/hour.' }),
    weight: z
      .number()
      .positive()
      .default(1)
      .meta({ description: "How much this service's violations count." }),
    fairShare: z.number().min(0).max(1).default(0).meta({
      description:
        'Share of its reactive need that is paid for before anything else of any service, however scarce money is.',
    }),
    slo: Slo.prefault({}),
    mode: Mode.optional().meta({ description: 'Overrides the global mode, never beyond it.' }),
    policy: PolicyKind.default('predictive'),
    capacityPerReplica: z.number().positive().default(10).meta({
      description:
        'First guess of the requests/s one replica carries within its SLO; learned from then on.',
    }),
    startupSeconds: z
      .number()
      .min(0)
      .default(30)
      .meta({ description: 'First guess of the start-up time; measured from then on.' }),
    targetUtilization: z.number().gt(0).lte(1).default(0.8).meta({
      description: 'Utilization that the reactive rule aims at (share of capacity).',
    }),
    behavior: Behavior.prefault({}),
    tier: z.string().min(1).optional().meta({
      description:
        'The tier that it runs on at first; its price, start-up time and maximum are those of the catalogue then, its capacityPerReplica is on this one.',
    }),
    tiers: z.record(z.string().min(1), OwnTier).optional().meta({
      description:
        'Tiers of the catalogue that it may run on, each with what differs for it: {} where nothing does.',
    }),
  })
  .refine((s) => s.minReplicas <= s.maxReplicas, {
    error: 'minReplicas must not be greater than maxReplicas',
    path: ['minReplicas'],
  })
  .meta({ id: 'ServiceSpec' })
export type ServiceSpec = z.infer<typeof ServiceSpec>
