/** Settings that come out of the cluster: annotations, a ConfigMap, ScalingPolicies and Budgets. Absent: none are read. */
import { z } from 'zod'
import { FIELDS, LIMITED, nestedSchema } from './fields.ts'

/** What a tenant may say, none of it required. */
export const TenantSettings = nestedSchema(FIELDS)
/** How far a tenant may go. */
export const TenantLimits = nestedSchema(LIMITED)

const name = z.string().regex(/^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/, {
  error: 'must be a name as Kubernetes allows it',
})

export const SettingsConfig = z
  .strictObject({
    configMap: z.strictObject({ namespace: name, name }).optional().meta({
      description:
        'ConfigMap whose key settings.yaml holds globals: costBudgetPerHour and mode (never above those here), defaults, limits.',
    }),
    defaults: TenantSettings.prefault({}).meta({
      description: 'Of a workload that was found in the cluster and does not say otherwise.',
    }),
    limits: TenantLimits.prefault({}).meta({
      description:
        'How far annotations and ScalingPolicies may go. No limit: as far as services.*.',
    }),
    writeStatus: z.boolean().default(true).meta({
      description:
        'Conditions and the last decision are written to the status of ScalingPolicies and Budgets, faults of annotations as Events. Workloads are not touched by it.',
    }),
    debounceMs: z.int().min(0).max(60_000).default(1000).meta({
      description: 'What changes within so long is taken over together.',
    }),
  })
  .meta({ id: 'KubernetesSettings' })
export type SettingsConfig = z.infer<typeof SettingsConfig>
