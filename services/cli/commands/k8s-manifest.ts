/** `forescale k8s manifest NAME`: the YAML by which a cluster follows a service, of what was learned of it. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { readSpanMs } from '../../../datasets/time.ts'
import { LEVELS } from '../../../forecaster/forecast.ts'
import { AppConfig } from '../../config.ts'
import { loadConfigFile } from '../../config-file.ts'
import { ServiceStatus } from '../../control-plane.ts'
import {
  CARRIED,
  type Carried,
  ROAD_NAMES,
  ROADS,
  type Road,
  type ServicePlan,
  USUAL_ADDRESSES,
} from '../../kubernetes/roads/plan.ts'
import { renderManifest } from '../../kubernetes/roads/render.ts'
import { ownLeadTimeMs } from '../../kubernetes/signal.ts'
import { WorkloadRef, workloadsOf } from '../../kubernetes/workload.ts'
import { act, type Context, configOption, httpUrl } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import type { Surroundings } from '../terminal.ts'

const ROAD_LINES = ROAD_NAMES.map((road) => `  ${road.padEnd(17)} ${ROADS[road]}`).join('\n')

const EXAMPLES = `
Roads:
${ROAD_LINES}

Examples:
  forescale k8s manifest search
  forescale k8s manifest search --road keda-prometheus --prometheus http://prometheus.monitoring.svc:9090
  forescale k8s manifest search --namespace shop --workload web --carry load
  forescale k8s manifest search --config forescale.yaml     of what is declared, no controller asked

Which road to choose: docs/kubernetes.md. Nothing is applied: | kubectl apply -f -`

export function addManifest(
  group: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = group
    .command('manifest')
    .description('the HPA, ScaledObject or annotations by which a workload follows a service')
    .argument('<service>', 'name of the service')
    .addOption(
      new Option('-r, --road <road>', 'how it follows').choices(ROAD_NAMES).default('hpa-external'),
    )
    .addOption(
      new Option(
        '--carry <what>',
        'replicas as decided, or the forecast load, which the HPA divides',
      )
        .choices(CARRIED)
        .default('replicas'),
    )
    .option('-n, --namespace <name>', 'of the workload (kubernetes.workloads)')
    .option(
      '--workload <name>',
      'name of the workload (kubernetes.workloads, or that of the service)',
    )
    .option('--kind <kind>', 'of the workload: Deployment, StatefulSet')
    .option('--level <quantile>', 'of the forecast (as sure as the objective)', level)
    .option('--no-tolerance', 'for clusters whose HPAs have no tolerance of their own')
    .option('--scrape <span>', 'how often Prometheus scrapes Forescale', '15s')
    .option('--poll <span>', "KEDA's polling interval", '15s')
    .option(
      '--prometheus <url>',
      'address as the cluster knows it',
      httpUrl,
      USUAL_ADDRESSES.prometheus,
    )
    .option(
      '--controller <url>',
      'address as the cluster knows it',
      httpUrl,
      USUAL_ADDRESSES.controller,
    )
    .option('--scaler <host:port>', 'of our gRPC scaler', USUAL_ADDRESSES.scaler)
    .addOption(configOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async (context, options, [service = '']) => {
    const plan = await planOf(context, options, service, around)
    const text = renderManifest(plan, options.road as Road, {
      carried: options.carry as Carried,
      level: options.level as number | undefined,
      tolerance: options.tolerance !== false,
      addresses: {
        prometheus: String(options.prometheus),
        controller: String(options.controller),
        scaler: String(options.scaler),
      },
      times: {
        scrapeMs: readSpanMs(String(options.scrape), '--scrape'),
        pollMs: wholeSeconds(String(options.poll), '--poll'),
        hpaSyncMs: 15_000,
      },
    })
    context.terminal.print(text.trimEnd())
    return undefined
  })
}

async function planOf(
  { api }: Context,
  options: Readonly<Record<string, unknown>>,
  service: string,
  around: Surroundings,
): Promise<ServicePlan> {
  const declared = typeof options.config === 'string'
  const config = declared
    ? loadConfigFile(String(options.config), around.env)
    : await api.get('/v1/config', AppConfig)
  const spec = config.services[service]
  if (spec === undefined)
    throw new CommandFailure(
      EXIT.failure,
      `service: "${service}" is not configured; allowed: ${Object.keys(config.services).join(', ')}`,
    )
  const learned = declared
    ? undefined
    : await api.get(`/v1/services/${encodeURIComponent(service)}`, ServiceStatus)
  return {
    ...{ service, tickMs: config.tickMs, workload: workloadOf(config, options, service) },
    minReplicas: learned?.minReplicas ?? spec.minReplicas,
    maxReplicas: learned?.maxReplicas ?? spec.maxReplicas,
    behavior: spec.behavior,
    capacityPerReplica: learned?.capacityPerReplica ?? spec.capacityPerReplica,
    targetUtilization: spec.targetUtilization,
    objective: spec.slo.objective,
    leadTimeMs: learned ? ownLeadTimeMs(learned) : config.tickMs + spec.startupSeconds * 1000,
    origin: declared ? 'declared' : 'learned',
  }
}

function workloadOf(
  config: AppConfig,
  { namespace, workload, kind }: Readonly<Record<string, unknown>>,
  service: string,
): WorkloadRef {
  const known = workloadsOf(config).get(service)
  if (known === undefined && namespace === undefined)
    throw new CommandFailure(
      EXIT.usage,
      `--namespace: absent; allowed: the namespace of ${service}, which kubernetes.workloads does not name`,
    )
  const given = {
    ...(known ?? { name: service }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(workload === undefined ? {} : { name: workload }),
    ...(kind === undefined ? {} : { kind }),
  }
  const read = WorkloadRef.safeParse(given)
  if (read.success) return read.data
  const issue = read.error.issues[0]!
  const field = String(issue.path[0] ?? 'workload')
  const value = JSON.stringify(Reflect.get(given, field) ?? null)
  throw new CommandFailure(EXIT.usage, `${field}: ${value} is not allowed; ${issue.message}`)
}

function level(text: string): number {
  const found = LEVELS.find((one) => String(one) === text.trim())
  if (found !== undefined) return found
  throw new InvalidArgumentError(`"${text}" is not allowed; allowed: ${LEVELS.join(', ')}`)
}

/** KEDA counts in whole seconds. */
function wholeSeconds(text: string, field: string): number {
  const ms = readSpanMs(text, field)
  if (ms % 1000 === 0) return ms
  throw new CommandFailure(EXIT.usage, `${field}: "${text}" is not allowed; allowed: whole seconds`)
}
