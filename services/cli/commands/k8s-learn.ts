/** `forescale k8s learn`: capacity of a replica and start-up lag, measured in the cluster's own Prometheus, with bounds. */
import { type Command, Option } from 'commander'
import { readSpanMs } from '../../../datasets/time.ts'
import {
  type Bounded,
  estimateCapacity,
  quantileWithBounds,
} from '../../kubernetes/learn/estimate.ts'
import { WorkloadRef } from '../../kubernetes/workload.ts'
import { PrometheusServer } from '../../stores/config.ts'
import { act, httpUrl, jsonOption, positive } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import type { Surroundings } from '../terminal.ts'

const START_QUANTILE = 0.9
const BLOCK_MS = 3 * 3_600_000
const TIMEOUT_MS = 60_000

const EXAMPLES = `
Examples:
  forescale k8s learn web -n shop --server http://prometheus:9090 \\
      --load 'sum(rate(http_requests_total{service="web"}[$step]))'
  forescale k8s learn web -n shop --server https://mimir/prometheus --tenant shop --token-file token \\
      --load '…' --violations '…' --last 14d

Ready replicas, CPU and pods are found by the names of kube-state-metrics and cAdvisor. $step becomes the step. Capacity is
learned from violations where some were seen, else from CPU up to what a replica requests.`

export function addLearn(group: Command, around: Surroundings, done: (code: number) => void): void {
  const command = group
    .command('learn')
    .description('capacity and start-up lag of a workload, from the history in its Prometheus')
    .argument('<workload>', 'name of the Deployment or StatefulSet')
    .requiredOption('-n, --namespace <name>', 'of the workload')
    .requiredOption('--server <url>', 'Prometheus, Thanos, Mimir or VictoriaMetrics', httpUrl)
    .requiredOption('--load <promql>', 'requests/s of the workload: one series')
    .option('--violations <promql>', 'share of requests outside the SLO, 0 to 1: one series')
    .addOption(
      new Option('--kind <kind>', 'of the workload')
        .choices(['Deployment', 'StatefulSet', 'ReplicaSet'])
        .default('Deployment'),
    )
    .option('--last <span>', 'how far back', '7d')
    .option('--step <span>', 'step of the history', '1m')
    .option('--objective <share>', 'of requests that must be good', positive, 0.99)
    .option(
      '--declared <rps>',
      'first guess of what a replica carries; with --violations',
      positive,
      10,
    )
    .option('--tenant <name>', 'X-Scope-OrgID')
    .option('--token-file <file>', 'file that holds a bearer token')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal }, options, [name = '']) => {
    const stepMs = readSpanMs(String(options.step), '--step')
    const toMs = Math.floor(terminal.nowMs() / stepMs) * stepMs
    const fromMs = toMs - readSpanMs(String(options.last), '--last')
    // the client is loaded for who asks a server, not for every command
    const { readHistory } = await import('../../kubernetes/learn/history.ts')
    const request = {
      ...{ fromMs, toMs, stepMs, ...parsed(options, name) },
      loadQuery: String(options.load),
      violationsQuery: options.violations as string | undefined,
    }
    const history = await readHistory(request).catch((cause: Error) => {
      throw new CommandFailure(EXIT.unreachable, cause.message, undefined, { cause })
    })
    const capacity = estimateCapacity({
      ...{ steps: history.steps, cpuRequest: history.cpuRequest, stepSeconds: stepMs / 1000 },
      objective: options.objective as number,
      declared: options.declared as number,
      blockSteps: Math.max(1, Math.round(BLOCK_MS / stepMs)),
    })
    const startup = quantileWithBounds(history.startupSeconds, START_QUANTILE) ?? null
    const pods = history.startupSeconds.length
    if (options.json) terminal.printJson({ workload: name, capacity, startup, pods })
    else {
      terminal.print(`services:\n  ${name}:`)
      terminal.print(
        capacity.by === 'none'
          ? `    # capacityPerReplica: ${capacity.why} (at most ${figure(capacity.mostSeen)} requests/s a replica were seen)`
          : `    capacityPerReplica: ${figure(capacity.value)} # ${bounds(capacity)}; by ${capacity.by}, ${capacity.steps} steps; at most ${figure(capacity.mostSeen)} were seen`,
      )
      terminal.print(
        startup === null
          ? '    # startupSeconds: no pod was made and became ready in this time'
          : `    startupSeconds: ${figure(startup.value)} # nine of ten pods; ${bounds(startup)}; ${pods} pods`,
      )
    }
    return capacity.by === 'none' && startup === null ? EXIT.failure : EXIT.ok
  })
}

const figure = (value: number): number => Number(value.toPrecision(3))

function bounds({ low, high }: Bounded): string {
  if (low === null && high === null) return 'too few for bounds'
  const side = (value: number | null) => (value === null ? '?' : figure(value))
  return `95 %: ${side(low)} to ${side(high)}`
}

function parsed(options: Readonly<Record<string, unknown>>, name: string) {
  const { namespace, kind, server: url, tenant, tokenFile } = options
  const workload = WorkloadRef.safeParse({ namespace, kind, name })
  if (!workload.success)
    throw new CommandFailure(
      EXIT.usage,
      workload.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
    )
  const server = PrometheusServer.safeParse({
    ...{ url, timeoutMs: TIMEOUT_MS },
    ...(tenant === undefined ? {} : { tenant }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
  })
  if (server.success) return { workload: workload.data, server: server.data }
  throw new CommandFailure(
    EXIT.usage,
    server.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
  )
}
