/**
 * PromQL for what the containers of a workload use, request and were killed for, as cAdvisor and kube-state-metrics name it.
 * A series that two scrapes tell of is one: hence `max by`, never `sum`. Pods are found by the names that their controllers
 * give them.
 */
import { podNames } from '../learn/queries.ts'
import type { WorkloadRef } from '../workload.ts'

const CONTAINERS = 'namespace="$namespace",pod=~"$pods",container!="",container!="POD"'
const BY = 'max by (pod, container)'
const restarts = 'kube_pod_container_status_restarts_total'
const lastReason = 'kube_pod_container_status_last_terminated_reason'
const ofHpa = 'on (namespace, horizontalpodautoscaler)'

export const DEFAULT_QUERIES = {
  cpu: `${BY} (rate(container_cpu_usage_seconds_total{${CONTAINERS}}[$step]))`,
  memory: `${BY} (max_over_time(container_memory_working_set_bytes{${CONTAINERS}}[$step]))`,
  // the reason stays until the next end of the container, so only a restart makes it a kill
  oomKills: `${BY} (increase(${restarts}{${CONTAINERS}}[$step])) > 0 and on (pod, container) ${BY} (${lastReason}{${CONTAINERS},reason="OOMKilled"}) == 1`,
  killedRequests: `${BY} (kube_pod_container_resource_requests{${CONTAINERS},resource="memory"})`,
  requests: `max by (container, resource) (kube_pod_container_resource_requests{${CONTAINERS},resource=~"cpu|memory"})`,
  limits: `max by (container, resource) (kube_pod_container_resource_limits{${CONTAINERS},resource=~"cpu|memory"})`,
  containers: `max by (container) (kube_pod_container_info{${CONTAINERS}})`,
  autoscalers: `max by (horizontalpodautoscaler, metric_name) (kube_horizontalpodautoscaler_spec_target_metric{namespace="$namespace",metric_target_type="utilization"} * ${ofHpa} group_left () max by (namespace, horizontalpodautoscaler) (kube_horizontalpodautoscaler_info{namespace="$namespace",scaletargetref_kind="$kind",scaletargetref_name="$name"}))`,
} as const

const PLACE = /\$(namespace|name|kind|pods|step)\b/g
/** What stands in a matcher, whole. */
const MATCHED = /(=|!=)"\$(namespace|name|kind)"|(=~|!~)"\$pods"|(?<!["'`])\$step\b/g

/** Why a template cannot be filled safely; undefined when it can. */
export function faultOfQuery(template: string): string | undefined {
  const places = template.match(PLACE)?.length ?? 0
  if (places === (template.match(MATCHED)?.length ?? 0)) return undefined
  return '$namespace, $name and $kind must be matched whole, as in namespace="$namespace", $pods as in pod=~"$pods", and $step stand outside of quotes'
}

/** The names of its pods cannot be told from the workload's. */
export class UntoldPods extends Error {
  override name = 'UntoldPods'
}

/** Throws UntoldPods. */
export function fillerOf(workload: WorkloadRef, stepMs: number): (template: string) => string {
  const { namespace, kind, name } = workload
  const pods = podNames(workload)
  if (pods === undefined)
    throw new UntoldPods(
      `kind: the pods of a "${kind}" cannot be told by their names; allowed: Deployment, StatefulSet, ReplicaSet`,
    )
  // within double quotes a backslash stands for itself only when it is doubled
  const values = { namespace, kind, name, pods: pods.replaceAll('\\', '\\\\'), step: `${stepMs}ms` }
  return (template) => template.replaceAll(PLACE, (_place, key: keyof typeof values) => values[key])
}
