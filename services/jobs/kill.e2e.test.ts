/**
 * Workers as processes on a real Redis: killed with -9 at random moments, stopped and woken too late, and Redis itself killed
 * in the middle. Every job has one effect: one answer to whoever asked, and one completion in Redis.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { seededRandom } from '../../forecaster/random.ts'
import { createBullmqQueue } from './bullmq-queue.ts'
import { JobsConfig } from './config.ts'
import { JobLate, JobsUnavailable } from './job.ts'
import type { JobQueue } from './job-queue.ts'
import { startRedis, type TestRedis } from './test-redis.ts'

const WORKER = fileURLToPath(new URL('./test-worker.ts', import.meta.url))
const LOCK_MS = 800
const poll = { timeout: 30_000, interval: 50 }

let redis: TestRedis
let home: string
let prefix = ''
let journal = ''
let runs = 0
let queue: JobQueue
const workers = new Set<ChildProcess>()

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'forescale-jobs-'))
  redis = await startRedis()
})
afterAll(async () => {
  await redis.close()
  rmSync(home, { recursive: true, force: true })
})
beforeEach(() => {
  prefix = `kill-${++runs}`
  journal = path.join(home, prefix)
  appendFileSync(journal, '')
  const config = JobsConfig.parse({ prefix, lockMs: LOCK_MS })
  queue = createBullmqQueue({ address: redis.url, config, random: Math.random, code: 'this' })
})
afterEach(async () => {
  for (const worker of workers) worker.kill('SIGKILL')
  workers.clear()
  await queue.close()
})

async function join(code = 'this'): Promise<ChildProcess> {
  const args = [WORKER, redis.url, prefix, String(LOCK_MS), code, journal]
  const worker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  workers.add(worker)
  // one that is killed before says nothing
  await Promise.race([once(worker.stdout!, 'data'), once(worker, 'exit')])
  return worker
}

const chore = (n: number, ms: number, unless?: string) =>
  queue.run({ kind: 'fit', title: `chore ${n}`, payload: { n, ms, unless } })

/** Who did what, in order. */
const written = () =>
  readFileSync(journal, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [what = '', n, pid] = line.split(' ')
      return { what, n: Number(n), pid: Number(pid) }
    })

/** Completions in Redis, by job. */
async function completions(): Promise<Map<string, number>> {
  const client = new Redis(redis.url)
  const events = await client.xrange(`${prefix}:jobs-fit:events`, '-', '+')
  await client.quit()
  const counts = new Map<string, number>()
  for (const [, fields] of events) {
    if (fields[fields.indexOf('event') + 1] !== 'completed') continue
    const id = fields[fields.indexOf('jobId') + 1]!
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}

it('does each job with one effect while workers are killed at random, and Redis in the middle', async () => {
  const random = seededRandom(7)
  const jobs = 80
  await Promise.all([join(), join(), join()])
  let answers = 0
  const answered = Array.from({ length: jobs }, async (_, n) => {
    const answer = await chore(n, 300 + 600 * random())
    answers++
    return answer
  })
  const all = Promise.all(answered)
  let kills = 0
  const joining: Promise<unknown>[] = []
  while (kills < 8 && answers < jobs) {
    await sleep(200 + 600 * random())
    const living = [...workers]
    const victim = living[Math.floor(random() * living.length)]!
    workers.delete(victim)
    victim.kill('SIGKILL')
    kills++
    // meanwhile the others go on
    joining.push(join())
    if (kills === 4) {
      await redis.kill()
      await sleep(500)
      await redis.start()
    }
  }
  const expected = Array.from({ length: jobs }, (_, n) => ({ n, square: n * n }))
  expect(await all).toEqual(expected)
  await Promise.all(joining)
  const counts = await completions()
  expect(counts.size).toBe(jobs)
  expect([...counts.values()].filter((times) => times !== 1)).toEqual([])
  expect((await queue.counts()).fit).toEqual({
    ...{ waiting: 0, active: 0, delayed: 0, dead: 0, done: jobs },
  })
  const begun = written().filter(({ what }) => what === 'begun')
  // the kills took jobs away from workers that were at them
  expect(begun.length).toBeGreaterThan(jobs)
  process.stdout.write(
    `${jobs} jobs, ${kills} workers killed, Redis once: ${begun.length} beginnings, ${counts.size} completions, each once\n`,
  )
}, 90_000)

it('refuses what a worker says that was stopped and woken when another had done its job', async () => {
  const first = await join()
  const answer = chore(1, 400)
  await expect.poll(() => written().length, poll).toBe(1)
  first.kill('SIGSTOP')
  const second = await join()
  expect(await answer).toEqual({ n: 1, square: 1 })
  first.kill('SIGCONT')
  const ended = () => written().filter(({ what }) => what === 'ended')
  await expect.poll(() => ended().length, poll).toBe(2)
  expect(new Set(ended().map(({ pid }) => pid))).toEqual(new Set([first.pid, second.pid]))
  // its completion comes after its journal's line
  await sleep(500)
  expect([...(await completions()).values()]).toEqual([1])
  expect(await queue.list({ limit: 9 })).toMatchObject([{ state: 'done', stalls: 1, attempts: 0 }])
}, 40_000)

it('leaves a job to who has its code', async () => {
  await join('other')
  expect(await queue.workers('fit')).toBe(0)
  const answer = chore(3, 10)
  await expect.poll(async () => (await queue.counts()).fit.delayed, poll).toBe(1)
  await join('this')
  expect(await answer).toEqual({ n: 3, square: 9 })
  expect(await queue.list({ limit: 9 })).toMatchObject([{ attempts: 0, stalls: 0 }])
}, 40_000)

it('keeps what cannot be done with its error over a killed Redis, to be begun anew', async () => {
  await join()
  await expect(chore(4, 10, 'never')).rejects.toThrow('4 cannot be done')
  await redis.kill()
  await expect(queue.counts()).rejects.toThrow(JobsUnavailable)
  const limited = { kind: 'fit', title: 'late', payload: { n: 5, ms: 10 } } as const
  await expect(queue.run(limited, { waitMs: 400 })).rejects.toThrow(JobsUnavailable)
  await redis.start()
  await expect
    .poll(() => queue.list({ state: 'dead', limit: 9 }).catch(() => []), poll)
    .toHaveLength(1)
  const [dead] = await queue.list({ state: 'dead', limit: 9 })
  expect(await queue.get(dead!.id)).toMatchObject({
    ...{ attempts: 3, error: '4 cannot be done', title: 'chore 4' },
    payload: { n: 4, ms: 10, unless: 'never' },
  })
  const tried = written().length
  await queue.retry(dead!.id)
  await expect.poll(() => written().length, poll).toBeGreaterThan(tried)
  // who asked while Redis was away is not served behind its back
  expect(written().filter(({ n }) => n === 5)).toEqual([])
}, 40_000)

it('waits no longer than told when the only worker is killed at it', async () => {
  const worker = await join()
  const request = { kind: 'fit', title: 'held', payload: { n: 6, ms: 60_000 } } as const
  const answer = queue.run(request, { waitMs: 1500 })
  answer.catch(() => undefined)
  await expect.poll(() => written().length, poll).toBe(1)
  worker.kill('SIGKILL')
  await expect(answer).rejects.toThrow(JobLate)
  // the next worker finds that nobody wants it
  await join()
  await expect.poll(() => queue.list({ limit: 9 }), poll).toEqual([])
}, 40_000)
