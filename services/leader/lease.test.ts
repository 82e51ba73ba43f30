/** The lease as a protocol: any order of attempts, pauses, clocks that drift, and answers that are lost. */
import { describe, expect, it } from 'vitest'
import { createElectedLease } from './elected.ts'
import type { Lease } from './lease.ts'
import { createSoleLease } from './sole.ts'
import { controllers, leaseHistories, pass, TIMES } from './test-lease-histories.ts'
import { createMemoryLeaseStore } from './test-lease-store.ts'

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
})

leaseHistories('in memory', async () => createMemoryLeaseStore(), { runs: 300, steps: 60 })

it('a sole lease always leads, and each run has a greater token', async () => {
  const store = createMemoryLeaseStore()
  const first = await createSoleLease(store, 'one', '')
  const second = await createSoleLease(store, 'one', '')
  expect([first.held()?.token, second.held()?.token]).toEqual([1, 2])
  expect(await second.renew()).toMatchObject({ token: 2 })
})
