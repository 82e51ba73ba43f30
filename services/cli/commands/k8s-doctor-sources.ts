/** Where `forescale k8s doctor` has things from: autoscalers of a file or the cluster, a service of the controller or a configuration. */
import { text as textOfStream } from 'node:stream/consumers'
import { lowerMode } from '../../../agents/service-spec.ts'
import type { AppConfig } from '../../config.ts'
import { ServiceStatus } from '../../control-plane.ts'
import { page, StoredDecisionView } from '../../http/views.ts'
import type { KubernetesConfig } from '../../kubernetes/config.ts'
import { type Autoscaler, readAutoscaler } from '../../kubernetes/doctor/autoscaler.ts'
import type { Asked } from '../../kubernetes/doctor/cluster.ts'
import type { Decided } from '../../kubernetes/doctor/diagnose.ts'
import type { ServiceFacts } from '../../kubernetes/doctor/traps.ts'
import { ManifestError } from '../../kubernetes/manifests/manifest.ts'
import { documentsIn, textOf } from '../../kubernetes/manifests/read.ts'
import { ownLeadTimeMs } from '../../kubernetes/signal.ts'
import { type WorkloadRef, workloadsOf } from '../../kubernetes/workload.ts'
import { type Context, queryOf } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'

const MOST_DECISIONS = 500
const MANY_PAGES = 4

type Options = Readonly<Record<string, unknown>>

export interface Found {
  readonly named: readonly Autoscaler[]
  readonly all: readonly Autoscaler[]
  readonly hasTolerance: boolean | undefined
}

/** Of a file, of stdin, or of the cluster. Rejects with a CommandFailure that says what is not there or not understood. */
export async function foundBy(
  options: Options,
  file = '',
  config?: AppConfig | undefined,
): Promise<Found> {
  const { namespace, service } = options
  try {
    if (typeof namespace === 'string')
      return await inCluster(connectionOf(options, config), { namespace, name: file })
    if (file !== '' || !config || typeof service !== 'string') return await inText(file)
    return await inCluster(connectionOf(options, config), workloadOf(config, service))
  } catch (error) {
    if (error instanceof ManifestError)
      throw new CommandFailure(EXIT.configInvalid, error.message, undefined, { cause: error })
    throw error
  }
}

/** What is said on the command line stands alone: a context is one of its own file. */
function connectionOf(
  { kubeconfig, context }: Options,
  config: AppConfig | undefined,
): Pick<KubernetesConfig, 'kubeconfig' | 'context'> {
  const isSaid = kubeconfig !== undefined || context !== undefined
  if (!isSaid && config && !config.kubernetes)
    throw new CommandFailure(EXIT.configInvalid, 'the configuration has no section kubernetes')
  if (!isSaid) return config?.kubernetes ?? {}
  return { kubeconfig: kubeconfig as string | undefined, context: context as string | undefined }
}

function workloadOf(config: AppConfig, service: string): WorkloadRef {
  const workloads = workloadsOf(config)
  const ref = workloads.get(service)
  if (ref) return ref
  const known = [...workloads.keys()].join(', ') || 'none'
  throw new CommandFailure(
    EXIT.usage,
    `kubernetes.workloads has no "${service}"; there are: ${known}`,
  )
}

async function inText(file: string): Promise<Found> {
  if (file === '')
    throw new CommandFailure(
      EXIT.usage,
      'no file was named; allowed: a file, -, or --namespace with a name',
    )
  const text = file === '-' ? await textOfStream(process.stdin) : textOf(file)
  const all = documentsIn(text, file === '-' ? 'stdin' : file).flatMap(
    ({ document, place }) => readAutoscaler(document, place) ?? [],
  )
  if (all.length === 0)
    throw new CommandFailure(
      EXIT.configInvalid,
      `${file}: there is nothing that scales; allowed: a HorizontalPodAutoscaler or a ScaledObject at least`,
    )
  return { named: all, all, hasTolerance: undefined }
}

async function inCluster(
  connection: Pick<KubernetesConfig, 'kubeconfig' | 'context'>,
  asked: Asked,
): Promise<Found> {
  const { namespace, name } = asked
  if (name === '')
    throw new CommandFailure(
      EXIT.usage,
      '--namespace needs the name of an autoscaler or of its workload',
    )
  // the client is loaded for who asks a cluster, not for every command
  const { findInCluster } = await import('../../kubernetes/doctor/cluster.ts')
  const found = await findInCluster(connection, asked).catch((cause: unknown) => {
    if (cause instanceof ManifestError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CommandFailure(EXIT.unreachable, `the cluster: ${why}`, undefined, { cause })
  })
  if (found.named.length > 0) return found
  const names = found.all.map((one) => `${one.kind} ${one.name}`).join(', ') || 'none'
  throw new CommandFailure(
    EXIT.failure,
    `nothing in ${namespace} is named "${name}" or scales it; there are: ${names}`,
  )
}

export interface Known {
  readonly facts: ServiceFacts
  /** undefined: nobody was asked what was decided. */
  readonly decided: readonly Decided[] | undefined
}

/** What the controller knows of the service, or the configuration where one is given; undefined when none was named. */
export async function knownOf(
  context: Context,
  service: unknown,
  config: AppConfig | undefined,
): Promise<Known | undefined> {
  if (typeof service !== 'string') return undefined
  return config ? declared(config, service) : learned(context, service)
}

function declared(config: AppConfig, service: string): Known {
  const spec = config.services[service]
  if (spec === undefined)
    throw new CommandFailure(
      EXIT.usage,
      `service: "${service}" is not configured; allowed: ${Object.keys(config.services).join(', ')}`,
    )
  const { mode, minReplicas, maxReplicas, startupSeconds } = spec
  const leadSeconds = config.tickMs / 1000 + startupSeconds
  const inForce = lowerMode(config.mode, mode ?? config.mode)
  return { facts: { mode: inForce, leadSeconds, minReplicas, maxReplicas }, decided: undefined }
}

async function learned({ api }: Context, service: string): Promise<Known> {
  const name = encodeURIComponent(service)
  const status = await api.get(`/v1/services/${name}`, ServiceStatus)
  const decided: Decided[] = []
  let cursor: string | undefined
  for (let n = 0; n < MANY_PAGES; n++) {
    const query = queryOf({ service, changes: true, limit: MOST_DECISIONS, cursor })
    const { items, next } = await api.get(`/v1/decisions${query}`, page(StoredDecisionView))
    decided.push(...items.map(({ from, to }) => ({ from, to })))
    if (next === null) break
    cursor = next
  }
  const { mode, minReplicas, maxReplicas } = status
  return {
    facts: { mode, leadSeconds: ownLeadTimeMs(status) / 1000, minReplicas, maxReplicas },
    decided,
  }
}
