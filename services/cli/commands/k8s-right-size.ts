/** `forescale k8s right-size`: what CPU and memory the containers of a workload should request, and the lines to apply. */
import { type Command, Option } from 'commander'
import { readSpanMs } from '../../../datasets/time.ts'
import { items } from '../../http/views.ts'
import { ResourcesConfig } from '../../kubernetes/resources/config.ts'
import { AdvisedWorkload, ResourceAdvice } from '../../kubernetes/resources/view.ts'
import { WorkloadRef } from '../../kubernetes/workload.ts'
import { type Api, read } from '../api.ts'
import { act, type Context, httpUrl, jsonOption, positive } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import type { Surroundings } from '../terminal.ts'
import { adviceLines, sumLines } from './resource-lines.ts'

const EXAMPLES = `
Examples:
  forescale k8s right-size                    all services of the controller whose workload is known
  forescale k8s right-size search             one of them, with the lines to apply
  forescale k8s right-size search --patch | kubectl -n shop patch deployment web --patch-file /dev/stdin
  forescale k8s right-size web -n shop --server http://prometheus:9090 --last 8d

With --server no controller is needed: usage, requests and kills are read from that Prometheus, by the names of cAdvisor and
kube-state-metrics (kubernetes.resources.queries has them for the controller). Worked out as the Vertical Pod Autoscaler's
recommender does. A controller works out one workload at a time: --timeout waits longer. Nothing is changed. Exit code 5: too
little history for every container.`

export function addRightSizeRequests(
  group: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = group
    .command('right-size')
    .description('what CPU and memory containers should request, and the lines to apply')
    .argument('[name]', 'a service of the controller; with --server a workload')
    .option('--server <url>', 'Prometheus, Thanos, Mimir or VictoriaMetrics to ask', httpUrl)
    .option('-n, --namespace <name>', 'of the workload; with --server')
    .addOption(
      new Option('--kind <kind>', 'of the workload; with --server')
        .choices(['Deployment', 'StatefulSet', 'ReplicaSet'])
        .default('Deployment'),
    )
    .option('--last <span>', 'how far back; with --server', '8d')
    .option('--step <span>', 'time that a sample speaks for; with --server', '5m')
    .option('--least <span>', 'least history to say anything of; with --server', '1d')
    .option('--price-core <dollars>', 'of a requested core, $/h; with --server', positive)
    .option('--price-gib <dollars>', 'of a requested GiB, $/h; with --server', positive)
    .option('--tenant <name>', 'X-Scope-OrgID; with --server')
    .option('--token-file <file>', 'file that holds a bearer token; with --server')
    .addOption(new Option('--patch', 'print nothing but the patch').conflicts('json'))
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async (context, options, [name]) => {
    const { terminal } = context
    const isOne = name !== undefined
    const found = await adviceFor(context, options, name)
    if (options.json) terminal.printJson(isOne ? found[0] : found)
    else if (options.patch) terminal.print(patchesOf(found))
    else
      for (const line of [...found.flatMap((one) => adviceLines(one, isOne)), ...sumLines(found)])
        terminal.print(line)
    return found.some(({ yaml }) => yaml !== null) ? EXIT.ok : EXIT.thresholdNotMet
  })
}

function patchesOf(found: readonly ResourceAdvice[]): string {
  const patches = found.flatMap(({ yaml }) => (yaml === null ? [] : [yaml.trimEnd()]))
  if (patches.length > 0) return patches.join('\n---\n')
  throw new CommandFailure(EXIT.thresholdNotMet, found.map(({ why }) => why).join('; '))
}

type Options = Readonly<Record<string, unknown>>

async function adviceFor(
  { api, terminal }: Context,
  options: Options,
  name: string | undefined,
): Promise<readonly ResourceAdvice[]> {
  if (options.server !== undefined) return [await ofServer(options, name, terminal.nowMs())]
  if (name !== undefined) return [await ofService(api, name)]
  const listed = read(items(AdvisedWorkload), await api.raw('GET', '/v1/resources'), api.url)
  if (listed.items.length === 0)
    throw new CommandFailure(
      EXIT.configInvalid,
      'the controller has no workloads to look at; needed: kubernetes.resources and kubernetes.workloads, or --server here',
    )
  const found: ResourceAdvice[] = []
  for (const { service } of listed.items) found.push(await ofService(api, service))
  return found
}

const ofService = (api: Api, service: string): Promise<ResourceAdvice> =>
  api.get(`/v1/services/${encodeURIComponent(service)}/resources`, ResourceAdvice)

async function ofServer(
  options: Options,
  name: string | undefined,
  nowMs: number,
): Promise<ResourceAdvice> {
  const { namespace, kind } = options
  const workload = checked(WorkloadRef.safeParse({ namespace, kind, name }))
  const config = checked(ResourcesConfig.safeParse(configOf(options)))
  // the client is loaded for who asks a server, not for every command
  const { workOut } = await import('../../kubernetes/resources/work-out.ts')
  return workOut({ workload, server: config.server!, config, nowMs }).catch((cause: Error) => {
    throw new CommandFailure(EXIT.unreachable, cause.message, undefined, { cause })
  })
}

function configOf(options: Options): object {
  const { server: url, tenant, tokenFile, priceCore, priceGib } = options
  const span = (name: string) => readSpanMs(String(options[name]), `--${name}`)
  return {
    ...{ historyMs: span('last'), stepMs: span('step'), leastHistoryMs: span('least') },
    server: {
      url,
      ...(tenant === undefined ? {} : { tenant }),
      ...(tokenFile === undefined ? {} : { tokenFile }),
    },
    ...(priceCore === undefined ? {} : { pricePerCoreHour: priceCore }),
    ...(priceGib === undefined ? {} : { pricePerGibHour: priceGib }),
  }
}

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

function checked<T>(
  result: { success: true; data: T } | { success: false; error: { issues: readonly Issue[] } },
): T {
  if (result.success) return result.data
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new CommandFailure(EXIT.usage, faults.join('; '))
}
