/**
 * KEDA ScaledObjects that follow what we carry. Each says what KEDA would else assume to the service's harm: a Prometheus
 * that has nothing to say is an error and not 0 (`ignoreNullValues: "false"`), and errors keep what runs (`fallback`).
 */
import { DESIRED_SIGNAL, FORECAST_SIGNAL } from '../signal.ts'
import type { WorkloadRef } from '../workload.ts'
import { guardedQuery } from './adapter-rules.ts'
import { annotationsOf, behaviorOf, type CarriedOptions, levelOf, metricOf } from './hpa.ts'
import {
  type ConsumerTimes,
  loadTarget,
  type Road,
  type RoadAddresses,
  type ServicePlan,
} from './plan.ts'

const FAILURES_TO_FALLBACK = 3
const SECRET = 'forescale-api-key'

export type KedaRoad = Extract<Road, 'keda-prometheus' | 'keda-metrics-api' | 'keda-external'>

export interface KedaOptions extends CarriedOptions {
  readonly addresses: RoadAddresses
  readonly times: ConsumerTimes
}

/** The ScaledObject, and before it what it refers to. */
export function kedaOf(plan: ServicePlan, road: KedaRoad, options: KedaOptions): object[] {
  const { workload, service, minReplicas, maxReplicas, leadTimeMs } = plan
  const { name, namespace, kind, apiVersion } = workload
  const scaled = {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name, namespace, annotations: annotationsOf(service, leadTimeMs) },
    spec: {
      scaleTargetRef: { apiVersion, kind, name },
      pollingInterval: options.times.pollMs / 1000,
      cooldownPeriod: 300,
      minReplicaCount: minReplicas,
      maxReplicaCount: maxReplicas,
      fallback: {
        failureThreshold: FAILURES_TO_FALLBACK,
        replicas: Math.max(1, minReplicas),
        behavior: 'currentReplicasIfHigher',
      },
      advanced: { horizontalPodAutoscalerConfig: { behavior: behaviorOf(plan, options) } },
      triggers: [triggerOf(plan, road, options)],
    },
  }
  return road === 'keda-metrics-api' ? [authenticationOf(workload), scaled] : [scaled]
}

function triggerOf(plan: ServicePlan, road: KedaRoad, options: KedaOptions): object {
  const { addresses, carried } = options
  const target = thresholdOf(plan, options)
  const common = { metricType: 'AverageValue' }
  switch (road) {
    case 'keda-prometheus': {
      const { name, labels } = metricOf(plan, options)
      const query = guardedQuery(name, { namespace: plan.workload.namespace, ...labels })
      const metadata = {
        serverAddress: addresses.prometheus,
        query,
        threshold: target,
        activationThreshold: '0',
        ignoreNullValues: 'false',
      }
      return { type: 'prometheus', ...common, metadata }
    }
    case 'keda-metrics-api': {
      const signal = carried === 'replicas' ? DESIRED_SIGNAL : FORECAST_SIGNAL
      const query = carried === 'load' ? `?level=${levelOf(plan, options)}` : ''
      const service = encodeURIComponent(plan.service)
      const metadata = {
        url: `${addresses.controller}/v1/services/${service}/signals/${signal}${query}`,
        valueLocation: 'value',
        targetValue: target,
        activationTargetValue: '0',
        authMode: 'bearer',
      }
      return { type: 'metrics-api', ...common, metadata, authenticationRef: { name: SECRET } }
    }
    case 'keda-external': {
      const metadata = {
        scalerAddress: addresses.scaler,
        service: plan.service,
        pollingIntervalSeconds: String(options.times.pollMs / 1000),
        ...(carried === 'replicas'
          ? { signal: DESIRED_SIGNAL }
          : {
              signal: FORECAST_SIGNAL,
              targetPerReplica: target,
              level: String(levelOf(plan, options)),
            }),
      }
      return { type: 'external', ...common, metadata }
    }
  }
}

/** KEDA reads plain decimals, no quantities. */
function thresholdOf(plan: ServicePlan, { carried }: KedaOptions): string {
  return carried === 'replicas' ? '1' : String(loadTarget(plan))
}

/** The key lies in a secret that the owner makes: a manifest holds none. */
function authenticationOf({ namespace }: WorkloadRef): object {
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'TriggerAuthentication',
    metadata: { name: SECRET, namespace },
    spec: { secretTargetRef: [{ parameter: 'token', name: SECRET, key: 'token' }] },
  }
}
