/** The rows by which shards share a budget, on every kind of ledger. */
import { beforeEach, expect, it } from 'vitest'
import { PRICES } from '../../coordinator/meta/price-ladder.ts'
import type { ShardSaid } from '../shards/share.ts'
import type { Ledger } from './ledger.ts'
import { onEachLedger } from './test-each-ledger.ts'

const said = (tick = 1): ShardSaid => ({
  ...{ tick, atMs: tick * 1000, holder: 'h', url: '', runningPerHour: 0.1, leastPerHour: 0 },
  ...{ reactive: Array.from(PRICES, () => 1 / 3), all: [], targetPerHour: 2, price: 0 },
})
const row = (shard: string, claimPerHour = 1, token = 1) => ({
  ...{ shard, token, claimPerHour, said: said() },
})

onEachLedger(({ ledger: one, another }) => {
  let two: Ledger
  beforeEach(async () => {
    two = await another()
  })

  it('are read as they were written, by everybody', async () => {
    expect(await one.shares.read()).toEqual([])
    expect(await one.shares.swap(0, row('a', 1.25))).toBe(true)
    expect(await two.shares.swap(1, row('b'))).toBe(true)
    const rows = await two.shares.read()
    expect(rows).toHaveLength(2)
    expect(rows.find(({ shard }) => shard === 'a')).toStrictEqual({ ...row('a', 1.25), round: 1 })
  })

  it('change only as they were read: a claim by anybody in between refuses it', async () => {
    await one.shares.swap(0, row('a'))
    expect(await two.shares.swap(0, row('b'))).toBe(false)
    await one.shares.swap(1, row('a', 2))
    await one.shares.swap(2, row('a', 3))
    expect(await two.shares.swap(1, row('b'))).toBe(false)
    expect((await one.shares.read()).map(({ round }) => round)).toEqual([3])
  })

  it('of many claims at once on the same rows one is made', async () => {
    await one.shares.swap(0, row('a'))
    for (let round = 1; round <= 5; round++) {
      const made = await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          (i % 2 ? one : two).shares.swap(round, row(`s${i % 4}`)),
        ),
      )
      expect(made.filter(Boolean)).toHaveLength(1)
    }
  })

  it('are closed to a leader that was deposed', async () => {
    await one.shares.swap(0, row('a', 1, 2))
    expect(await two.shares.swap(1, row('a', 5, 1))).toBe(false)
    expect(await two.shares.swap(1, row('a', 4, 2))).toBe(true)
  })
})
