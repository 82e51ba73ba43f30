/** What every queue of jobs does, in this process and over a real Redis. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Conflict } from '../control-plane.ts'
import { createBullmqQueue } from './bullmq-queue.ts'
import { type JobLimits, JobsConfig } from './config.ts'
import { createInProcessQueue } from './in-process.ts'
import {
  JobCancelled,
  JobFailed,
  JobId,
  JobLate,
  type JobRequest,
  JobSummary,
  JobView,
  NeverAgain,
} from './job.ts'
import type { JobHandler, JobQueue, JobWorker, WorkEvent } from './job-queue.ts'
import { startRedis, type TestRedis } from './test-redis.ts'

const config = JobsConfig.parse({ lockMs: 1000, attempts: 3, backoffMs: 20, longestBackoffMs: 200 })
const job = (payload: unknown, more: Partial<JobRequest> = {}): JobRequest => ({
  ...{ kind: 'fit', title: 'a fit', payload },
  ...more,
})
const poll = { timeout: 10_000, interval: 20 }

let redis: TestRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.close())

let prefixes = 0
let limits: JobLimits
const KINDS = {
  'in-process': (code?: string): JobQueue =>
    createInProcessQueue({ limits: () => limits, nowMs: Date.now, random: Math.random, code }),
  bullmq: (code = 'this'): JobQueue =>
    createBullmqQueue({
      address: redis.url,
      config: { ...config, prefix: `test-${prefixes}` },
      limits: () => limits,
      random: Math.random,
      code,
    }),
}

describe.each(['in-process', 'bullmq'] as const)('%s', (kind) => {
  let queue: JobQueue
  const open: { close(): Promise<void> }[] = []
  beforeEach(() => {
    prefixes++
    limits = config
    queue = KINDS[kind]('this')
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close()))
    await queue.close()
  })

  async function join(
    handler: JobHandler,
    more: { threads?: number; onEvent?: (event: WorkEvent) => void } = {},
  ): Promise<JobWorker> {
    const worker = await queue.work({ fit: handler }, { threads: 4, ...more })
    open.push(worker)
    return worker
  }

  it('gives what the handler gives, to the bit', async () => {
    const numbers = Float64Array.of(0.1 + 0.2, Number.NaN, -0, 5e-324, Number.POSITIVE_INFINITY)
    const payload = { numbers, text: 'ü', nothing: null, minus: -0, nan: Number.NaN }
    await join(async (given) => ({ given, again: Float32Array.of(1 / 3) }))
    expect(await queue.run(job(payload))).toEqual({
      given: payload,
      again: Float32Array.of(1 / 3),
    })
  })

  it('waits for a worker that joins later', async () => {
    const answer = queue.run(job('early'))
    await expect.poll(async () => (await queue.counts()).fit.waiting, poll).toBe(1)
    expect(await queue.workers('fit')).toBe(0)
    await join(async (payload) => `${payload} bird`)
    expect(await answer).toBe('early bird')
    await expect.poll(() => queue.workers('fit'), poll).toBe(1)
    expect(await queue.workers('training')).toBe(0)
  })

  it('does once what is asked for twice, in whatever order its fields stand', async () => {
    let calls = 0
    await join(async () => {
      await sleep(50)
      return ++calls
    })
    const both = await Promise.all([
      queue.run(job({ a: 1, b: [2] })),
      queue.run(job({ b: [2], a: 1 }), {}),
    ])
    const later = await queue.run(job({ a: 1, b: [2] }, { title: 'by another name' }))
    expect([...both, later]).toEqual([1, 1, 1])
    expect(await queue.run(job({ a: 1, b: [3] }))).toBe(2)
    expect(await queue.run(job({ a: 1, b: [9] }, { key: 'its own' }))).toBe(3)
    expect(await queue.run(job({ a: 1, b: [8] }, { key: 'its own' }))).toBe(3)
  })

  it('tries again after a failure, later each time', async () => {
    const atMs: number[] = []
    await join(async () => {
      atMs.push(performance.now())
      if (atMs.length < 3) throw new Error(`attempt ${atMs.length}`)
      return 'at last'
    })
    expect(await queue.run(job(1))).toBe('at last')
    expect(atMs).toHaveLength(3)
    // half of 20 ms at least, then half of 40
    expect(atMs[1]! - atMs[0]!).toBeGreaterThanOrEqual(9)
    expect(atMs[2]! - atMs[1]!).toBeGreaterThanOrEqual(19)
    const [done] = await queue.list({ state: 'done', limit: 10 })
    expect(JobSummary.parse(done)).toMatchObject({ attempts: 2, stalls: 0, state: 'done' })
  })

  it('gives up after the last attempt; the dead one can be seen, begun anew, and discarded', async () => {
    let isBroken = true
    let calls = 0
    await join(async () => {
      calls++
      if (isBroken) throw new Error(`no luck ${calls}`)
      return 'mended'
    })
    const payload = { series: new Float64Array(1000), service: 'search' }
    const answer = queue.run(job(payload))
    await expect(answer).rejects.toThrow(JobFailed)
    await expect(answer).rejects.toThrow('no luck 3')
    expect(calls).toBe(3)
    const [dead] = await queue.list({ kind: 'fit', state: 'dead', limit: 10 })
    expect(JobSummary.parse(dead)).toMatchObject({ attempts: 3, error: 'no luck 3' })
    expect(dead!.endedAtMs).toBeGreaterThanOrEqual(dead!.askedAtMs)
    const id = JobId.parse(dead!.id)
    const view = JobView.parse(await queue.get(id))
    expect(view.errors).toHaveLength(3)
    expect(view.errors[0]).toMatch(/no luck 1[\s\S]*conformance/)
    expect(view.payload).toMatchObject({
      service: 'search',
      series: { length: 1000, first: Array(8).fill(0) },
    })
    expect((await queue.counts()).fit.dead).toBe(1)
    isBroken = false
    expect(await queue.retry(id)).toMatchObject({ id, attempts: 0 })
    await expect.poll(async () => (await queue.get(id))?.state, poll).toBe('done')
    await expect(queue.retry(id)).rejects.toThrow(Conflict)
    expect(await queue.run(job(payload))).toBe('mended')
    expect(calls).toBe(4)
    expect(await queue.discard(id)).toBe(true)
    expect(await queue.get(id)).toBeUndefined()
    expect(await queue.discard(id)).toBe(false)
    expect(await queue.retry(id)).toBeUndefined()
  })

  it('goes by limits as they are when it asks and fails, not as they were at the start', async () => {
    const begun: number[] = []
    await join(async () => {
      begun.push(Date.now())
      throw new Error('no luck')
    })
    limits = { ...config, attempts: 1 }
    await expect(queue.run(job('once'))).rejects.toThrow(JobFailed)
    expect(begun).toHaveLength(1)
    limits = { ...config, attempts: 2, backoffMs: 400, longestBackoffMs: 400 }
    await expect(queue.run(job('twice'))).rejects.toThrow(JobFailed)
    expect(begun).toHaveLength(3)
    expect(begun[2]! - begun[1]!).toBeGreaterThanOrEqual(199)
  })

  it('begins a dead one anew when it is asked for again', async () => {
    let isBroken = true
    await join(async () => {
      if (isBroken) throw new NeverAgain('wrong')
      return 'right'
    })
    await expect(queue.run(job(1))).rejects.toThrow('wrong')
    expect(await queue.list({ state: 'dead', limit: 10 })).toMatchObject([{ attempts: 1 }])
    isBroken = false
    expect(await queue.run(job(1))).toBe('right')
  })

  it('ends an attempt that takes too long, and tells its handler', async () => {
    const told: unknown[] = []
    await join(async (_payload, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      told.push(signal.reason)
    })
    const answer = queue.run(job(1, { limitMs: 30 }))
    await expect(answer).rejects.toThrow('the attempt took longer than 30 ms')
    expect(told).toHaveLength(3)
  })

  it('waits no longer than it is told to, and then nobody goes on with it', async () => {
    const late = queue.run(job('unwanted'), { waitMs: 150 })
    await expect(late).rejects.toThrow(JobLate)
    await expect.poll(() => queue.list({ limit: 10 }), poll).toEqual([])
    const ends: unknown[] = []
    await join(async (_payload, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      ends.push(signal.reason)
    })
    const given = new AbortController()
    const answer = queue.run(job('begun'), { signal: given.signal })
    await expect.poll(async () => (await queue.counts()).fit.active, poll).toBe(1)
    given.abort()
    await expect(answer).rejects.toThrow(JobCancelled)
    await expect.poll(() => ends.length, poll).toBe(1)
    await expect.poll(() => queue.list({ limit: 10 }), poll).toEqual([])
  })

  it('tells who waits for a job that it was discarded', async () => {
    const answer = queue.run(job(1))
    answer.catch(() => undefined)
    await expect.poll(async () => (await queue.counts()).fit.waiting, poll).toBe(1)
    const [{ id } = { id: '' }] = await queue.list({ limit: 1 })
    await queue.discard(id)
    await expect(answer).rejects.toThrow(JobCancelled)
  })

  it('tells how it goes on, and the next attempt has what the last one saved', async () => {
    const progress: unknown[] = []
    const saved: unknown[] = []
    await join(async (_payload, context) => {
      const from = (context.saved as { step: number } | undefined)?.step ?? 0
      await context.tell({ from })
      if (from === 2) return 'after two breaks'
      await context.save({ step: from + 1 })
      await sleep(30)
      throw new Error('a break')
    })
    const answer = queue.run(job(1), {
      onProgress: (one) => progress.push(one),
      onSaved: (one) => saved.push(one),
    })
    expect(await answer).toBe('after two breaks')
    await expect.poll(() => progress.length, poll).toBeGreaterThan(0)
    expect(progress).toContainEqual({ from: 2 })
    expect(saved.at(-1)).toEqual({ step: 2 })
  })

  it('does no more side by side than it has threads, of all kinds together', async () => {
    let now = 0
    let most = 0
    const work: JobHandler = async (payload) => {
      most = Math.max(most, ++now)
      await sleep(30)
      now--
      return payload
    }
    const names = ['a', 'b', 'c', 'd']
    open.push(await queue.work({ fit: work, training: work }, { threads: 2 }))
    const kinds = ['training', 'fit'] as const
    const all = kinds.flatMap((one) => names.map((name) => queue.run(job(name, { kind: one }))))
    expect(await Promise.all(all)).toEqual([...names, ...names])
    expect(most).toBe(2)
  })

  it('gives back what a worker is at when it leaves; that is no failed attempt', async () => {
    const events: WorkEvent[] = []
    const first = await join(
      (_payload, { signal }) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(new Error('ended')), { once: true }),
        ),
      { onEvent: (event) => events.push(event) },
    )
    const answer = queue.run(job('held'))
    await expect.poll(() => events.map(({ what }) => what), poll).toContain('begun')
    await first.close()
    await join(async (payload) => payload)
    expect(await answer).toBe('held')
    expect(events.map(({ what }) => what)).toEqual(['begun', 'left'])
    expect(await queue.list({ state: 'done', limit: 1 })).toMatchObject([{ attempts: 0 }])
  })

  it('lists the newest first, by kind and state, no more than asked for', async () => {
    await join(async () => 1)
    for (const n of [1, 2, 3]) {
      await queue.run(job(n, { title: `fit ${n}` }))
      await sleep(2)
    }
    void queue.run(job(4, { kind: 'experiment' })).catch(() => undefined)
    await expect.poll(async () => (await queue.counts()).experiment.waiting, poll).toBe(1)
    const titles = async (query: Parameters<JobQueue['list']>[0]) =>
      (await queue.list(query)).map(({ title }) => title)
    expect(await titles({ kind: 'fit', limit: 2 })).toEqual(['fit 3', 'fit 2'])
    expect(await titles({ state: 'waiting', limit: 9 })).toEqual(['a fit'])
    expect(await titles({ kind: 'backtest', limit: 9 })).toEqual([])
    expect((await queue.counts()).fit).toEqual({
      ...{ waiting: 0, active: 0, delayed: 0, dead: 0, done: 3 },
    })
  })
})
