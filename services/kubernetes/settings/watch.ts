/** The objects that settings come from, kept current by watches. Reading them asks the API server nothing. */
import { z } from 'zod'
import type { ClusterApi } from '../api.ts'
import { API_VERSION, BUDGETS, POLICIES } from '../crds/definitions.ts'
import { createReflector, type Reflector } from '../target/reflector.ts'
import type { WatchState } from '../target/view.ts'
import { WorkloadRef } from '../workload.ts'
import type { SettingsConfig } from './config.ts'
import { PREFIX } from './fields.ts'
import { GLOBALS_KEY } from './globals.ts'
import type { ObjectRef, Seen, SeenBudget, SeenGlobals, SeenPolicy, SeenWorkload } from './seen.ts'

export interface SeenBudgetStatus extends SeenBudget {
  readonly status: unknown
}
export interface SeenPolicyStatus extends SeenPolicy {
  readonly status: unknown
}

export interface SeenNow extends Seen {
  readonly policies: readonly SeenPolicyStatus[]
  readonly budgets: readonly SeenBudgetStatus[]
}

export interface SettingsWatch {
  /** Resolves when all was listed, or is known not to be there. */
  readonly listed: Promise<void>
  seen(): SeenNow
  states(): readonly WatchState[]
  stop(): void
}

export interface SettingsWatchOptions {
  readonly api: Pick<ClusterApi, 'request' | 'watch'>
  /** Empty: the whole cluster. */
  readonly namespaces: readonly string[]
  readonly configMap: SettingsConfig['configMap']
  /** Something that settings are made of is another. */
  readonly onChange: () => void
  readonly onError: (path: string, error: unknown) => void
  readonly nowMs: () => number
}

const Metadata = z.object({
  name: z.string(),
  namespace: z.string().default(''),
  uid: z.string().default(''),
  generation: z.number().default(0),
  creationTimestamp: z.string().default(''),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
})
const Shown = z.object({
  metadata: Metadata,
  spec: z.unknown().optional(),
  status: z.unknown().optional(),
  data: z.record(z.string(), z.string()).optional(),
})
type Shown = z.infer<typeof Shown>

const KINDS = [
  { kind: 'Deployment', plural: 'deployments' },
  { kind: 'StatefulSet', plural: 'statefulsets' },
] as const

export function watchSettings(options: SettingsWatchOptions): SettingsWatch {
  const { namespaces, configMap } = options
  const places = namespaces.length === 0 ? [''] : namespaces
  let stopped = false
  const every: { readonly path: string; readonly reflector: Reflector<unknown> }[] = []

  function follow<T>(
    root: string,
    plural: string,
    project: (object: Shown) => T | undefined,
    query: Readonly<Record<string, string>> = {},
  ): Reflector<T> {
    const path = `${root}/${plural}`
    const reflector = createReflector<T>({
      ...{ api: options.api, nowMs: options.nowMs, path, query },
      project: (object) => {
        const shown = Shown.safeParse(object)
        return shown.success && shown.data.metadata.deletionTimestamp === undefined
          ? project(shown.data)
          : undefined
      },
      onChange: (_key, next, before) => {
        // a status that was written, replicas that came: nothing that settings are made of
        if (wordsOf(next) !== wordsOf(before)) options.onChange()
      },
      onError: (error) => {
        if (!stopped) options.onError(path, error)
      },
    })
    every.push({ path, reflector })
    return reflector
  }

  const within = (root: string, place: string) =>
    place === '' ? root : `${root}/namespaces/${place}`
  const workloads = places.flatMap((place) =>
    KINDS.map(({ kind, plural }) =>
      follow(within('/apis/apps/v1', place), plural, (object) => workloadOf(kind, object)),
    ),
  )
  const policies = places.map((place) =>
    follow(within(`/apis/${API_VERSION}`, place), POLICIES, policyOf),
  )
  const budgets = follow(`/apis/${API_VERSION}`, BUDGETS, budgetOf)
  const globals =
    configMap &&
    follow(`/api/v1/namespaces/${configMap.namespace}`, 'configmaps', globalsOf, {
      fieldSelector: `metadata.name=${configMap.name}`,
    })
  const itemsOf = <T>(reflectors: readonly Reflector<T>[]): T[] =>
    reflectors.flatMap(({ items }) => [...items.values()])
  return {
    listed: Promise.all(every.map(({ reflector }) => reflector.listed)).then(() => {}),
    seen: () => ({
      workloads: itemsOf(workloads),
      policies: itemsOf(policies),
      budgets: itemsOf([budgets]),
      globals: globals && itemsOf([globals])[0],
    }),
    states: () =>
      every.map(({ path, reflector }) => ({
        path,
        state: reflector.state(),
        objects: reflector.items.size,
        lists: reflector.lists(),
      })),
    stop() {
      stopped = true
      for (const { reflector } of every) reflector.stop()
    },
  }
}

function wordsOf(item: unknown): string {
  if (typeof item !== 'object' || item === null) return ''
  const { status: _, ...words } = { status: undefined, ...item }
  return JSON.stringify(words)
}

function objectOf(apiVersion: string, kind: string, { metadata }: Shown): ObjectRef {
  const { namespace, name, uid } = metadata
  return { apiVersion, kind, namespace, name, uid }
}

const ours = (texts: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).filter(([name]) => name.startsWith(PREFIX)))

/** Of every workload its name, for a ScalingPolicy may be for it; of what it carries only what is ours. */
function workloadOf(kind: string, shown: Shown): SeenWorkload | undefined {
  const { namespace, name, labels, annotations } = shown.metadata
  const ref = WorkloadRef.safeParse({ namespace, kind, name })
  if (!ref.success) return undefined
  return {
    object: objectOf(ref.data.apiVersion, kind, shown),
    ref: ref.data,
    labels: ours(labels),
    annotations: ours(annotations),
  }
}

function policyOf(shown: Shown): SeenPolicyStatus {
  const { generation, creationTimestamp } = shown.metadata
  const object = objectOf(API_VERSION, 'ScalingPolicy', shown)
  const { spec, status } = shown
  return { object, generation, createdAt: creationTimestamp, spec, status }
}

function budgetOf(shown: Shown): SeenBudgetStatus {
  const { generation } = shown.metadata
  const { spec, status } = shown
  return { object: objectOf(API_VERSION, 'Budget', shown), generation, spec, status }
}

function globalsOf(shown: Shown): SeenGlobals {
  return { object: objectOf('v1', 'ConfigMap', shown), text: shown.data?.[GLOBALS_KEY] }
}
