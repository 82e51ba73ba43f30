/** What people are shown of the settings that come out of the cluster: GET /v1/kubernetes/settings, `forescale k8s status`. */
import { z } from 'zod'
import { ServiceId } from '../../../forecaster/series.ts'

export const SettingsObject = z
  .strictObject({
    kind: z
      .string()
      .meta({ description: 'Deployment, StatefulSet, ScalingPolicy, Budget, ConfigMap.' }),
    namespace: z
      .string()
      .meta({ description: 'Empty for a Budget, which is of the whole cluster.' }),
    name: z.string(),
    services: z.array(ServiceId).meta({ description: 'What it speaks for.' }),
    budgetBound: z.boolean().meta({
      description: 'A Budget of its namespace holds it below what was asked for.',
    }),
    faults: z.array(
      z.strictObject({
        kind: z.enum(['refused', 'narrowed', 'conflict']),
        field: z.string(),
        value: z.string().nullable(),
        message: z.string(),
      }),
    ),
  })
  .meta({ id: 'KubernetesSettingsObject' })

export const SettingsView = z
  .strictObject({
    enabled: z
      .boolean()
      .meta({ description: 'false: the configuration has no kubernetes.settings.' }),
    objects: z.array(SettingsObject),
    watches: z.array(
      z.strictObject({
        path: z.string(),
        state: z.enum(['starting', 'following', 'broken', 'not-installed', 'forbidden']),
        objects: z.int(),
      }),
    ),
    fault: z.string().nullable().meta({
      description: 'Why what was seen last could not be taken over; null: it was.',
    }),
  })
  .meta({ id: 'KubernetesSettings' })
export type SettingsView = z.infer<typeof SettingsView>

export const NO_SETTINGS: SettingsView = { enabled: false, objects: [], watches: [], fault: null }
