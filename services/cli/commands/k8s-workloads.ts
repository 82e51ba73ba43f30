/** `forescale k8s check`, `acknowledge` and `release`: what a person does to the workloads that Forescale scales. */
import type { Command } from 'commander'
import type { ServiceId } from '../../../forecaster/series.ts'
import { loadConfigFile } from '../../config-file.ts'
import type { ByHand } from '../../kubernetes/target/by-hand.ts'
import { type WorkloadRef, workloadKey, workloadsOf } from '../../kubernetes/workload.ts'
import { act, type Context, configFileOf, configOption } from '../context.ts'
import { CommandFailure, EXIT, type ExitCode } from '../exit-codes.ts'
import type { Surroundings } from '../terminal.ts'

type Done = (code: number) => void
type Work = (
  hand: ByHand,
  workload: readonly [ServiceId, WorkloadRef],
  context: Context,
  options: Record<string, unknown>,
) => Promise<boolean>

export function addWorkloadCommands(group: Command, around: Surroundings, done: Done): void {
  addWork(
    group
      .command('check')
      .description('try whether workloads could be scaled: permissions and admission, by dry run')
      .argument('[service]', 'one service; left out: all')
      .addHelpText('after', CHECK_EXAMPLES),
    { around, done },
    async (hand, [service, ref], { terminal }) => {
      const problem = await hand.tryOut(ref)
      const about = `${service}: ${workloadKey(ref)}`
      terminal.print(problem === undefined ? `${about} could be scaled` : `${about}: ${problem}`)
      return problem === undefined
    },
  )
  addWork(
    group
      .command('acknowledge')
      .description('go on from the count that somebody else set')
      .argument('<service>', 'the service that is held')
      .addHelpText('after', ACKNOWLEDGE_EXAMPLES),
    { around, done },
    async (hand, [service, ref], { terminal }) => {
      const wasHeld = await hand.acknowledge(ref)
      terminal.print(
        wasHeld
          ? `${service}: ${workloadKey(ref)} is scaled from its present count on`
          : `${service}: ${workloadKey(ref)} holds no decision of ours; nothing is changed`,
      )
      return true
    },
  )
  addWork(
    group
      .command('release')
      .description('take what Forescale wrote off its workloads; stop it before')
      .argument('[service]', 'one service; left out: all')
      .option('--restore', 'put counts back to what they were before the first decision')
      .addHelpText('after', RELEASE_EXAMPLES),
    { around, done },
    async (hand, [service, ref], { terminal }, { restore }) => {
      const { wasOurs, from, to } = await hand.release(ref, restore === true)
      const count = from === to ? `keeps its ${to} replicas` : `is put back from ${from} to ${to}`
      const marks = wasOurs ? 'our annotations are off' : 'it had none of our annotations'
      terminal.print(`${service}: ${workloadKey(ref)} ${count}; ${marks}`)
      return true
    },
  )
}

const CHECK_EXAMPLES = `
Examples:
  forescale k8s check                     every workload of the configuration; nothing is changed
  forescale k8s check search              one of them`

const ACKNOWLEDGE_EXAMPLES = `
Examples:
  forescale k8s acknowledge search        after a person scaled it by kubectl: scale it again, from there on`

const RELEASE_EXAMPLES = `
Examples:
  forescale k8s release                   before uninstalling: counts stay, annotations go
  forescale k8s release search --restore  back to the count that Forescale found

Events end by themselves (an hour by default).`

interface WorkOptions {
  readonly around: Surroundings
  readonly done: Done
}

/** Ends with 1 when `work` failed for one of them, after all were tried. */
function addWork(command: Command, { around, done }: WorkOptions, work: Work): void {
  command.addOption(configOption())
  act(command, around, done, async (context, options, [service]): Promise<ExitCode> => {
    const config = loadConfigFile(configFileOf(options.config, around.env), around.env)
    const chosen = chosenOf(workloadsOf(config), service)
    if (!config.kubernetes)
      throw new CommandFailure(EXIT.configInvalid, 'the configuration has no section kubernetes')
    const { connectCluster } = await import('../../kubernetes/connect.ts')
    const { createClusterApi } = await import('../../kubernetes/api.ts')
    const { createByHand } = await import('../../kubernetes/target/by-hand.ts')
    const api = createClusterApi(await connectCluster(config.kubernetes))
    try {
      const hand = createByHand(api)
      let isWell = true
      for (const one of chosen) isWell = (await tried(hand, one, context, options, work)) && isWell
      return isWell ? EXIT.ok : EXIT.failure
    } finally {
      await api.close()
    }
  })
}

async function tried(
  hand: ByHand,
  one: readonly [ServiceId, WorkloadRef],
  context: Context,
  options: Record<string, unknown>,
  work: Work,
): Promise<boolean> {
  try {
    return await work(hand, one, context, options)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    context.terminal.print(`${one[0]}: ${workloadKey(one[1])}: ${message}`)
    return false
  }
}

function chosenOf(
  workloads: ReadonlyMap<ServiceId, WorkloadRef>,
  service: string | undefined,
): readonly (readonly [ServiceId, WorkloadRef])[] {
  if (service === undefined) return [...workloads]
  const ref = workloads.get(service)
  if (ref) return [[service, ref]]
  const known = [...workloads.keys()].join(', ') || 'none'
  throw new CommandFailure(
    EXIT.usage,
    `kubernetes.workloads has no "${service}"; there are: ${known}`,
  )
}
