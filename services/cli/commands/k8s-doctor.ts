/** `forescale k8s doctor`: which decisions an HPA or ScaledObject will swallow, and what else is wrong with it. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { readSpanMs } from '../../../datasets/time.ts'
import { loadConfigFile } from '../../config-file.ts'
import type { Autoscaler } from '../../kubernetes/doctor/autoscaler.ts'
import { type ClusterFacts, type Diagnosis, diagnose } from '../../kubernetes/doctor/diagnose.ts'
import { reportOf } from '../../kubernetes/doctor/report.ts'
import { SEVERITIES } from '../../kubernetes/doctor/traps.ts'
import { act, jsonOption } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import type { Surroundings } from '../terminal.ts'
import { type Found, foundBy, knownOf } from './k8s-doctor-sources.ts'

const EXAMPLES = `
Examples:
  forescale k8s doctor hpa.yaml --at 10,20
  kubectl get hpa,scaledobject -n shop -o yaml | forescale k8s doctor -
  forescale k8s doctor --namespace shop search
  forescale k8s doctor hpa.yaml --service search --fail-on fault
  forescale k8s doctor --config forescale.yaml --service search   whatever scales its workload; no controller is asked

With --service the running controller is asked for the lead time, mode and bounds, and the changes that it decided are
tried; with --config they are the declared ones, and the cluster is that of the file. SWALLOWED WISHES never come to
anything, however long they stand; the other columns say what twice and half as many come to within an hour. The rules are
the HPA's own (agents/hpa).`

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
    .addOption(
      new Option(
        '-c, --config <file>',
        'connect as it says, and take the service as declared in it; no controller is asked',
      ),
    )
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
    const config =
      typeof options.config === 'string' ? loadConfigFile(options.config, around.env) : undefined
    const found = await foundBy(options, file, config)
    const known = await knownOf(context, options.service, config)
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
