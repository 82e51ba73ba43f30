/**
 * PromQL for what a cluster's own Prometheus knows of a workload, by the names of kube-state-metrics and cAdvisor: replicas
 * that are ready, CPU, and when each pod was made and first ready. `$step` as in the store's queries. Pods are found by
 * the names that their controllers give them.
 */
import type { WorkloadRef } from '../workload.ts'

const READY: Readonly<Record<string, readonly [metric: string, label: string]>> = {
  Deployment: ['kube_deployment_status_replicas_ready', 'deployment'],
  StatefulSet: ['kube_statefulset_status_replicas_ready', 'statefulset'],
  ReplicaSet: ['kube_replicaset_status_ready_replicas', 'replicaset'],
}

export interface WorkloadQueries {
  readonly readyReplicas: string
  readonly cpuCores: string
  /** CPU that each pod requests, cores. */
  readonly cpuRequest: string
  /** By pod, Unix seconds. */
  readonly podCreated: string
  readonly podReady: string
}

/** undefined for a kind whose replicas kube-state-metrics does not tell. */
export function queriesOf({ namespace, kind, name }: WorkloadRef): WorkloadQueries | undefined {
  const ready = READY[kind]
  if (ready === undefined) return undefined
  const [metric, label] = ready
  const of = `namespace=${JSON.stringify(namespace)}`
  const pods = `${of},pod=~${JSON.stringify(podNames({ kind, name }))}`
  const containers = `${pods},container!="",container!="POD"`
  return {
    readyReplicas: `max(avg_over_time(${metric}{${of},${label}=${JSON.stringify(name)}}[$step]))`,
    cpuCores: `sum(rate(container_cpu_usage_seconds_total{${containers}}[$step]))`,
    cpuRequest: `max(sum by (pod) (kube_pod_container_resource_requests{${pods},resource="cpu"}))`,
    podCreated: `min by (pod, uid) (min_over_time(kube_pod_created{${pods}}[$step]))`,
    podReady: `min by (pod, uid) (min_over_time(kube_pod_status_ready_time{${pods}}[$step]))`,
  }
}

/** Names of the workload's pods as a regular expression; undefined for a kind that names them another way. */
export function podNames({ kind, name }: Pick<WorkloadRef, 'kind' | 'name'>): string | undefined {
  const suffix = SUFFIX[kind]
  return suffix && `${name.replaceAll('.', '\\.')}-${suffix}`
}

/** A Deployment's pods carry the hash of their template and their own; a StatefulSet's a number. */
const SUFFIX: Readonly<Record<string, string>> = {
  Deployment: '[0-9a-z]{1,10}-[0-9a-z]{5}',
  StatefulSet: '[0-9]+',
  ReplicaSet: '[0-9a-z]{5}',
}
