/**
 * Jobs over Redis, by BullMQ: for each kind a queue. A job is added under its id, so that adding it again adds nothing;
 * whoever asked hears of its end by the queue's events, and looks from time to time by itself, so that a lost event, a
 * restarted Redis, or one that has lost the job altogether, delays an answer and takes none away.
 */
import { Queue } from 'bullmq'
import { createAnswers } from './bullmq-answers.ts'
import { createKeys, type Keys } from './bullmq-keys.ts'
import { hasCode, stateOf, summaryOf, THEIR_STATES, type TheirJob, viewOf } from './bullmq-rows.ts'
import { startBullmqWorker } from './bullmq-worker.ts'
import { workVersion } from './code-version.ts'
import type { JobLimits, JobsConfig } from './config.ts'
import { assertDead } from './held.ts'
import { JOB_KINDS, type JobKind, type JobState } from './job.ts'
import type { JobControl, JobCounts, JobQueue, JobWorker } from './job-queue.ts'
import { redisAt } from './redis-address.ts'
import { within } from './within.ts'

/** People, and what else asks for a look, wait no longer. */
const LOOK_LIMIT_MS = 3000

export interface BullmqOptions {
  readonly address: string
  readonly config: JobsConfig
  /** As they are now; those of `config` when absent. */
  readonly limits?: () => JobLimits
  readonly random: () => number
  /** Part of every id; that of this process when absent. */
  readonly code?: string
}

/** Throws a RangeError for an address that is none of Redis. It connects in the background, and again when cut off. */
export function createBullmqQueue({ address, config, random, ...more }: BullmqOptions): JobQueue {
  const connection = redisAt(address)
  const { code = workVersion(), limits = () => config } = more
  const queues = new Map<JobKind, Queue>()
  const workers = new Set<JobWorker>()

  const queueName = (kind: JobKind): string => `jobs-${kind}`
  function queueOf(kind: JobKind): Queue {
    const known = queues.get(kind)
    if (known) return known
    const queue = new Queue(queueName(kind), {
      // what is asked for while Redis is away is refused at once, not sent later, when nobody waits for it
      connection: { ...connection, enableOfflineQueue: false },
      prefix: config.prefix,
    })
    // told to whoever asks; the connection is tried again by itself
    queue.on('error', () => undefined)
    queues.set(kind, queue)
    return queue
  }
  const keys = createKeys(config.prefix, queueOf)
  const answers = createAnswers({ connection, config, limits, code, queueName, queueOf, keys })

  return {
    kind: 'bullmq',
    run: answers.run,
    ...lookInto(queueOf, keys),
    counts: () =>
      looking(async () => {
        const rows = await Promise.all(
          JOB_KINDS.map(async (kind) => [kind, await countsOf(queueOf(kind))] as const),
        )
        return Object.fromEntries(rows) as Record<JobKind, JobCounts>
      }),
    workers: (kind) =>
      looking(async () => {
        const all = await queueOf(kind).getWorkers()
        return all.filter(({ rawname = '' }) => hasCode(rawname, code)).length
      }),
    async work(handlers, options) {
      const { isCancelled } = keys
      const deps = { connection, config, limits, code, random, queueName, isCancelled }
      const worker = startBullmqWorker(deps, handlers, options)
      workers.add(worker)
      return worker
    },
    async close() {
      await answers.close()
      await Promise.all([...workers].map((worker) => worker.close()))
      await Promise.all(
        [...queues.values()].map((queue) =>
          within(LOOK_LIMIT_MS, () => queue.close()).catch(() => queue.disconnect()),
        ),
      )
    },
  }
}

const looking = <T>(work: () => Promise<T>): Promise<T> => within(LOOK_LIMIT_MS, work)

/** What people ask of jobs. */
function lookInto(queueOf: (kind: JobKind) => Queue, keys: Keys): JobControl {
  /** Whatever queue it is in. */
  async function find(id: string): Promise<{ queue: Queue; job: TheirJob } | undefined> {
    for (const kind of JOB_KINDS) {
      const queue = queueOf(kind)
      const job = await queue.getJob(id)
      if (job) return { queue, job }
    }
    return undefined
  }

  return {
    list: ({ kind, state, limit }) =>
      looking(async () => {
        const kinds = kind === undefined ? JOB_KINDS : [kind]
        const states = Object.entries(THEIR_STATES).filter(([ours]) => (state ?? ours) === ours)
        const asked = kinds.flatMap((one) =>
          states.map(async ([ours, theirs]) => {
            const jobs = await queueOf(one).getJobs([...theirs], 0, limit - 1)
            // one that was removed in the meantime is not there
            return jobs.filter(Boolean).map((job) => summaryOf(job, ours as JobState))
          }),
        )
        const found = (await Promise.all(asked)).flat()
        return found.sort((a, b) => b.askedAtMs - a.askedAtMs).slice(0, limit)
      }),
    get: (id) =>
      looking(async () => {
        const found = await find(id)
        return found && viewOf(found.job, stateOf(await found.queue.getJobState(id)))
      }),
    retry: (id) =>
      looking(async () => {
        const found = await find(id)
        if (!found) return undefined
        assertDead({ id, state: stateOf(await found.queue.getJobState(id)) })
        await keys.forget(found.job.name as JobKind, id)
        await found.job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true })
        const begun = await find(id)
        return begun && viewOf(begun.job, stateOf(await begun.queue.getJobState(id)))
      }),
    discard: (id) =>
      looking(async () => {
        const found = await find(id)
        if (!found) return false
        await keys.cancel(found.job.name as JobKind, id)
        return true
      }),
  }
}

async function countsOf(queue: Queue): Promise<JobCounts> {
  const counts = await queue.getJobCounts(...Object.values(THEIR_STATES).flat())
  const entries = Object.entries(THEIR_STATES).map(([ours, theirs]) => [
    ours,
    theirs.reduce((sum, state) => sum + (counts[state] ?? 0), 0),
  ])
  return Object.fromEntries(entries) as JobCounts
}
