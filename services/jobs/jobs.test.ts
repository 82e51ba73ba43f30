import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffMs } from './backoff.ts'
import { workVersion } from './code-version.ts'
import { JobsConfig } from './config.ts'
import { JobId, type JobRequest, jobIdOf } from './job.ts'
import { inShort, pack, unpack } from './packed.ts'
import { addressOf, hidden, redisAt } from './redis-address.ts'
import { createSlots } from './slots.ts'

const fitOf = (payload: unknown): JobRequest => ({ kind: 'fit', title: 'a fit', payload })

describe('the id of a job', () => {
  it('is of kind, code and payload, to the bit, and of no order of fields', () => {
    const payload = { a: Float64Array.of(1, Number.NaN), b: { c: 1, d: [2, 3] } }
    const id = jobIdOf(fitOf(payload), 'x')
    expect(JobId.parse(id)).toBe(id)
    const same = { b: { d: [2, 3], c: 1 }, a: Float64Array.of(1, Number.NaN) }
    expect(jobIdOf({ ...fitOf(same), title: 'the same' }, 'x')).toBe(id)
    const others = [
      jobIdOf(fitOf(payload), 'y'),
      jobIdOf({ ...fitOf(payload), kind: 'backtest' }, 'x'),
      jobIdOf(fitOf({ ...payload, a: Float64Array.of(1, 0) }), 'x'),
      jobIdOf(fitOf({ ...payload, a: Float64Array.of(1, -0) }), 'x'),
      jobIdOf(fitOf({ ...payload, a: [1, Number.NaN] }), 'x'),
      jobIdOf(fitOf({ ...payload, b: { c: 1, d: [3, 2] } }), 'x'),
    ]
    expect(new Set([id, ...others]).size).toBe(others.length + 1)
  })

  it('names the code with its engine and processor', () => {
    expect(workVersion()).toMatch(/^[0-9a-f]{16}-v8\.\d+\.\d+-\w+$/)
    expect(workVersion()).toBe(workVersion())
  })
})

describe('a packed payload', () => {
  it('is any plain data again, to the bit', async () => {
    const numbers = fc.record({
      f64: fc.float64Array(),
      f32: fc.float32Array(),
      i32: fc.int32Array(),
    })
    const plain = fc.record({ any: fc.jsonValue(), double: fc.double(), numbers, id: fc.string() })
    await fc.assert(
      fc.asyncProperty(plain, async (value) => {
        expect(await unpack(await pack(value))).toEqual(structuredClone(value))
      }),
      { numRuns: 50 },
    )
    await fc.assert(
      fc.asyncProperty(fc.base64String(), async (text) => {
        // what was not packed so is refused, never half read
        await expect(unpack(text)).rejects.toThrow()
      }),
      { numRuns: 50 },
    )
  })

  it('is shown in short: how long it is, and how it begins', () => {
    expect(
      inShort({
        ...{ short: [1, 2], flag: true, none: null, nan: Number.NaN, text: 'x'.repeat(500) },
        values: Float64Array.from({ length: 1000 }, (_, i) => i),
        deep: [{ list: Array(20).fill('y') }],
      }),
    ).toEqual({
      ...{ short: [1, 2], flag: true, none: null, nan: 'NaN' },
      text: `${'x'.repeat(120)}… (500 characters)`,
      values: { length: 1000, first: [0, 1, 2, 3, 4, 5, 6, 7] },
      deep: [{ list: { length: 20, first: Array(8).fill('y') } }],
    })
  })
})

describe('the wait before the next attempt', () => {
  const settings = fc.record({
    backoffMs: fc.integer({ min: 1, max: 10_000 }),
    longestBackoffMs: fc.integer({ min: 10_000, max: 3_600_000 }),
  })
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

  it('is at least half of, and at most, twice as long each time, up to its limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), settings, chance, (failed, given, random) => {
        const longest = Math.min(given.longestBackoffMs, given.backoffMs * 2 ** (failed - 1))
        const ms = backoffMs(failed, given, random)
        expect(Number.isInteger(ms)).toBe(true)
        expect(ms).toBeGreaterThanOrEqual(longest / 2)
        expect(ms).toBeLessThanOrEqual(Math.max(1, longest))
      }),
    )
  })

  it('spreads what failed together', () => {
    const given = { backoffMs: 1000, longestBackoffMs: 60_000 }
    expect([0, 0.25, 0.5, 0.75].map((random) => backoffMs(3, given, random))).toEqual([
      ...[2000, 2500, 3000, 3500],
    ])
  })
})

describe('slots', () => {
  it('go to the most urgent that waits, and of equals to the first', async () => {
    const slots = createSlots(1)
    const { signal } = new AbortController()
    await slots.take('training', signal)
    const order: string[] = []
    const asked = (['training', 'experiment', 'fit', 'backtest', 'fit'] as const).map(
      async (kind, i) => {
        await slots.take(kind, signal)
        order.push(`${kind} ${i}`)
        slots.leave()
      },
    )
    slots.leave()
    await Promise.all(asked)
    expect(order).toEqual(['fit 2', 'fit 4', 'backtest 3', 'experiment 1', 'training 0'])
  })

  it('are not taken by who gave up', async () => {
    const slots = createSlots(1)
    const leaving = new AbortController()
    await slots.take('fit', leaving.signal)
    const waiting = slots.take('fit', leaving.signal)
    leaving.abort(new Error('gone'))
    await expect(waiting).rejects.toThrow('gone')
    await expect(slots.take('fit', leaving.signal)).rejects.toThrow('gone')
    slots.leave()
    const { signal } = new AbortController()
    await slots.take('fit', signal)
  })
})

describe('the configuration', () => {
  const faultsOf = (jobs: object) =>
    JobsConfig.safeParse(jobs).error?.issues.map(({ path, message }) => `${path}: ${message}`)

  it('names Redis without a password, or a variable that holds the whole address', () => {
    expect(JobsConfig.parse({})).toMatchObject({ attempts: 3, prefix: 'forescale' })
    expect(faultsOf({ redis: 'redis://cache:6379' })).toBeUndefined()
    expect(faultsOf({ redis: 'http://cache' })).toEqual([
      'redis: must be an address: redis://host:port or rediss://…',
    ])
    expect(faultsOf({ redis: 'redis://:secret@cache' })?.[0]).toMatch(/must hold no password/)
    expect(faultsOf({ redis: 'redis://cache', redisEnv: 'REDIS' })?.[0]).toMatch(/^redisEnv/)
    expect(faultsOf({ backoffMs: 5000, longestBackoffMs: 100 })?.[0]).toMatch(/^longestBackoffMs/)
    const env = { REDIS: 'rediss://user:secret@cache:6380' }
    expect(addressOf({}, env)).toBeUndefined()
    expect(addressOf({ redis: 'redis://cache' }, env)).toBe('redis://cache')
    expect(addressOf({ redisEnv: 'REDIS' }, env)).toBe(env.REDIS)
    expect(() => addressOf({ redisEnv: 'OTHER' }, env)).toThrow(/jobs.redisEnv.*OTHER is not set/)
  })

  it('shows no secret where it says what is wrong', () => {
    expect(hidden('redis://user:secret@cache')).toBe('redis://cache')
    expect(() => redisAt('http://user:secret@cache')).toThrow(
      'queue http://cache is not allowed; allowed: redis://host:port or rediss://…',
    )
  })
})
