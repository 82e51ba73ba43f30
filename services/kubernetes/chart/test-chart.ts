/** The chart as helm renders it, and what its roles say, line by line. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { parseAllDocuments, stringify } from 'yaml'
import { programOf } from '../test-control-plane.ts'

export const CHART = 'deploy/helm/forescale'
export const RELEASE = 'f'
export const NAMESPACE = 'forescale'
/** The release is named f, so everything is named after both. */
export const FULL_NAME = 'f-forescale'
const KUBE_VERSION = ['--kube-version', '1.36.3']

export const HELM_HERE = existsSync(programOf('helm'))
const run = promisify(execFile)

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  // biome-ignore lint/suspicious/noExplicitAny: any object of Kubernetes
  readonly [field: string]: any
}

async function withValues<T>(values: object, work: (args: string[]) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'forescale-chart-'))
  const file = path.join(folder, 'values.yaml')
  try {
    await writeFile(file, stringify(values))
    return await work(['-f', file])
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Rejects with what helm said. */
export const renderText = (values: object, ...args: string[]): Promise<string> =>
  withValues(values, async (files) => {
    const all = ['template', RELEASE, CHART, '-n', NAMESPACE, ...KUBE_VERSION, ...files, ...args]
    return (await run(programOf('helm'), all, { maxBuffer: 64 * 1024 * 1024 })).stdout
  })

export const render = async (values: object, ...args: string[]): Promise<Manifest[]> =>
  manifestsOf(await renderText(values, ...args))

export function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((document) => document !== null)
}

/** `helm install`, `helm upgrade` or `helm uninstall` of the release in a cluster. */
export const helm = (kubeconfig: string, command: string, values?: object): Promise<string> =>
  withValues(values ?? {}, async (files) => {
    const about = values ? [CHART, ...files] : []
    const all = [command, RELEASE, ...about, '-n', NAMESPACE, '--kubeconfig', kubeconfig]
    return (await run(programOf('helm'), all)).stdout
  })

export const lint = (values: object): Promise<string> =>
  withValues(values, async (files) => {
    const all = ['lint', '--strict', CHART, ...KUBE_VERSION, ...files]
    return (await run(programOf('helm'), all)).stdout
  })

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  readonly resourceNames?: readonly string[]
}

/** One line a resource: where, group/resource, of which names, verbs. Bindings that name no role of ours are lines too. */
export function rbacLines(manifests: readonly Manifest[]): string[] {
  const roles = manifests.filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role')
  const lines = roles.flatMap(({ kind, metadata, rules }) => {
    const where = kind === 'Role' ? `in ${metadata.namespace}` : 'everywhere'
    const whose = metadata.name.endsWith(':metrics-reader') ? 'hpa ' : ''
    return (rules as Rule[]).flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
      apiGroups.flatMap((group) =>
        resources.map((resource) => {
          const names = resourceNames ? `[${resourceNames.join(' ')}]` : ''
          return `${whose}${where}: ${group || 'core'}/${resource}${names} ${verbs.join(' ')}`
        }),
      ),
    )
  })
  const own = new Set(roles.map(({ metadata }) => metadata.name))
  const foreign = manifests
    .filter(({ kind, roleRef }) => kind.endsWith('RoleBinding') && !own.has(roleRef.name))
    .map(({ metadata, roleRef }) => `in ${metadata.namespace}: ${roleRef.kind} ${roleRef.name}`)
  return [...lines, ...foreign].sort()
}

/** What each form is made of. */
export const FORMS: Readonly<Record<string, object>> = {
  recommend: {},
  enforce: { mode: 'enforce' },
  /** Everything that can be switched on. */
  everything: {
    mode: 'enforce',
    replicas: 2,
    ledger: { existingSecret: 'forescale-postgresql' },
    config: { services: { checkout: {} }, costBudgetPerHour: 20 },
    kubernetes: { customWorkloads: [{ apiGroup: 'argoproj.io', resource: 'rollouts' }] },
    settings: { configMap: 'forescale-settings' },
    tls: { mode: 'generated', http: true },
    metricsApi: { enabled: true },
    scaler: { enabled: true },
    monitoring: {
      serviceMonitor: { enabled: true, bearerTokenSecret: { name: 'forescale-viewer' } },
      prometheusRule: { enabled: true, runbookBaseUrl: 'https://runbooks.example/' },
      dashboards: { enabled: true },
    },
  },
  /** In two namespaces, and nothing of its own to ask of the rest. */
  namespaced: {
    mode: 'enforce',
    kubernetes: { namespaces: ['shop', 'search'] },
    settings: { enabled: false },
    config: { services: { checkout: {} } },
  },
}
