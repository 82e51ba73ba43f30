/** The lease as a protocol: any order of attempts, pauses, clocks that drift, and answers that are lost. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createElectedLease } from './elected.ts'
import type { Lease, LeaseStore } from './lease.ts'
import { createSoleLease } from './sole.ts'
import { createMemoryLeaseStore } from './test-lease-store.ts'

const TIMES = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2000 }

interface Clock {
  nowMs: number
  rate: number
}

function controllers(count: number, store: LeaseStore, rates: readonly number[] = []) {
  return Array.from({ length: count }, (_, i) => {
    const clock: Clock = { nowMs: i * 1e6, rate: rates[i] ?? 1 }
    const lease = createElectedLease({
      store,
      holder: `c${i}`,
      url: `http://c${i}`,
      times: TIMES,
      monotonicMs: () => clock.nowMs,
    })
    return { lease, clock }
  })
}

function pass(parts: readonly { clock: Clock }[], ms: number): void {
  for (const { clock } of parts) clock.nowMs += ms * clock.rate
}

describe('an elected lease', () => {
  it('has one leader; the other follows, and knows where the leader is', async () => {
    const parts = controllers(2, createMemoryLeaseStore())
    const [a, b] = parts.map((p) => p.lease) as [Lease, Lease]
    expect(await a.acquire()).toMatchObject({ token: 1, holder: 'c0' })
    expect(await b.acquire()).toBeUndefined()
    expect(b.held()).toBeUndefined()
    expect(b.seen()).toEqual({ holder: 'c0', token: 1, url: 'http://c0' })
  })

  it('is taken over when it was not seen to be renewed for its duration, not before', async () => {
    const parts = controllers(2, createMemoryLeaseStore())
    const [a, b] = parts.map((p) => p.lease) as [Lease, Lease]
    await a.acquire()
    await b.acquire()
    pass(parts, TIMES.durationMs - 1)
    expect(await b.acquire()).toBeUndefined()
    pass(parts, 1)
    expect(await b.acquire()).toMatchObject({ token: 2 })
    expect(a.held()).toBeUndefined()
    expect(await a.renew()).toBeUndefined()
    expect(await a.acquire()).toBeUndefined()
  })

  it('ends by itself at the deadline, and goes on under its token if nobody took it', async () => {
    const parts = controllers(1, createMemoryLeaseStore())
    const { lease } = parts[0]!
    await lease.acquire()
    pass(parts, TIMES.renewDeadlineMs - 1)
    expect(lease.held()).toMatchObject({ token: 1 })
    pass(parts, 1)
    expect(lease.held()).toBeUndefined()
    expect(await lease.renew()).toMatchObject({ token: 1 })
  })

  it('is taken at once when it was released, or by the next run of its holder', async () => {
    const store = createMemoryLeaseStore()
    const [a, b] = controllers(2, store).map((p) => p.lease) as [Lease, Lease]
    await a.acquire()
    await a.release()
    expect(a.held()).toBeUndefined()
    expect(await b.acquire()).toMatchObject({ token: 2 })
    const again = controllers(2, store)[1]!.lease
    expect(await again.acquire()).toMatchObject({ token: 3, holder: 'c1' })
    expect(await b.renew()).toBeUndefined()
  })

  it('refuses times that would let two act at once', () => {
    const store = createMemoryLeaseStore()
    const base = { store, holder: 'a', url: '', monotonicMs: () => 0 }
    for (const times of [
      { ...TIMES, renewDeadlineMs: TIMES.durationMs },
      { ...TIMES, retryMs: TIMES.renewDeadlineMs },
      { ...TIMES, retryMs: 0 },
    ])
      expect(() => createElectedLease({ ...base, times })).toThrow(RangeError)
  })

  it('never has two holders at once, and tokens only rise, whatever is late, lost, or drifts by 5 %', async () => {
    const step = fc.record({
      who: fc.integer({ min: 0, max: 2 }),
      waitMs: fc.integer({ min: 0, max: 9000 }),
      fault: fc.constantFrom('none', 'none', 'none', 'lost', 'lost-answer', 'restart'),
    })
    const rates = fc.array(fc.double({ min: 0.95, max: 1.05, noNaN: true }), {
      minLength: 3,
      maxLength: 3,
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), rates, async (steps, drift) => {
        const rows = createMemoryLeaseStore()
        let fault = 'none'
        const faulty: LeaseStore = {
          read: async () => {
            if (fault === 'lost') throw new Error('no answer')
            return rows.read()
          },
          swap: async (from, to) => {
            const done = await rows.swap(from, to)
            if (fault === 'lost-answer') throw new Error('no answer')
            return done
          },
        }
        const parts = controllers(3, faulty, drift)
        let newest = 0
        for (const { who, waitMs, fault: next } of steps) {
          pass(parts, waitMs)
          if (next === 'restart') {
            const { clock } = parts[who]!
            parts[who] = { ...controllers(3, faulty, drift)[who]!, clock }
            const monotonicMs = () => clock.nowMs
            const options = { store: faulty, holder: `c${who}`, url: '', times: TIMES, monotonicMs }
            parts[who] = { lease: createElectedLease(options), clock }
          }
          fault = next
          await parts[who]!.lease.acquire().catch(() => undefined)
          const holding = parts.flatMap(({ lease }) => lease.held() ?? [])
          expect(holding.length).toBeLessThanOrEqual(1)
          for (const { token } of holding) {
            expect(token).toBeGreaterThanOrEqual(newest)
            newest = token
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})

it('a sole lease always leads, and each run has a greater token', async () => {
  const store = createMemoryLeaseStore()
  const first = await createSoleLease(store, 'one', '')
  const second = await createSoleLease(store, 'one', '')
  expect([first.held()?.token, second.held()?.token]).toEqual([1, 2])
  expect(await second.renew()).toMatchObject({ token: 2 })
})
