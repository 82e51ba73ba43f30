/** What every ledger must do where it may take only so much of the disk, on real files and servers. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { AppConfig } from '../config.ts'
import { openLedgerDatabase } from './databases.ts'
import type { Ledger } from './ledger.ts'
import { openLedger } from './registry.ts'
import { onEachLedger } from './test-each-ledger.ts'
import type { Place } from './test-kinds.ts'
import { AT_MS, decisionOf, forecastOf, modelOf, TICK_MS, tickOf } from './test-rows.ts'

const MOST_BYTES = 1_600_000
/** Chance, so that no database can pack it. */
const INPUT_BYTES = 10_000

const within = ({ config }: Place, maxBytes: number): AppConfig => ({
  ...config,
  ledger: { ...config.ledger, maxBytes },
})

async function record(ledger: Ledger, first: number, count: number): Promise<void> {
  for (let n = first; n < first + count; n++) {
    const decision = { ...decisionOf(n, 'a'), settlement: 'applied' as const }
    const tick = tickOf(n, { inputs: new Uint8Array(randomBytes(INPUT_BYTES)) })
    await ledger.openTick(tick, [decision], [forecastOf('a', n)])
  }
  await ledger.saveOutcomes(
    upTo(first, first + count - 1).map((tick) => ({
      ...{ tick, service: 'a', atMs: tickOf(tick).atMs, loadRps: 1, violationRatio: 0 },
      ...{ replicaHours: 1, cost: 1 },
    })),
  )
}

/** Numbers of the ticks that are there, and of what belongs to them. */
async function kept(ledger: Ledger) {
  const ticks = (await ledger.ticks({ limit: 5000 })).items.map(({ tick }) => tick)
  const decisions = (await ledger.decisions({ limit: 5000 })).items.map(({ tick }) => tick)
  const outcomes = await ledger.outcomes({ fromMs: 0, toMs: AT_MS * 2 })
  return {
    ticks: ticks.sort((a, b) => a - b),
    decisions: decisions.sort((a, b) => a - b),
    outcomes,
  }
}

const upTo = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i)

onEachLedger(({ kind, ledger, place }) => {
  /** The same ledger, which from now on may take so much. */
  async function bounded<T>(maxBytes: number, work: (ledger: Ledger) => Promise<T>): Promise<T> {
    const opened = await openLedger(within(place(), maxBytes), place().folder)
    try {
      return await work(opened)
    } finally {
      await opened.close()
    }
  }
  async function bytes(): Promise<{ held: number; used: number }> {
    const database = await openLedgerDatabase(place().config, place().folder)
    const found = { held: await database.heldBytes(), used: await database.usedBytes() }
    await database.close()
    return found
  }

  describe('a ledger that has outgrown its size', () => {
    it('loses its oldest ticks, whole, and no more than it must', async () => {
      await record(ledger, 1, 240)
      const before = await bytes()
      expect(before.used).toBeGreaterThan(240 * INPUT_BYTES * 0.9)
      await bounded(MOST_BYTES, (one) => one.prune(0))
      const { ticks, decisions, outcomes } = await kept(ledger)
      expect(ticks).toEqual(upTo(ticks[0]!, 240))
      expect(decisions).toEqual(ticks)
      expect(outcomes.map(({ tick }) => tick)).toEqual(ticks)
      const { used } = await bytes()
      expect(used).toBeLessThanOrEqual(MOST_BYTES)
      expect(used).toBeGreaterThan(MOST_BYTES * 0.6)
      // what is within its size is left alone
      await bounded(MOST_BYTES, (one) => one.prune(0))
      expect((await kept(ledger)).ticks).toEqual(ticks)
    })

    it('takes no more of the disk however long it goes on, once the database has cleaned up', async () => {
      await record(ledger, 1, 150)
      const sizes: number[] = []
      await bounded(MOST_BYTES, async (one) => {
        for (let round = 0; round < 5; round++) {
          await one.prune(0)
          // autovacuum would, within a minute
          if (kind.kind === 'postgresql') await place().sql('VACUUM')
          await record(one, 151 + round * 30, 30)
          sizes.push((await one.size()).bytes)
        }
      })
      const roundOf = 30 * (INPUT_BYTES + 4000)
      // three rounds later
      expect(sizes.at(-1)! - sizes[1]!).toBeLessThan(roundOf)
      if (kind.kind === 'embedded') expect(Math.max(...sizes)).toBeLessThan(MOST_BYTES + roundOf)
      expect((await kept(ledger)).ticks.at(-1)).toBe(300)
    })

    it('keeps what is needed: open decisions, newest ticks, models, settings, keys, the audit log', async () => {
      await ledger.saveModel(
        modelOf('a', AT_MS),
        { standsAtMs: AT_MS, formatVersion: 1, sha256: 'ab', packed: new Uint8Array(5000) },
        {},
        9,
      )
      await ledger.putSetting({ key: 'k', value: 1, changedAtMs: AT_MS, actor: 'ann' })
      await ledger.checkpoint('agents', ['state'], AT_MS)
      const entry = { atMs: AT_MS, actor: 'ann', action: 'x', target: null, detail: 1 }
      const row = await ledger.appendAudit(entry)
      await record(ledger, 1, 30)
      const open = tickOf(31, { inputs: new Uint8Array(0) })
      await ledger.openTick(open, [decisionOf(31, 'a')], [])
      await record(ledger, 32, 110)

      await bounded(1, (one) => one.prune(0))
      expect((await kept(ledger)).ticks).toEqual(upTo(31, 141))
      expect(await ledger.pendingDecisions()).toMatchObject([{ tick: 31 }])
      await ledger.settle([{ id: '31-a', settlement: 'applied', atMs: AT_MS + 31 * TICK_MS }])
      await bounded(1, (one) => one.prune(0))
      expect((await kept(ledger)).ticks).toEqual(upTo(42, 141))

      expect((await ledger.standingModels()).map(({ service }) => service)).toEqual(['a'])
      expect(
        await ledger.artifact({ service: 'a', metric: modelOf('a', 1).metric, number: 1 }),
      ).toBeDefined()
      expect((await ledger.settings()).map(({ key }) => key)).toEqual(['k'])
      expect(await ledger.restore('agents')).toEqual(['state'])
      expect(await ledger.auditAfter(0, 9)).toEqual([row])
    })

    it('loses nothing where it has room, or no size was set', async () => {
      await record(ledger, 1, 20)
      await bounded(50_000_000, (one) => one.prune(0))
      await ledger.prune(0)
      expect((await kept(ledger)).ticks).toHaveLength(20)
      expect((await ledger.size()).mostBytes).toBeUndefined()
      expect((await ledger.size()).bytes).toBeGreaterThan(20 * INPUT_BYTES * 0.9)
    })
  })
})
