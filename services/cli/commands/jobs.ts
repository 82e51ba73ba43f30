/** `forescale jobs`: what workers are asked to do, and what they gave up. */
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { items } from '../../http/views.ts'
import {
  JOB_KINDS,
  JOB_STATES,
  JobId,
  JobSummary,
  JobsUnavailable,
  JobView,
} from '../../jobs/job.ts'
import type { JobControl } from '../../jobs/job-queue.ts'
import { hidden } from '../../jobs/redis-address.ts'
import { type Api, read } from '../api.ts'
import { act, type Context, jsonOption, queryOf, wholeNumber } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import { fromNow, table } from '../format.ts'
import type { Surroundings, Terminal } from '../terminal.ts'
import { open, placeOf, queueOption } from './worker.ts'

const AT = '/v1/jobs'
const Jobs = items(JobSummary)
const MOST_SHOWN = 500

type Adder = (group: Command, around: Surroundings, done: (code: number) => void) => void

export function addJobs(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const group = program
    .command('jobs')
    .helpGroup('Act:')
    .description('jobs that workers do, and dead letters: list, show, retry, discard')
    .addHelpText('after', '\nExamples:\n  forescale jobs list --state dead')
  for (const add of [addList, addShow, addRetry, addDiscard]) add(group, around, done)
}

const addList: Adder = (group, around, done) => {
  const command = group
    .command('list')
    .description('jobs, the newest first')
    .addOption(new Option('--kind <kind>', 'only these').choices(JOB_KINDS))
    .addOption(new Option('--state <state>', 'only these').choices(JOB_STATES))
    .option('--limit <n>', 'at most so many', wholeNumber(1, MOST_SHOWN), 50)
    .addOption(queueOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  forescale jobs list --state dead\n  forescale jobs list --queue redis://127.0.0.1:6379     without a controller',
    )
  act(command, around, done, (context, { kind, state, limit, json, queue }) =>
    withJobs(context, queue, async (jobs) => {
      const { terminal } = context
      const shown = await jobs.list({ kind, state, limit } as Parameters<JobControl['list']>[0])
      if (json) terminal.printJson({ items: shown })
      else if (shown.length === 0) terminal.say('no jobs')
      else for (const line of jobTable(shown, terminal.nowMs())) terminal.print(line)
    }),
  )
}

const addShow: Adder = (group, around, done) => {
  const command = group
    .command('show')
    .description('one job: what was asked for, and every error')
    .addArgument(idArgument())
    .addOption(queueOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale jobs show 4be0643f1d98573b97caa8b4ad3c4c6e')
  act(command, around, done, (context, { json, queue }, [id = '']) =>
    withJobs(context, queue, async (jobs) =>
      print(context.terminal, found(await jobs.get(id), id), json),
    ),
  )
}

const addRetry: Adder = (group, around, done) => {
  const command = group
    .command('retry')
    .description('begin a dead one anew, as if no attempt had failed')
    .addArgument(idArgument())
    .addOption(queueOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale jobs retry 4be0643f1d98573b97caa8b4ad3c4c6e')
  act(command, around, done, (context, { json, queue }, [id = '']) =>
    withJobs(context, queue, async (jobs) =>
      print(context.terminal, found(await jobs.retry(id), id), json),
    ),
  )
}

const addDiscard: Adder = (group, around, done) => {
  const command = group
    .command('discard')
    .description('remove one; a worker that is at it stops')
    .addArgument(idArgument())
    .addOption(queueOption())
    .addHelpText('after', '\nExamples:\n  forescale jobs discard 4be0643f1d98573b97caa8b4ad3c4c6e')
  act(command, around, done, (context, { queue }, [id = '']) =>
    withJobs(context, queue, async (jobs) => {
      if (!(await jobs.discard(id))) throw notFound(id)
      context.terminal.say(`job ${id} is gone`)
    }),
  )
}

/** Of the controller, or straight from Redis where one is named. */
async function withJobs(
  { api, terminal }: Context,
  queue: unknown,
  work: (jobs: JobControl) => Promise<undefined>,
): Promise<undefined> {
  if (typeof queue !== 'string') return work(jobsOf(api))
  const { config, address } = placeOf(terminal, { queue })
  const jobs = await open(config, address)
  try {
    return await work(jobs)
  } catch (cause) {
    if (!(cause instanceof JobsUnavailable)) throw cause
    const said = `queue ${hidden(address)} cannot be used: ${cause.message}`
    throw new CommandFailure(EXIT.unreachable, said, undefined, { cause })
  } finally {
    await jobs.close()
  }
}

/** The API says of a job that is not there that it is not. */
function jobsOf(api: Api): JobControl {
  return {
    list: async (query) =>
      read(Jobs, await api.raw('GET', `${AT}${queryOf({ ...query })}`), api.url).items,
    get: async (id) => read(JobView, await api.raw('GET', `${AT}/${id}`), api.url),
    retry: async (id) => read(JobView, await api.raw('POST', `${AT}/${id}/retry`), api.url),
    async discard(id) {
      await api.raw('DELETE', `${AT}/${id}`)
      return true
    },
  }
}

function print(terminal: Terminal, job: JobView, json: unknown): undefined {
  if (json) {
    terminal.printJson(job)
    return
  }
  const nowMs = terminal.nowMs()
  const { id, kind, state, title, code, attempts, stalls, worker, askedAtMs, errors } = job
  const lost = stalls > 0 ? `, ${stalls} times its worker was lost` : ''
  const lines = [
    `${kind} ${id}: ${state}`,
    `what       ${title}`,
    `asked      ${fromNow(askedAtMs, nowMs)}, of code ${code}`,
    `attempts   ${attempts} failed${lost}${worker === null ? '' : `, last at ${worker}`}`,
    `payload    ${JSON.stringify(job.payload)}`,
    ...errors.map((error, i) => `error ${String(i + 1).padEnd(4)} ${error}`),
  ]
  for (const line of lines) terminal.print(line)
}

function jobTable(jobs: readonly JobSummary[], nowMs: number): string[] {
  return table(
    [
      { title: 'ID', text: ({ id }) => id },
      { title: 'KIND', text: ({ kind }) => kind },
      { title: 'STATE', text: ({ state }) => state },
      { title: 'FAILED', right: true, text: ({ attempts }) => String(attempts) },
      { title: 'LOST', right: true, text: ({ stalls }) => String(stalls) },
      { title: 'ASKED', text: ({ askedAtMs }) => fromNow(askedAtMs, nowMs) },
      { title: 'WHAT', text: ({ title }) => title },
      { title: 'ERROR', text: ({ error }) => error?.split('\n')[0] ?? '–' },
    ],
    jobs,
  )
}

const notFound = (id: string): CommandFailure =>
  new CommandFailure(EXIT.failure, `there is no job ${id}`)

function found(job: JobView | undefined, id: string): JobView {
  if (job) return job
  throw notFound(id)
}

function idArgument(): Argument {
  return new Argument('<id>', 'of the job').argParser((text: string) => {
    if (JobId.safeParse(text).success) return text
    throw new InvalidArgumentError(`"${text}" is not allowed; allowed: 32 hexadecimal digits`)
  })
}
