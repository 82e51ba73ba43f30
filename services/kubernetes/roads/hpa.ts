/** HorizontalPodAutoscalers (autoscaling/v2) that follow what we carry: by an External metric, or one of the workload. */
import type { Behavior } from '../../../agents/service-spec.ts'
import { DESIRED_SIGNAL, FORECAST_SIGNAL } from '../signal.ts'
import { type Carried, levelFor, loadTarget, type Road, type ServicePlan } from './plan.ts'

export interface CarriedOptions {
  readonly carried: Carried
  /** Of the forecast; by the objective when absent. */
  readonly level?: number | undefined
  /** Whether the cluster's HPAs have `tolerance` (Kubernetes 1.35 on, or the gate HPAConfigurableTolerance). */
  readonly tolerance: boolean
}

export const levelOf = (plan: ServicePlan, { level }: CarriedOptions): number =>
  level ?? levelFor(plan.objective)

/** Metric name and the labels that make its series one. */
export function metricOf(plan: ServicePlan, options: CarriedOptions) {
  const { name: workload, kind } = plan.workload
  const labels = { workload, kind }
  return options.carried === 'replicas'
    ? { name: DESIRED_SIGNAL, labels }
    : { name: FORECAST_SIGNAL, labels: { ...labels, level: String(levelOf(plan, options)) } }
}

/** AverageValue: of Value the HPA makes a multiple of the replicas that are ready, and a count would run away. */
export function targetOf(plan: ServicePlan, { carried }: CarriedOptions): string {
  return carried === 'replicas' ? '1' : quantity(loadTarget(plan))
}

/** As Kubernetes writes it: whole, or in thousandths. */
export function quantity(value: number): string {
  return Number.isInteger(value) ? String(value) : `${Math.round(value * 1000)}m`
}

/** Decided replicas were stabilised and limited already: what follows them does so at once, and to the last replica. */
export function behaviorOf(
  { behavior, maxReplicas }: Pick<ServicePlan, 'behavior' | 'maxReplicas'>,
  { carried, tolerance }: CarriedOptions,
): object {
  if (carried === 'load')
    return {
      scaleUp: side(behavior.scaleUp, tolerance),
      scaleDown: side(behavior.scaleDown, tolerance),
    }
  const atOnce = {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    ...(tolerance ? { tolerance: '0' } : {}),
  }
  return {
    scaleUp: { ...atOnce, policies: [{ type: 'Pods', value: maxReplicas, periodSeconds: 15 }] },
    scaleDown: { ...atOnce, policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
  }
}

function side({ tolerance: own, ...rules }: Behavior['scaleUp'], hasTolerance: boolean): object {
  return hasTolerance ? { ...rules, tolerance: quantity(own) } : rules
}

export function hpaOf(
  plan: ServicePlan,
  road: Extract<Road, 'hpa-external' | 'hpa-adapter'>,
  options: CarriedOptions,
): object {
  const { workload, service, minReplicas, maxReplicas } = plan
  const ref = { apiVersion: workload.apiVersion, kind: workload.kind, name: workload.name }
  const { name, labels } = metricOf(plan, options)
  const target = { type: 'AverageValue', averageValue: targetOf(plan, options) }
  const { workload: _workload, kind: _kind, ...rest } = labels as Record<string, string>
  const selected = (matchLabels: Readonly<Record<string, string>>) =>
    Object.keys(matchLabels).length > 0 ? { name, selector: { matchLabels } } : { name }
  const metric =
    road === 'hpa-external'
      ? { type: 'External', external: { metric: selected(labels), target } }
      : { type: 'Object', object: { describedObject: ref, metric: selected(rest), target } }
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadataOf(plan),
    spec: {
      scaleTargetRef: ref,
      // an HPA itself does not scale to zero unless the cluster lets it
      minReplicas: Math.max(1, minReplicas),
      maxReplicas,
      metrics: [metric],
      behavior: behaviorOf(plan, options),
    },
  }

  function metadataOf({ leadTimeMs }: ServicePlan): object {
    return {
      name: workload.name,
      namespace: workload.namespace,
      annotations: annotationsOf(service, leadTimeMs),
    }
  }
}

/** What `forescale k8s doctor` knows an autoscaler of ours by. */
export function annotationsOf(service: string, leadTimeMs: number): Record<string, string> {
  return {
    'forescale.dev/service': service,
    'forescale.dev/lead-seconds': String(Math.ceil(leadTimeMs / 1000)),
  }
}
