/** Asks for jobs over Redis and waits for their results. */
import { performance } from 'node:perf_hooks'
import type { Queue } from 'bullmq'
import { z } from 'zod'
import { createEars } from './bullmq-ears.ts'
import { CANCELLED, type Keys } from './bullmq-keys.ts'
import { StoredJob, type TheirJob } from './bullmq-rows.ts'
import type { JobLimits, JobsConfig } from './config.ts'
import {
  ATTEMPT_LIMITS_MS,
  JobCancelled,
  JobFailed,
  type JobKind,
  JobLate,
  type JobRequest,
  JobsUnavailable,
  jobIdOf,
  KEEP_DONE_MS,
} from './job.ts'
import type { AskOptions, JobQueue } from './job-queue.ts'
import { pack, unpack } from './packed.ts'
import type { RedisConnection } from './redis-address.ts'
import { within } from './within.ts'

/** Between two looks when no event comes. */
const LOOK_EVERY_MS = 2000
const STEP_LIMIT_MS = 5000

export interface AnswersDeps {
  readonly connection: RedisConnection
  readonly config: JobsConfig
  readonly limits: () => JobLimits
  readonly code: string
  readonly queueName: (kind: JobKind) => string
  readonly queueOf: (kind: JobKind) => Queue
  readonly keys: Keys
}

export interface Answers extends Pick<JobQueue, 'run' | 'close'> {}

interface Asked extends AskOptions {
  readonly id: string
  readonly request: JobRequest
  readonly packed: string
  /** Of the newest that was told of. */
  saved?: string | undefined
  isKnown: boolean
}

type Step = { readonly kind: 'open' } | { readonly kind: 'done'; readonly result: unknown }

export function createAnswers(deps: AnswersDeps): Answers {
  const { code, queueOf, keys } = deps
  const ears = createEars(deps)
  const closing = new AbortController()

  async function add({ id, request, packed }: Asked): Promise<void> {
    const { kind, title, limitMs = ATTEMPT_LIMITS_MS[kind] } = request
    const { attempts, keepDead, keepDeadMs } = deps.limits()
    const data: StoredJob = { code, title, limitMs, payload: packed }
    await queueOf(kind).add(kind, data, {
      jobId: id,
      attempts,
      backoff: { type: 'custom' },
      removeOnComplete: { age: Math.ceil(KEEP_DONE_MS[kind] / 1000) },
      removeOnFail: { age: Math.ceil(keepDeadMs / 1000), count: keepDead },
    })
  }

  /** Adds it, unless it is there. */
  async function ask(asked: Asked): Promise<void> {
    const { id, request } = asked
    const queue = queueOf(request.kind)
    await keys.forget(request.kind, id)
    // whoever asks for a dead one wants it done
    if ((await queue.getJobState(id)) === 'failed') await queue.remove(id)
    await add(asked)
    asked.isKnown = true
  }

  /** Rejects with JobFailed and JobCancelled. */
  async function look(asked: Asked): Promise<Step> {
    if (!asked.isKnown) await ask(asked)
    const { id, request } = asked
    const queue = queueOf(request.kind)
    const state = await queue.getJobState(id)
    if (state === 'unknown') {
      if (await keys.isCancelled(request.kind, id)) throw new JobCancelled('it was discarded')
      // Redis has lost it
      await add(asked)
    }
    const hasEnded = state === 'completed' || state === 'failed'
    const job = hasEnded || asked.onSaved ? await queue.getJob(id) : undefined
    return job ? read(asked, job, state) : { kind: 'open' }
  }

  async function untilDone(asked: Asked, signal: AbortSignal, endsAtMs: number): Promise<unknown> {
    const { kind } = asked.request
    for (;;) {
      const leftMs = endsAtMs - performance.now()
      if (leftMs <= 0) throw new JobLate(`not done within ${asked.waitMs} ms`)
      const heard = ears.next(kind, asked.id, Math.min(LOOK_EVERY_MS, leftMs), signal)
      const now = await within(Math.min(STEP_LIMIT_MS, leftMs), () => look(asked)).catch(
        (error: unknown) => unlessAway(asked, error),
      )
      if (now.kind === 'done') return now.result
      await heard
      if (signal.aborted) throw new JobCancelled('it was cancelled')
    }
  }

  return {
    async run(request, options = {}) {
      const { kind, payload } = request
      const { waitMs, signal } = options
      const endsAtMs = waitMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + waitMs
      const id = jobIdOf(request, code)
      const asked: Asked = { ...options, id, request, packed: await pack(payload), isKnown: false }
      const ended = AbortSignal.any([closing.signal, ...(signal ? [signal] : [])])
      const quiet = ears.tell(kind, id, options.onProgress)
      try {
        return await untilDone(asked, ended, endsAtMs)
      } catch (error) {
        // one that we merely leave goes on, and is taken up by who asks again
        const isUnwanted = error instanceof JobLate || signal?.aborted === true
        if (isUnwanted && asked.isKnown)
          await within(STEP_LIMIT_MS, () => keys.cancel(kind, id)).catch(() => undefined)
        throw error
      } finally {
        quiet()
      }
    },
    async close() {
      closing.abort()
      await ears.close()
    },
  }
}

/** Who can wait for ever waits for Redis too. */
function unlessAway({ isKnown, waitMs }: Asked, error: unknown): Step {
  const isPatient = isKnown || waitMs === undefined
  if (error instanceof JobsUnavailable && isPatient) return { kind: 'open' }
  throw error
}

const failure = (reason: string): Error =>
  reason === CANCELLED ? new JobCancelled('it was discarded') : new JobFailed(reason)

async function read(asked: Asked, job: TheirJob, state: string): Promise<Step> {
  if (state === 'failed') throw failure(job.failedReason)
  await tellSaved(asked, StoredJob.parse(job.data).saved)
  if (state !== 'completed') return { kind: 'open' }
  return { kind: 'done', result: await unpack(z.string().parse(job.returnvalue)) }
}

async function tellSaved(asked: Asked, saved: string | undefined): Promise<void> {
  if (saved === undefined || saved === asked.saved) return
  asked.saved = saved
  asked.onSaved?.(await unpack(saved))
}
