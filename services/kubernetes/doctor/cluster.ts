/** Autoscalers as a cluster holds them, and whether it keeps a tolerance of theirs: reads, and one dry run. */
import { z } from 'zod'
import { type ClusterApi, createClusterApi, hasStatus } from '../api.ts'
import type { KubernetesConfig } from '../config.ts'
import { connectCluster } from '../connect.ts'
import { type Autoscaler, readAutoscaler } from './autoscaler.ts'

const HPAS = '/apis/autoscaling/v2/namespaces'
const SCALED_OBJECTS = '/apis/keda.sh/v1alpha1/namespaces'
const CONFLICTS_TRIED = [404, 403, 405]

/** By the name of an autoscaler or of its workload; with `kind` it is the workload's. */
export interface Asked {
  readonly namespace: string
  readonly name: string
  readonly kind?: string
}

export interface FoundInCluster {
  /** The one that was named, or those that scale what was named. */
  readonly named: readonly Autoscaler[]
  /** All of the namespace. */
  readonly all: readonly Autoscaler[]
  readonly hasTolerance: boolean | undefined
}

const List = z.object({ items: z.array(z.looseObject({})).default([]) })
const Patched = z.object({ spec: z.looseObject({}) })

export async function findInCluster(
  connection: Pick<KubernetesConfig, 'kubeconfig' | 'context'>,
  asked: Asked,
): Promise<FoundInCluster> {
  const api = createClusterApi(await connectCluster(connection))
  try {
    return await find(api, asked)
  } finally {
    await api.close()
  }
}

async function find(api: ClusterApi, { namespace, name, kind }: Asked): Promise<FoundInCluster> {
  const all = [
    ...(await listed(api, `${HPAS}/${namespace}/horizontalpodautoscalers`, {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
    })),
    ...(await listed(api, `${SCALED_OBJECTS}/${namespace}/scaledobjects`, {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
    })),
  ]
  const byName = kind === undefined ? all.filter((one) => one.name === name) : []
  const byTarget = all.filter(
    ({ target, isKedas }) =>
      target.name === name && target.kind === (kind ?? target.kind) && !isKedas,
  )
  const named = byName.length > 0 ? byName : byTarget
  const hpa = all.find(({ kind }) => kind === 'HorizontalPodAutoscaler')
  return { named, all, hasTolerance: hpa && (await keepsTolerance(api, namespace, hpa.name)) }
}

/** None where the kind is not installed. */
async function listed(
  api: ClusterApi,
  path: string,
  type: { apiVersion: string; kind: string },
): Promise<Autoscaler[]> {
  try {
    const { items } = List.parse(await api.request('GET', path))
    // items of a list do not say what they are
    return items.flatMap((item) => readAutoscaler({ ...type, ...item }, path) ?? [])
  } catch (error) {
    if (hasStatus(error, 404)) return []
    throw error
  }
}

/** Asked of the server by a dry run: a cluster without the gate drops the field. undefined where we may not ask. */
async function keepsTolerance(
  api: ClusterApi,
  namespace: string,
  name: string,
): Promise<boolean | undefined> {
  const path = `${HPAS}/${namespace}/horizontalpodautoscalers/${name}`
  const body = { spec: { behavior: { scaleUp: { tolerance: '50m' } } } }
  try {
    const contentType = 'application/merge-patch+json'
    const query = { dryRun: 'All' }
    const answer = await api.request('PATCH', path, { body, contentType, query })
    return JSON.stringify(Patched.parse(answer).spec).includes('"tolerance"')
  } catch (error) {
    if (CONFLICTS_TRIED.some((status) => hasStatus(error, status))) return undefined
    throw error
  }
}
