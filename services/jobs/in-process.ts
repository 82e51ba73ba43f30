/** Jobs in this process: what is done where there is no Redis. It ends with the process; the rules are those of the other. */
import { attempt } from './attempt.ts'
import { backoffMs } from './backoff.ts'
import { workVersion } from './code-version.ts'
import type { JobLimits } from './config.ts'
import { answerOf, assertDead, change, emptyCounts, type Held, newHeld, viewOf } from './held.ts'
import {
  ATTEMPT_LIMITS_MS,
  JOB_KINDS,
  JobCancelled,
  type JobRequest,
  jobIdOf,
  KEEP_DONE_MS,
  messageOf,
  NeverAgain,
} from './job.ts'
import type { JobHandlers, JobQueue, JobWorker, WorkOptions } from './job-queue.ts'
import { createSlots, type Slots } from './slots.ts'

export interface InProcessOptions {
  /** As they are now. */
  readonly limits: () => JobLimits
  readonly nowMs: () => number
  readonly random: () => number
  /** Part of every id; that of this process when absent. */
  readonly code?: string | undefined
}

interface Member {
  readonly handlers: JobHandlers
  readonly slots: Slots
  readonly options: WorkOptions
  readonly leaving: AbortController
  readonly at: Set<Promise<void>>
}

export function createInProcessQueue(options: InProcessOptions): JobQueue {
  const code = options.code ?? workVersion()
  const jobs: Jobs = new Map()
  const members = new Set<Member>()
  const doing = createDoing(options, jobs, members)
  let closed = false

  function add(request: JobRequest): Held {
    const id = jobIdOf(request, code)
    const known = jobs.get(id)
    // whoever asks for a dead one wants it done
    if (known && known.summary.state !== 'dead') return known
    jobs.delete(id)
    const held = newHeld(request, id, code, options.nowMs())
    jobs.set(id, held)
    forget(jobs, options)
    doing.offer()
    return held
  }

  function drop(held: Held, why: Error): void {
    clearTimeout(held.timer)
    jobs.delete(held.summary.id)
    held.unwanted.abort(why)
    change(held, { endedAtMs: options.nowMs() })
  }

  return {
    kind: 'in-process',
    async run(request, asked = {}) {
      if (closed) throw new JobCancelled('the queue is closed')
      const held = add(request)
      return answerOf(held, asked, (why) => drop(held, why))
    },
    async list({ kind, state, limit }) {
      return [...jobs.values()]
        .map(({ summary }) => summary)
        .filter((one) => (kind ?? one.kind) === one.kind && (state ?? one.state) === one.state)
        .reverse()
        .slice(0, limit)
    },
    async get(id) {
      const held = jobs.get(id)
      return held && viewOf(held)
    },
    async retry(id) {
      const held = jobs.get(id)
      if (!held) return undefined
      assertDead(held.summary)
      return viewOf(add(held.request))
    },
    async discard(id) {
      const held = jobs.get(id)
      if (held) drop(held, new JobCancelled('it was discarded'))
      return held !== undefined
    },
    async counts() {
      const counts = emptyCounts()
      for (const { summary } of jobs.values()) counts[summary.kind][summary.state]++
      return counts
    },
    workers: async (kind) => [...members].filter(({ handlers }) => handlers[kind]).length,
    work: async (handlers, given) => doing.join(handlers, given),
    async close() {
      closed = true
      const open = [...jobs.values()].filter(({ summary }) => summary.endedAtMs === null)
      for (const held of open) drop(held, new JobCancelled('the queue is closed'))
      await Promise.all([...members].flatMap(({ at }) => [...at]))
    },
  }
}

type Jobs = Map<string, Held>

/** What has ended is not kept for ever. */
function forget(jobs: Jobs, { nowMs, limits }: InProcessOptions): void {
  const { keepDead, keepDeadMs } = limits()
  const now = nowMs()
  const ended = [...jobs.values()].filter(({ summary }) => summary.endedAtMs !== null)
  for (const { summary } of ended) {
    const keepMs = summary.state === 'dead' ? keepDeadMs : KEEP_DONE_MS[summary.kind]
    if (now - summary.endedAtMs! > keepMs) jobs.delete(summary.id)
  }
  for (const kind of JOB_KINDS) {
    const dead = ended.filter(({ summary }) => summary.state === 'dead' && summary.kind === kind)
    for (const { summary } of dead.slice(0, Math.max(0, dead.length - keepDead)))
      jobs.delete(summary.id)
  }
}

/** Gives what waits to whoever takes its kind. */
function createDoing(options: InProcessOptions, jobs: Jobs, members: Set<Member>) {
  function offer(): void {
    for (const held of jobs.values()) {
      if (held.summary.state !== 'waiting') continue
      const member = [...members].find(({ handlers }) => handlers[held.request.kind])
      if (member) give(held, member)
    }
  }

  function give(held: Held, member: Member): void {
    change(held, { state: 'active' })
    const work = take(held, member)
    member.at.add(work)
    void work.finally(() => member.at.delete(work))
  }

  async function take(held: Held, member: Member): Promise<void> {
    const { kind, title } = held.request
    const { id } = held.summary
    const signal = AbortSignal.any([held.unwanted.signal, member.leaving.signal])
    const told = (what: 'begun' | 'done' | 'failed' | 'left', detail?: string): void =>
      member.options.onEvent?.({ what, kind, id, title, detail })
    let entered = false
    try {
      await member.slots.take(kind, signal)
      entered = true
      change(held, { startedAtMs: options.nowMs(), worker: String(process.pid) })
      told('begun')
      held.result = await once(held, member, signal)
      change(held, { state: 'done', endedAtMs: options.nowMs() })
      told('done')
    } catch (error) {
      if (held.unwanted.signal.aborted) return
      if (member.leaving.signal.aborted) {
        told('left')
        change(held, { state: 'waiting' })
        offer()
        return
      }
      told('failed', messageOf(error))
      failed(held, error)
    } finally {
      if (entered) member.slots.leave()
    }
  }

  function failed(held: Held, error: unknown): void {
    const attempts = held.summary.attempts + 1
    held.errors.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
    const to = { attempts, error: messageOf(error) }
    const limits = options.limits()
    if (error instanceof NeverAgain || attempts >= limits.attempts) {
      change(held, { ...to, state: 'dead', endedAtMs: options.nowMs() })
      return
    }
    change(held, { ...to, state: 'delayed' })
    const again = (): void => {
      change(held, { state: 'waiting' })
      offer()
    }
    held.timer = setTimeout(again, backoffMs(attempts, limits, options.random()))
  }

  return {
    offer,
    join(handlers: JobHandlers, given: WorkOptions): JobWorker {
      const member: Member = {
        ...{ handlers, options: given, slots: createSlots(given.threads) },
        ...{ leaving: new AbortController(), at: new Set() },
      }
      members.add(member)
      offer()
      return {
        async close() {
          members.delete(member)
          member.leaving.abort(new Error('the worker leaves'))
          await Promise.all(member.at)
        },
      }
    },
  }
}

function once(held: Held, { handlers }: Member, signal: AbortSignal): Promise<unknown> {
  const { kind, payload, limitMs = ATTEMPT_LIMITS_MS[kind] } = held.request
  return attempt({
    ...{ handler: handlers[kind]!, payload, limitMs, signal },
    context: {
      saved: held.saved,
      async save(state) {
        held.saved = state
        change(held, {})
      },
      async tell(progress) {
        for (const listener of [...held.listeners]) listener.progress(progress)
      },
    },
  })
}
