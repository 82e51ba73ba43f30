/** `forescale k8s doctor`: which decisions an HPA or ScaledObject will swallow, and what else is wrong with it. */
import { text as textOfStream } from 'node:stream/consumers'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { readSpanMs } from '../../../datasets/time.ts'
import { ServiceStatus } from '../../control-plane.ts'
import { page, StoredDecisionView } from '../../http/views.ts'
import { type Autoscaler, readAutoscaler } from '../../kubernetes/doctor/autoscaler.ts'
import {
  type ClusterFacts,
  type Decided,
  type Diagnosis,
  diagnose,
} from '../../kubernetes/doctor/diagnose.ts'
import { reportOf } from '../../kubernetes/doctor/report.ts'
import { SEVERITIES } from '../../kubernetes/doctor/traps.ts'
import { ManifestError } from '../../kubernetes/manifests/manifest.ts'
import { documentsIn, textOf } from '../../kubernetes/manifests/read.ts'
import { act, type Context, jsonOption, queryOf } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import type { Surroundings } from '../terminal.ts'

const MOST_DECISIONS = 500
const MANY_PAGES = 4

const EXAMPLES = `
Examples:
  forescale k8s doctor hpa.yaml --at 10,20
  kubectl get hpa,scaledobject -n shop -o yaml | forescale k8s doctor -
  forescale k8s doctor --namespace shop search
  forescale k8s doctor hpa.yaml --service search --fail-on fault

With --service the running controller is asked for the lead time, mode and bounds, and the changes that it decided are
tried. SWALLOWED WISHES never come to anything, however long they stand; the other columns say what twice and half as
many come to within an hour. The rules are the HPA's own (agents/hpa).`

export function addDoctor(
  group: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = group
    .command('doctor')
    .description(
      'which decisions an HPA or ScaledObject will swallow, with the fix, and other traps',
    )
    .argument('[file]', 'of HPAs and ScaledObjects, - is stdin; with --namespace the name of one')
    .option('-n, --namespace <name>', 'read it from the cluster')
    .option('--kubeconfig <file>', 'to connect by ($KUBECONFIG, ~/.kube/config)')
    .option('--context <name>', 'of the kubeconfig')
    .option('-s, --service <name>', 'the service that it follows, asked of the controller')
    .option('--at <counts>', 'replica counts to look at, parted by commas', counts)
    .option(
      '--lead <span>',
      'from decision to ready capacity (of the controller, or its annotation)',
    )
    .option('--tolerance <share>', "the cluster's HPA tolerance", share, 0.1)
    .option('--sync <span>', "the cluster's HPA sync period", '15s')
    .option('--downscale-stabilization <span>', "the cluster's downscale window", '5m')
    .addOption(
      new Option(
        '--fail-on <severity>',
        'exit 5 when there is such a trap, or a worse one',
      ).choices(SEVERITIES),
    )
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async (context, options, [file]) => {
    const found = await foundBy(options, file)
    const known = await knownOf(context, options.service)
    const { terminal } = context
    const cluster = clusterOf(options, found)
    const diagnoses = found.named.map((autoscaler) =>
      diagnose(autoscaler, {
        ...{ all: found.all, cluster, at: (options.at as number[] | undefined) ?? [] },
        leadSeconds: leadOf(options.lead, known?.facts.leadSeconds, autoscaler),
        service: known?.facts,
        decided: known?.decided,
      }),
    )
    if (options.json) terminal.printJson(diagnoses)
    else for (const line of diagnoses.flatMap(separated)) terminal.print(line)
    return isAsBadAs(diagnoses, options.failOn) ? EXIT.thresholdNotMet : EXIT.ok
  })
}

const separated = (one: Diagnosis, i: number): string[] => [
  ...(i > 0 ? [''] : []),
  ...reportOf(one),
]

function clusterOf(
  options: Readonly<Record<string, unknown>>,
  { hasTolerance }: Found,
): ClusterFacts {
  const window = '--downscale-stabilization'
  return {
    tolerance: options.tolerance as number,
    syncMs: readSpanMs(String(options.sync), '--sync'),
    downscaleStabilizationMs: readSpanMs(String(options.downscaleStabilization), window),
    hasTolerance,
  }
}

/** Whether some trap is of the severity, or of a worse one. */
function isAsBadAs(diagnoses: readonly Diagnosis[], severity: unknown): boolean {
  const limit = (SEVERITIES as readonly unknown[]).indexOf(severity)
  return diagnoses.some(({ traps }) =>
    traps.some((trap) => SEVERITIES.indexOf(trap.severity) <= limit),
  )
}

interface Found {
  readonly named: readonly Autoscaler[]
  readonly all: readonly Autoscaler[]
  readonly hasTolerance: boolean | undefined
}

async function foundBy(options: Readonly<Record<string, unknown>>, file = ''): Promise<Found> {
  try {
    const { namespace } = options
    return typeof namespace === 'string'
      ? await inCluster(options, namespace, file)
      : await inText(file)
  } catch (error) {
    if (error instanceof ManifestError)
      throw new CommandFailure(EXIT.configInvalid, error.message, undefined, { cause: error })
    throw error
  }
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
  { kubeconfig, context }: Readonly<Record<string, unknown>>,
  namespace: string,
  name: string,
): Promise<Found> {
  if (name === '')
    throw new CommandFailure(
      EXIT.usage,
      '--namespace needs the name of an autoscaler or of its workload',
    )
  // the client is loaded for who asks a cluster, not for every command
  const { findInCluster } = await import('../../kubernetes/doctor/cluster.ts')
  const connection = {
    kubeconfig: kubeconfig as string | undefined,
    context: context as string | undefined,
  }
  const found = await findInCluster(connection, namespace, name).catch((cause: unknown) => {
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

/** What the controller knows of the service; undefined when none was named. */
async function knownOf({ api }: Context, service: unknown) {
  if (typeof service !== 'string') return undefined
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
  const { mode, leadTimeMs, minReplicas, maxReplicas } = status
  return { facts: { mode, leadSeconds: leadTimeMs / 1000, minReplicas, maxReplicas }, decided }
}

function leadOf(
  given: unknown,
  learned: number | undefined,
  { annotations }: Autoscaler,
): number | undefined {
  if (typeof given === 'string') return readSpanMs(given, '--lead') / 1000
  const declared = Number(annotations['forescale.dev/lead-seconds'])
  return learned ?? (declared > 0 ? declared : undefined)
}

function counts(text: string): number[] {
  const all = text.split(',').map((part) => (/^\d{1,5}$/.test(part.trim()) ? Number(part) : 0))
  if (all.every((count) => count >= 1 && count <= 10_000)) return all
  throw new InvalidArgumentError(
    `"${text}" is not allowed; allowed: counts from 1 to 10000, like 3,10,50`,
  )
}

function share(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= 0 && value <= 1) return value
  throw new InvalidArgumentError(`"${text}" is not allowed; allowed: 0 to 1`)
}
