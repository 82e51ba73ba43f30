/** Autoscalers as a cluster holds them, and whether it keeps a tolerance of theirs: reads, and one dry run. */

import type { KubernetesConfig } from '../config.ts'
import { connectCluster } from '../connect.ts'
import { createRest, type Rest, RestError } from '../rest.ts'
import { type Autoscaler, readAutoscaler } from './autoscaler.ts'

const HPAS = '/apis/autoscaling/v2/namespaces'
const SCALED_OBJECTS = '/apis/keda.sh/v1alpha1/namespaces'
const CONFLICTS_TRIED = [404, 403, 405]

export interface FoundInCluster {
  /** The one that was named, or those that scale what was named. */
  readonly named: readonly Autoscaler[]
  /** All of the namespace. */
  readonly all: readonly Autoscaler[]
  readonly hasTolerance: boolean | undefined
}

interface List {
  readonly items?: readonly object[]
}

export async function findInCluster(
  connection: Pick<KubernetesConfig, 'kubeconfig' | 'context'>,
  namespace: string,
  name: string,
): Promise<FoundInCluster> {
  const rest = createRest(connectCluster(connection))
  const all = [
    ...(await listed(rest, `${HPAS}/${namespace}/horizontalpodautoscalers`, {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
    })),
    ...(await listed(rest, `${SCALED_OBJECTS}/${namespace}/scaledobjects`, {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
    })),
  ]
  const byName = all.filter((one) => one.name === name)
  const byTarget = all.filter((one) => one.target.name === name && !one.isKedas)
  const named = byName.length > 0 ? byName : byTarget
  const hpa = all.find(({ kind }) => kind === 'HorizontalPodAutoscaler')
  return { named, all, hasTolerance: hpa && (await keepsTolerance(rest, namespace, hpa.name)) }
}

/** None where the kind is not installed. */
async function listed(
  rest: Rest,
  path: string,
  type: { apiVersion: string; kind: string },
): Promise<Autoscaler[]> {
  try {
    const { items = [] } = (await rest('GET', path)) as List
    // items of a list do not say what they are
    return items.flatMap((item) => readAutoscaler({ ...type, ...item }, path) ?? [])
  } catch (error) {
    if (error instanceof RestError && error.code === 404) return []
    throw error
  }
}

/** Asked of the server by a dry run: a cluster without the gate drops the field. undefined where we may not ask. */
async function keepsTolerance(
  rest: Rest,
  namespace: string,
  name: string,
): Promise<boolean | undefined> {
  const path = `${HPAS}/${namespace}/horizontalpodautoscalers/${name}?dryRun=All`
  const body = { spec: { behavior: { scaleUp: { tolerance: '50m' } } } }
  try {
    const answer = await rest('PATCH', path, { body, contentType: 'application/merge-patch+json' })
    return JSON.stringify(answer.spec).includes('"tolerance"')
  } catch (error) {
    if (error instanceof RestError && CONFLICTS_TRIED.includes(error.code)) return undefined
    throw error
  }
}
