/**
 * A worker on BullMQ's queues, one of them for each kind. While it is at a job it renews the job's lock; one that no longer
 * does (killed, stopped, cut off) loses it to another, and what it says later is refused by the lock's token.
 */
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { DelayedError, UnrecoverableError, WaitingError, Worker } from 'bullmq'
import { attempt } from './attempt.ts'
import { backoffMs } from './backoff.ts'
import { CANCELLED } from './bullmq-keys.ts'
import { nameOf, StoredJob, type TheirJob } from './bullmq-rows.ts'
import type { JobLimits, JobsConfig } from './config.ts'
import { JOB_KINDS, JobCancelled, type JobKind, messageOf, NeverAgain } from './job.ts'
import type { JobHandler, JobHandlers, JobWorker, WorkOptions } from './job-queue.ts'
import { pack, unpack } from './packed.ts'
import type { RedisConnection } from './redis-address.ts'
import { createSlots, type Slots } from './slots.ts'

/** A job of other code is left for so long, and at most for twice that. */
const LEFT_FOR_MS = 1000
/** Offered so often and never to a worker with its code, it is given up. */
const MOST_OFFERS = 300
const LOOK_FOR_CANCELLED_MS = 1000
const LONGEST_GOODBYE_MS = 5000
const SHORT_GOODBYE_MS = 500

export interface BullmqWorkerDeps {
  readonly connection: RedisConnection
  readonly config: JobsConfig
  readonly limits: () => JobLimits
  readonly code: string
  readonly random: () => number
  readonly queueName: (kind: JobKind) => string
  /** Whether somebody said that this job is no longer wanted. */
  readonly isCancelled: (kind: JobKind, id: string) => Promise<boolean>
}

export function startBullmqWorker(
  deps: BullmqWorkerDeps,
  handlers: JobHandlers,
  options: WorkOptions,
): JobWorker {
  const slots = createSlots(options.threads)
  const leaving = new AbortController()
  const workers = JOB_KINDS.flatMap((kind) => {
    const handler = handlers[kind]
    return handler ? [startOne({ ...deps, slots, options, leaving, kind, handler })] : []
  })
  // the first connection may take long: it is tried for ever, and said
  void Promise.all(workers.map((one) => one.waitUntilReady())).catch(() => undefined)
  let ended: Promise<void> | undefined
  async function end(): Promise<void> {
    // first they take nothing more, then what they are at goes back
    await Promise.all(workers.map((one) => one.pause(true)))
    const closed = Promise.all(workers.map((one) => one.close()))
    leaving.abort(new Error('the worker leaves'))
    // with Redis away nothing can be given back: its locks run out
    await Promise.race([closed, sleep(LONGEST_GOODBYE_MS, undefined, { ref: false })])
    // of a Redis that was never reached this does not return
    const forced = Promise.all(workers.map((one) => one.close(true))).catch(() => undefined)
    await Promise.race([forced, sleep(SHORT_GOODBYE_MS, undefined, { ref: false })])
  }
  return {
    close() {
      ended ??= end()
      return ended
    },
  }
}

interface One extends BullmqWorkerDeps {
  readonly slots: Slots
  readonly options: WorkOptions
  readonly leaving: AbortController
  readonly kind: JobKind
  readonly handler: JobHandler
}

function startOne(one: One): Worker<StoredJob, string> {
  const { connection, config, limits, options, kind, queueName, random } = one
  const worker = new Worker<StoredJob, string>(
    queueName(kind),
    (job, token, signal) => work(one, job, token ?? '', signal as AbortSignal | undefined),
    {
      connection: { ...connection },
      prefix: config.prefix,
      name: nameOf(`${hostname()}.${process.pid}`, one.code),
      concurrency: options.threads,
      lockDuration: config.lockMs,
      stalledInterval: Math.ceil(config.lockMs / 2),
      maxStalledCount: config.mostStalls,
      settings: { backoffStrategy: (failed) => backoffMs(failed, limits(), random()) },
    },
  )
  worker.on('error', (error) =>
    options.onEvent?.({ what: 'connection', kind, detail: error.message }),
  )
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) worker.cancelJob(id, 'another worker has it')
  })
  worker.on('failed', (job, error) => {
    if (job && error.message === CANCELLED) void job.remove().catch(() => undefined)
  })
  return worker
}

async function work(
  one: One,
  job: TheirJob,
  token: string,
  lost: AbortSignal | undefined,
): Promise<string> {
  const { slots, options, leaving, kind } = one
  // a fetch that was under way when it began to leave may bring what it has just given back
  if (leaving.signal.aborted) return giveBack(job, token)
  const stored = StoredJob.parse(job.data)
  if (stored.code !== one.code) return leave(one, job, token, stored.code)
  const told = (what: 'begun' | 'done' | 'failed' | 'left', detail?: string): void =>
    options.onEvent?.({ what, kind, id: job.id!, title: stored.title, detail })
  const ended = new AbortController()
  const signal = AbortSignal.any([leaving.signal, ended.signal, ...(lost ? [lost] : [])])
  void watchForCancel(one, job.id!, ended)
  let entered = false
  try {
    await slots.take(kind, signal)
    entered = true
    told('begun')
    const result = await once(one, job, stored, signal)
    told('done')
    return result
  } catch (error) {
    told(leaving.signal.aborted ? 'left' : 'failed', messageOf(error))
    if (!leaving.signal.aborted) throw theirsOf(error)
    return await giveBack(job, token)
  } finally {
    ended.abort(new Error('it has ended'))
    if (entered) slots.leave()
  }
}

async function once(
  { handler }: One,
  job: TheirJob,
  { payload, saved, limitMs }: StoredJob,
  signal: AbortSignal,
): Promise<string> {
  const result = await attempt({
    ...{ handler, payload: await unpack(payload), limitMs, signal },
    context: {
      saved: saved === undefined ? undefined : await unpack(saved),
      save: async (state) => job.updateData({ ...job.data, saved: await pack(state) }),
      tell: async (progress) => job.updateProgress({ packed: await pack(progress) }),
    },
  })
  return pack(result)
}

/** As BullMQ understands it: what another attempt would not change is not attempted again. */
function theirsOf(error: unknown): Error {
  if (error instanceof JobCancelled) return new UnrecoverableError(CANCELLED)
  if (error instanceof NeverAgain) return new UnrecoverableError(error.message)
  return error instanceof Error ? error : new Error(String(error))
}

async function giveBack(job: TheirJob, token: string): Promise<never> {
  await job.moveToWait(token)
  throw new WaitingError()
}

/** Somebody else may have its code; it costs no attempt. */
async function leave(one: One, job: TheirJob, token: string, wanted: string): Promise<never> {
  const why = `code ${wanted} was asked for, this worker has ${one.code}`
  one.options.onEvent?.({ what: 'left', kind: one.kind, id: job.id!, detail: why })
  if (job.attemptsStarted > MOST_OFFERS)
    throw new UnrecoverableError(`offered ${job.attemptsStarted} times: ${why}`)
  const forMs = LEFT_FOR_MS * (1 + one.random())
  await job.moveToDelayed(Date.now() + Math.ceil(forMs), token)
  throw new DelayedError()
}

async function watchForCancel(one: One, id: string, ended: AbortController): Promise<void> {
  while (!ended.signal.aborted) {
    if (await one.isCancelled(one.kind, id).catch(() => false))
      ended.abort(new JobCancelled('it was cancelled'))
    await sleep(LOOK_FOR_CANCELLED_MS, undefined, { ref: false })
  }
}
