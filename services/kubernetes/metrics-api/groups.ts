/** What the API server is told when it asks which APIs there are: groups, versions and resources. Pure. */
import { SIGNAL_NAMES } from '../signal.ts'
import { groupOf, type WorkloadRef } from '../workload.ts'
import type { METRIC_APIS } from './config.ts'

export type MetricApi = (typeof METRIC_APIS)[number]

export const GROUPS = {
  external: {
    group: 'external.metrics.k8s.io',
    versions: ['v1beta1'],
    kind: 'ExternalMetricValueList',
  },
  custom: {
    group: 'custom.metrics.k8s.io',
    versions: ['v1beta2', 'v1beta1'],
    kind: 'MetricValueList',
  },
} as const satisfies Record<MetricApi, object>

/** Of what the aggregator asks for first; else it reads the documents one by one (kube-aggregator handler_discovery.go). */
export const AGGREGATED_DISCOVERY =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** The plural by which paths name what is scaled: `deployments.apps`. Of custom resources as their makers nearly always do. */
export function resourceOf(ref: WorkloadRef): string {
  return `${ref.kind.toLowerCase()}s.${groupOf(ref)}`
}

interface Resource {
  readonly name: string
  readonly singularName: string
  readonly namespaced: boolean
  readonly kind: string
  readonly verbs: readonly string[]
}

/** Namespaced all of them: a signal is of a workload. */
export function resourcesOf(api: MetricApi, workloads: Iterable<WorkloadRef>): Resource[] {
  const { kind } = GROUPS[api]
  const names =
    api === 'external'
      ? ['externalmetrics']
      : [...new Set([...workloads].map(resourceOf))]
          .sort()
          .flatMap((resource) => SIGNAL_NAMES.map((signal) => `${resource}/${signal}`))
  return names.map((name) => ({ name, singularName: '', namespaced: true, kind, verbs: ['get'] }))
}

export function resourceList(api: MetricApi, version: string, workloads: Iterable<WorkloadRef>) {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: `${GROUPS[api].group}/${version}`,
    resources: resourcesOf(api, workloads),
  }
}

export function groupDocument(api: MetricApi) {
  const { group, versions } = GROUPS[api]
  const all = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }))
  return {
    kind: 'APIGroup',
    apiVersion: 'v1',
    name: group,
    versions: all,
    preferredVersion: all[0],
  }
}

export function groupList(apis: readonly MetricApi[]) {
  const groups = apis.map((api) => {
    const { kind: _, apiVersion: __, ...group } = groupDocument(api)
    return group
  })
  return { kind: 'APIGroupList', apiVersion: 'v1', groups }
}

export function aggregatedDiscovery(apis: readonly MetricApi[], workloads: readonly WorkloadRef[]) {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: apis.map((api) => ({
      metadata: { name: GROUPS[api].group },
      versions: GROUPS[api].versions.map((version) => ({
        version,
        freshness: 'Current',
        resources: discovered(api, version, workloads),
      })),
    })),
  }
}

/** There a resource has its subresources below it. */
function discovered(api: MetricApi, version: string, workloads: readonly WorkloadRef[]) {
  const { group, kind } = GROUPS[api]
  const responseKind = { group, version, kind }
  const one = (resource: string, verbs: readonly string[]) => ({
    resource,
    responseKind,
    scope: 'Namespaced',
    singularResource: '',
    verbs,
  })
  if (api === 'external') return [one('externalmetrics', ['get'])]
  return [...new Set(workloads.map(resourceOf))].sort().map((resource) => ({
    ...one(resource, []),
    subresources: SIGNAL_NAMES.map((subresource) => ({
      subresource,
      responseKind,
      verbs: ['get'],
    })),
  }))
}
