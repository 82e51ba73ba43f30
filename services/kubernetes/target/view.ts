/**
 * The cluster as scaling sees it, kept current by one watch a kind (and namespace, where namespaces are named): workloads,
 * their pods, and what else acts on them. Reading it asks the API server nothing.
 */
import type { ReplicaCounts } from '../../../agents/observation.ts'
import type { ClusterApi } from '../api.ts'
import type { WorkloadRef, Workloads } from '../workload.ts'
import type { OtherWriters } from './conflict.ts'
import type { Discovery } from './discovery.ts'
import { createPodIndex, createTargetIndex } from './indexes.ts'
import {
  hpaView,
  ownerKey,
  podView,
  scaledObjectView,
  vpaView,
  type WorkloadView,
  workloadView,
} from './objects.ts'
import { createReflector, type Reflector, type ReflectorState } from './reflector.ts'

const PODS = '/api/v1'
/** Pods that have ended cost nothing, and there may be many of them. */
const RUNNING_PODS = { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' }
const OTHERS = [
  {
    role: 'hpas',
    root: '/apis/autoscaling/v2',
    plural: 'horizontalpodautoscalers',
    project: hpaView,
  },
  {
    role: 'scaledObjects',
    root: '/apis/keda.sh/v1alpha1',
    plural: 'scaledobjects',
    project: scaledObjectView,
  },
  {
    role: 'vpas',
    root: '/apis/autoscaling.k8s.io/v1',
    plural: 'verticalpodautoscalers',
    project: vpaView,
  },
] as const

export interface ClusterViewOptions {
  readonly api: Pick<ClusterApi, 'request' | 'watch'>
  readonly discovery: Discovery
  /** Empty: the whole cluster. */
  readonly namespaces: readonly string[]
  readonly nowMs: () => number
  readonly onError: (path: string, error: unknown) => void
}

/** One watch, for people and tests. */
export interface WatchState {
  readonly path: string
  readonly state: ReflectorState
  readonly objects: number
  readonly lists: number
}

export interface ClusterView {
  /** Watches the kinds of these workloads too; resolves when all that is watched was listed. */
  follow(workloads: Workloads): Promise<void>
  workload(ref: WorkloadRef): WorkloadView | undefined
  /** What is there of it, as pods; from its status where they cannot be told. */
  counts(ref: WorkloadRef): Omit<ReplicaCounts, 'requested'>
  /** Times from asked for to serving, ms. */
  startupsMs(ref: WorkloadRef): readonly number[]
  others(ref: WorkloadRef): OtherWriters
  /** What was written and answered, before the watch tells. */
  put(ref: WorkloadRef, view: WorkloadView): void
  /** Since when what is shown of the workload is no longer followed; undefined: it is current. */
  brokenSinceMs(ref: WorkloadRef): number | undefined
  watches(): readonly WatchState[]
  stop(): void
}

export function createClusterView(options: ClusterViewOptions): ClusterView {
  const { discovery, namespaces } = options
  const reflectors = new Map<string, Reflector<unknown>>()
  const workloads = new Map<string, Reflector<WorkloadView>>()
  const pods = createPodIndex()
  const others = {
    hpas: createTargetIndex(),
    scaledObjects: createTargetIndex(),
    vpas: createTargetIndex(),
  }
  const scopes = namespaces.length > 0 ? namespaces : [undefined]

  /** One watch of a collection; made once. */
  function watch<T>(path: string, made: Made<T>): Reflector<T> {
    const { query, project, onChange } = made
    const reflector = createReflector<T>({
      ...{ api: options.api, path, project, nowMs: options.nowMs },
      ...(query ? { query } : {}),
      ...(onChange ? { onChange: (...change) => onChange(reflector, ...change) } : {}),
      onError: (error) => options.onError(path, error),
    })
    reflectors.set(path, reflector)
    return reflector
  }

  function begin(): void {
    for (const scope of scopes) {
      const path = collection(PODS, 'pods', scope)
      if (reflectors.has(path)) continue
      watch(path, {
        query: RUNNING_PODS,
        project: podView,
        onChange: (reflector, key, next, before) =>
          pods.follow(key, next, before, reflector?.state().kind !== 'following'),
      })
      for (const { role, root, plural, project } of OTHERS)
        watch(collection(root, plural, scope), {
          project,
          onChange: (_, key, next, before) => others[role].follow(key, next, before),
        })
    }
  }

  /** The reflector that holds it; undefined: its kind or namespace is not watched. */
  function reflectorOf({ apiVersion, kind, namespace }: WorkloadRef) {
    return workloads.get(kindKey(apiVersion, kind, namespaces.length > 0 ? namespace : undefined))
  }

  return {
    async follow(wanted) {
      begin()
      for (const { apiVersion, kind, ...rest } of wanted.values()) {
        const ref = { apiVersion, kind, ...rest }
        if (reflectorOf(ref)) continue
        // a kind that is not there stops no other
        const plural = await discovery
          .pluralOf(ref)
          .catch((error: unknown) => options.onError(`/apis/${apiVersion}`, error))
        if (plural === undefined || reflectorOf(ref)) continue
        for (const scope of scopes)
          workloads.set(
            kindKey(apiVersion, kind, scope),
            watch(collection(`/apis/${apiVersion}`, plural, scope), { project: workloadView }),
          )
      }
      await Promise.all([...reflectors.values()].map(({ listed }) => listed))
    },
    workload: (ref) => reflectorOf(ref)?.items.get(itemKey(ref)),
    counts: (ref) =>
      pods.counts(keyOf(ref)) ?? countsOf(reflectorOf(ref)?.items.get(itemKey(ref))?.status),
    startupsMs: (ref) => pods.startupsMs(keyOf(ref)),
    others: (ref) => ({
      hpas: others.hpas.of(keyOf(ref)),
      scaledObjects: others.scaledObjects.of(keyOf(ref)),
      vpas: others.vpas.of(keyOf(ref)),
    }),
    put: (ref, view) => reflectorOf(ref)?.put(itemKey(ref), view),
    brokenSinceMs(ref) {
      const scope = namespaces.length > 0 ? ref.namespace : undefined
      return oldestBreak([reflectorOf(ref), reflectors.get(collection(PODS, 'pods', scope))])
    },
    watches: () =>
      Array.from(reflectors, ([path, reflector]) => ({
        path,
        state: reflector.state(),
        objects: reflector.items.size,
        lists: reflector.lists(),
      })),
    stop() {
      for (const reflector of reflectors.values()) reflector.stop()
    },
  }
}

function countsOf(status: WorkloadView['status'] = { replicas: 0, ready: 0 }) {
  const { ready, replicas } = status
  return { ready, starting: Math.max(0, replicas - ready), terminating: 0 }
}

function oldestBreak(
  watched: readonly (Pick<Reflector<unknown>, 'state'> | undefined)[],
): number | undefined {
  const since = watched.flatMap((one) => {
    const state = one?.state()
    return state?.kind === 'following' ? (state.brokenSinceMs ?? []) : []
  })
  return since.length > 0 ? Math.min(...since) : undefined
}

interface Made<T> {
  readonly query?: Readonly<Record<string, string>>
  readonly project: (object: unknown) => T | undefined
  readonly onChange?: (
    reflector: Reflector<T> | undefined,
    key: string,
    next: T | undefined,
    before: T | undefined,
  ) => void
}

const keyOf = ({ kind, namespace, name }: WorkloadRef): string => ownerKey(kind, namespace, name)
const itemKey = ({ namespace, name }: WorkloadRef): string => `${namespace}/${name}`
const kindKey = (apiVersion: string, kind: string, scope: string | undefined): string =>
  `${apiVersion}/${kind}/${scope ?? ''}`

function collection(root: string, plural: string, scope: string | undefined): string {
  return scope === undefined ? `${root}/${plural}` : `${root}/namespaces/${scope}/${plural}`
}
