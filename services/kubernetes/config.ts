/** The cluster that Forescale works with, and which roads into it are open. Absent: no cluster is touched. */
import { z } from 'zod'
import { ServiceId } from '../../forecaster/series.ts'
import { MetricsApiConfig } from './metrics-api/config.ts'
import { ResourcesConfig } from './resources/config.ts'
import { ScalerConfig } from './scaler/config.ts'
import { SettingsConfig } from './settings/config.ts'
import { SignalConfig } from './signal.ts'
import { TargetConfig } from './target/config.ts'
import { WorkloadRef } from './workload.ts'

export const KubernetesConfig = z
  .strictObject({
    kubeconfig: z.string().min(1).optional().meta({
      description:
        "File to connect by. Left out: the pod's service account; outside a cluster $KUBECONFIG, then ~/.kube/config.",
    }),
    context: z.string().min(1).optional().meta({
      description: 'Context of that file; left out: its current one.',
    }),
    namespaces: z.array(z.string().min(1)).default([]).meta({
      description: 'Namespaces to look at and to write to; empty: all.',
    }),
    workloads: z.record(ServiceId, WorkloadRef).default({}).meta({
      description: 'The workload that each service scales, by service.',
    }),
    target: TargetConfig.prefault({}).meta({
      description: 'How workloads are scaled directly, with actuator.kind kubernetes.',
    }),
    signal: SignalConfig.prefault({}).meta({
      description: 'What is carried to HPA, KEDA and Prometheus, and for how long.',
    }),
    metricsApi: MetricsApiConfig.optional().meta({
      description:
        'Serves external.metrics.k8s.io and custom.metrics.k8s.io to autoscalers. Absent: not served.',
    }),
    scaler: ScalerConfig.optional().meta({
      description: 'The external scaler that KEDA asks by gRPC. Absent: there is none.',
    }),
    resources: ResourcesConfig.optional().meta({
      description:
        'Requests of CPU and memory by what containers used, out of a Prometheus. Absent: not worked out.',
    }),
    settings: SettingsConfig.optional().meta({
      description:
        'Settings that come out of the cluster: annotations, ScalingPolicies, Budgets, a ConfigMap. Absent: only this file counts.',
    }),
  })
  .meta({ id: 'KubernetesConfig' })
export type KubernetesConfig = z.infer<typeof KubernetesConfig>
