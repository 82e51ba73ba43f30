/** `forescale worker`: does jobs from Redis until interrupted; as many of them on as many machines as one likes. */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { loadConfigFile } from '../../config-file.ts'
import { JobsConfig } from '../../jobs/config.ts'
import { JOB_KINDS, type JobKind, messageOf } from '../../jobs/job.ts'
import type { JobHandler, JobQueue, WorkEvent } from '../../jobs/job-queue.ts'
import { addressOf, hidden } from '../../jobs/redis-address.ts'
import { openJobs } from '../../jobs/registry.ts'
import { act, configOption, wholeNumber } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import type { Surroundings, Terminal } from '../terminal.ts'

const MOST_THREADS = 256

const EXAMPLES = `
Examples:
  forescale worker --queue redis://127.0.0.1:6379            everything, on every core
  forescale worker --config forescale.yaml --kinds fit       what the configuration's controller asks for
  forescale worker --kinds training,experiment --threads 2

Join and leave at any time, in any number: interrupted, a worker gives back what it is at; one that is killed is found
silent after jobs.lockMs, and another does its job. It does jobs of its own code only. FORESCALE_REDIS may hold the address.
SIGHUP has it read the configuration again: jobs.backoffMs and longestBackoffMs; the rest holds from its next start.`

export function addWorker(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = program
    .command('worker')
    .helpGroup('Run:')
    .description('do fits, backtests, trainings and runs of experiments that others ask for')
    .addOption(configOption())
    .addOption(queueOption())
    .option('--kinds <list>', `of ${JOB_KINDS.join(', ')} (all)`, kinds, [...JOB_KINDS])
    .addOption(
      new Option('-w, --threads <n>', 'jobs side by side (the cores of this machine)').argParser(
        wholeNumber(1, MOST_THREADS),
      ),
    )
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal }, options) => {
    const place = placeOf(terminal, options)
    const { address } = place
    let { config } = place
    const jobs = await open(config, address, () => config)
    terminal.takeHangups?.(() => {
      config = rereadOf(terminal, options, config)
    })
    return run(terminal, jobs, {
      address,
      kinds: options.kinds as JobKind[],
      threads: Number(options.threads ?? availableParallelism()),
    })
  })
}

export const queueOption = (): Option =>
  new Option('--queue <url>', 'Redis with the jobs, redis://… (FORESCALE_REDIS)')

/** Where the jobs are: by option, environment, or the configuration. */
export function placeOf(
  { env }: Terminal,
  options: Readonly<Record<string, unknown>>,
): { readonly config: JobsConfig; readonly address: string } {
  const given = typeof options.queue === 'string' ? options.queue : undefined
  const file = typeof options.config === 'string' ? options.config : env.FORESCALE_CONFIG
  const named = file || (existsSync('forescale.yaml') ? 'forescale.yaml' : undefined)
  const config = named ? loadConfigFile(named, env).jobs : JobsConfig.parse({})
  try {
    const address = given ?? (addressOf(config, env) || env.FORESCALE_REDIS)
    if (address) return { config, address }
  } catch (cause) {
    throw asFailure(cause)
  }
  throw new CommandFailure(
    EXIT.usage,
    'no queue is named; allowed: --queue redis://host:port, FORESCALE_REDIS, or jobs.redis in the configuration',
  )
}

/** The file as it is now; what it was when that is wrong. */
function rereadOf(
  terminal: Terminal,
  options: Readonly<Record<string, unknown>>,
  config: JobsConfig,
): JobsConfig {
  try {
    const next = placeOf(terminal, options).config
    terminal.say(
      'read the configuration again: backoff is as it says, the rest from the next start',
    )
    return next
  } catch (error) {
    terminal.say(`the configuration stays as it was: ${messageOf(error)}`)
    return config
  }
}

export async function open(
  config: JobsConfig,
  address: string,
  limits = () => config,
): Promise<JobQueue> {
  try {
    return await openJobs({
      ...{ config, limits, address, env: {} },
      ...{ nowMs: Date.now, random: Math.random },
    })
  } catch (cause) {
    throw asFailure(cause)
  }
}

const asFailure = (cause: unknown): CommandFailure =>
  new CommandFailure(
    EXIT.usage,
    cause instanceof Error ? cause.message : String(cause),
    undefined,
    { cause },
  )

interface Work {
  readonly address: string
  readonly kinds: readonly JobKind[]
  readonly threads: number
}

async function run(
  terminal: Terminal,
  jobs: JobQueue,
  { address, kinds, threads }: Work,
): Promise<number> {
  const stopped = terminal.takeInterrupts?.()
  const opened = await Promise.all(kinds.map((kind) => openWork(kind, threads, terminal.env)))
  const handlers = Object.fromEntries(kinds.map((kind, i) => [kind, opened[i]!.handler]))
  const worker = await jobs.work(handlers, { threads, onEvent: sayer(terminal) })
  terminal.say(`taking ${kinds.join(', ')} from ${hidden(address)}, ${threads} at once`)
  await new Promise<void>((resolve) => {
    if (stopped?.aborted) resolve()
    stopped?.addEventListener('abort', () => resolve(), { once: true })
  })
  await worker.close()
  await Promise.all(opened.map((one) => one.close()))
  await jobs.close()
  return EXIT.ok
}

interface OpenedWork {
  readonly handler: JobHandler
  close(): Promise<void>
}

/** Loaded when it is taken, so that a worker for one kind needs nothing of the others. */
async function openWork(kind: JobKind, threads: number, env: Terminal['env']): Promise<OpenedWork> {
  switch (kind) {
    case 'fit':
      return (await import('../../loops/fit-job.ts')).openFitWork(threads)
    case 'backtest':
      return (await import('../../backtest/walk-job.ts')).openWalkWork(threads)
    case 'experiment': {
      const { openExperimentWork } = await import('../../../experiments/runner/command.ts')
      return openExperimentWork(threads, env)
    }
    case 'training':
      return (await import('../../trainings/training-job.ts')).openTrainingWork()
  }
}

/** What happens, a line each; of a connection that is lost only that it is. */
function sayer({ say }: Terminal): (event: WorkEvent) => void {
  let isAway = false
  return ({ what, kind, title, detail }) => {
    if (what === 'connection') {
      if (!isAway) say(`the queue does not answer (${hidden(detail ?? '')}); tried again`)
      isAway = true
      return
    }
    isAway = false
    say(`${kind}, ${title ?? 'of other code'}: ${what}${detail ? ` (${detail})` : ''}`)
  }
}

function kinds(text: string): JobKind[] {
  const asked = text.split(',')
  const known = JOB_KINDS.filter((kind) => asked.includes(kind))
  if (known.length === asked.length) return known
  throw new InvalidArgumentError(
    `"${text}" is not allowed; allowed: ${JOB_KINDS.join(', ')}, parted by commas`,
  )
}
