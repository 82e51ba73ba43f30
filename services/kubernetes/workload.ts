/**
 * Which workload of the cluster a service scales: the one map that metrics, scalers, manifests, settings and the
 * actuator share. A workload is anything with a `scale` subresource: Deployments, StatefulSets and ReplicaSets, and
 * custom resources (an Argo Rollout) by their apiVersion.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ServiceId } from '../../forecaster/series.ts'

const APPS = 'apps/v1'
/** What `apps/v1` has with a scale subresource; what else there is, is asked of the cluster. */
const PLURAL_OF_APPS: Readonly<Record<string, string>> = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  ReplicaSet: 'replicasets',
}
const LONGEST_SERVICE_ID = 63
const HASH_DIGITS = 8

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const DNS_SUBDOMAIN = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/

export const WorkloadRef = z
  .strictObject({
    namespace: z.string().regex(DNS_LABEL, 'must be a DNS label, as namespaces are'),
    kind: z
      .string()
      .regex(/^[A-Z][A-Za-z0-9]{0,62}$/, 'must be a kind as manifests write it: Deployment')
      .default('Deployment'),
    name: z.string().regex(DNS_SUBDOMAIN, 'must be a name as Kubernetes allows it'),
    apiVersion: z
      .string()
      .regex(/^[a-z0-9.-]+\/v[a-z0-9]+$/, 'must be group/version, as manifests write it: apps/v1')
      .default(APPS)
      .meta({ description: 'Group and version of a kind that is not of apps/v1.' }),
  })
  .refine(({ apiVersion, kind }) => apiVersion !== APPS || kind in PLURAL_OF_APPS, {
    error: `kinds of ${APPS} that can be scaled are ${Object.keys(PLURAL_OF_APPS).join(', ')}; another needs its apiVersion`,
    path: ['kind'],
  })
  .meta({ id: 'WorkloadRef', description: 'A workload of the cluster.' })
export type WorkloadRef = z.infer<typeof WorkloadRef>

export type Workloads = ReadonlyMap<ServiceId, WorkloadRef>

/** The part of the configuration that says it. */
export interface WorkloadsConfig {
  readonly kubernetes?: { readonly workloads: Readonly<Record<ServiceId, WorkloadRef>> } | undefined
}

/** Empty where no cluster is configured. */
export function workloadsOf({ kubernetes }: WorkloadsConfig): Workloads {
  return new Map(Object.entries(kubernetes?.workloads ?? {}))
}

/** The service that scales the workload; undefined: none does. Versions of one group are the same workload. */
export function serviceOf(workloads: Workloads, workload: WorkloadRef): ServiceId | undefined {
  const wanted = identityOf(workload)
  for (const [service, ref] of workloads) if (identityOf(ref) === wanted) return service
  return undefined
}

export function groupOf({ apiVersion }: Pick<WorkloadRef, 'apiVersion'>): string {
  return apiVersion.slice(0, apiVersion.indexOf('/'))
}

export function versionOf({ apiVersion }: Pick<WorkloadRef, 'apiVersion'>): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1)
}

/** The same for all versions of a kind: what the cluster stores once is one workload. */
export function identityOf(workload: WorkloadRef): string {
  const { namespace, kind, name } = workload
  return `${groupOf(workload)}/${kind}/${namespace}/${name}`
}

/** As people read and write it: `shop/Deployment/web`, or `shop/Rollout.v1alpha1.argoproj.io/web` (kubectl's order). */
export function workloadKey(workload: WorkloadRef): string {
  const { namespace, kind, name, apiVersion } = workload
  const type = apiVersion === APPS ? kind : `${kind}.${versionOf(workload)}.${groupOf(workload)}`
  return `${namespace}/${type}/${name}`
}

/** The inverse of workloadKey; undefined for anything else. */
export function parseWorkloadKey(key: string): WorkloadRef | undefined {
  const match = /^([^/]+)\/([^/.]+)(?:\.([^/.]+)\.([^/]+))?\/([^/]+)$/.exec(key)
  if (!match) return undefined
  const [, namespace, kind, version, group, name] = match
  const apiVersion = version === undefined ? APPS : `${group}/${version}`
  return WorkloadRef.safeParse({ namespace, kind, name, apiVersion }).data
}

/**
 * The service name of a workload that nobody named: `shop--web`, with the kind added where it is no Deployment. What
 * would not be a DNS label, or could be read two ways, is shortened and told apart by a hash.
 */
export function serviceNameFor(workload: WorkloadRef): ServiceId {
  const { namespace, kind, name } = workload
  const parts = [namespace, name, ...(kind === 'Deployment' ? [] : [kind.toLowerCase()])]
  const plain = parts.join('--')
  const isClear = parts.every((part) => !part.includes('--'))
  if (isClear && groupOf(workload) === 'apps' && ServiceId.safeParse(plain).success) return plain
  const hash = createHash('sha256').update(identityOf(workload)).digest('hex')
  const room = LONGEST_SERVICE_ID - HASH_DIGITS - 1
  const start = plain.replaceAll('.', '-').slice(0, room)
  return `${start}-${hash.slice(0, HASH_DIGITS)}`
}

/** The plural by which paths name the kind; undefined: it must be discovered. */
export function knownPlural({ apiVersion, kind }: WorkloadRef): string | undefined {
  return apiVersion === APPS ? PLURAL_OF_APPS[kind] : undefined
}

/** The path of the object itself on the API server. */
export function objectPath(workload: WorkloadRef, plural: string): string {
  const { apiVersion, namespace, name } = workload
  return `/apis/${apiVersion}/namespaces/${namespace}/${plural}/${name}`
}

export function scalePath(workload: WorkloadRef, plural: string): string {
  return `${objectPath(workload, plural)}/scale`
}

/** What is wrong with the map, as paths and messages: services that are not there, workloads that two services scale. */
export function workloadFaults(config: {
  readonly services: Readonly<Record<ServiceId, unknown>>
  readonly kubernetes?: WorkloadsConfig['kubernetes']
}): { path: (string | number)[]; message: string }[] {
  const owners = new Map<string, ServiceId>()
  const faults: { path: (string | number)[]; message: string }[] = []
  for (const [service, workload] of workloadsOf(config)) {
    const path = ['kubernetes', 'workloads', service]
    if (!(service in config.services))
      faults.push({ path, message: `there is no service "${service}" in services` })
    const other = owners.get(identityOf(workload))
    if (other !== undefined)
      faults.push({
        path,
        message: `${workloadKey(workload)} is scaled by service "${other}" already`,
      })
    owners.set(identityOf(workload), service)
  }
  return faults
}
