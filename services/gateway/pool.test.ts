import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { createPool } from './pool.ts'

const live = (...names: string[]) =>
  names.map((id, i) => ({ id, url: `http://127.0.0.1:${9000 + i}` }))
function poolOf(...names: string[]) {
  let ejections = 0
  const pool = createPool({ random: seededRandom('pool'), onEject: () => ejections++ })
  pool.setLive(live(...names))
  return { pool, ejections: () => ejections }
}

describe('choosing', () => {
  it('has nothing to offer when none is live', () => {
    expect(poolOf().pool.pick()).toBeUndefined()
    const { pool } = poolOf('a')
    expect(pool.pick(pool.pick())).toBeUndefined()
  })

  it('never takes the busier of two', () => {
    const { pool } = poolOf('a', 'b')
    const busy = pool.pick()!
    busy.inFlight = 5
    for (let i = 0; i < 50; i++) expect(pool.pick()).not.toBe(busy)
  })

  it('keeps the longest of many queues far shorter than blind chance does', () => {
    const names = Array.from({ length: 20 }, (_, i) => `r${i}`)
    const { pool } = poolOf(...names)
    for (let i = 0; i < 2000; i++) pool.pick()!.inFlight++
    const counts = new Set<number>()
    for (let i = 0; i < 500; i++) counts.add(pool.pick()!.inFlight)
    // 100 each on average; one random choice would spread by about ±25
    expect(Math.max(...counts)).toBeLessThanOrEqual(104)
  })

  it('keeps counting a replica that stays live, and forgets one that is gone', () => {
    const { pool } = poolOf('a')
    const a = pool.pick()!
    a.inFlight = 3
    pool.setLive(live('a', 'b'))
    expect(pool.live()).toBe(2)
    pool.setLive(live('a'))
    expect(pool.pick()).toBe(a)
    pool.setLive([])
    expect(pool.pick()).toBeUndefined()
  })
})

describe('ejecting', () => {
  it('takes a replica out after three failures in a row, and not after a success between', () => {
    const { pool, ejections } = poolOf('a', 'b')
    const a = pool.pick()!
    for (const failed of [true, true, false, true, true]) pool.record(a, failed, 0)
    expect(ejections()).toBe(0)
    pool.record(a, true, 0)
    expect([ejections(), pool.ejected()]).toEqual([1, 1])
    for (let i = 0; i < 20; i++) expect(pool.pick()).not.toBe(a)
  })

  it('probes it after a while that doubles, and takes it back when it is well', () => {
    const { pool } = poolOf('a', 'b')
    const a = pool.pick()!
    for (let i = 0; i < 3; i++) pool.record(a, true, 0)
    expect(pool.toProbe(999)).toEqual([])
    expect(pool.toProbe(1000)).toEqual([a])
    pool.probed(a, false, 1000)
    expect(pool.toProbe(2999)).toEqual([])
    expect(pool.toProbe(3000)).toEqual([a])
    pool.probed(a, true, 3000)
    expect(pool.ejected()).toBe(0)
    expect(Array.from({ length: 20 }, () => pool.pick())).toContain(a)
  })

  it('uses ejected replicas when there are no others', () => {
    const { pool } = poolOf('a')
    const a = pool.pick()!
    for (let i = 0; i < 3; i++) pool.record(a, true, 0)
    expect(pool.pick()).toBe(a)
  })
})
