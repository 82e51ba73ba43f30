/** What every ledger must do with API keys and the audit log, on real files. */
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { StoredKey } from '../access/api-key.ts'
import { type AuditEntry, type AuditRow, faultOf, GENESIS } from '../audit/chain.ts'
import type { Ledger } from './ledger.ts'
import { openLedger } from './registry.ts'
import { LEDGER_KINDS, type Place } from './test-kinds.ts'
import { AT_MS } from './test-rows.ts'

const keyOf = (id: string, over: Partial<StoredKey> = {}): StoredKey => ({
  ...{ id, name: 'ci', hash: 'ab'.repeat(32), role: 'operator', groups: null },
  ...{ createdAtMs: AT_MS, createdBy: 'machine', expiresAtMs: null },
  ...{ revokedAtMs: null, revokedBy: null, replacedBy: null, lastUsedAtMs: null },
  ...over,
})

const entryOf = (over: Partial<AuditEntry> = {}): AuditEntry => ({
  ...{ atMs: AT_MS, actor: 'key:ci', action: 'budget.change', target: null },
  ...{ detail: { costBudgetPerHour: 0.1 + 0.2 } },
  ...over,
})

const anyEntry = fc.record({
  atMs: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0, max: 1e15 }),
  actor: fc.string({ unit: 'grapheme' }),
  action: fc.string(),
  target: fc.option(fc.string({ unit: 'grapheme' })),
  detail: fc.jsonValue(),
})

describe.each(LEDGER_KINDS)('$kind', (kind) => {
  let place: Place
  let ledger: Ledger

  beforeAll(() => kind.start())
  afterAll(() => kind.stop())

  beforeEach(async () => {
    place = await kind.place()
    ledger = await openLedger(place.config, place.folder)
  })
  afterEach(async () => {
    await ledger.close()
    await place.remove()
  })
  async function reopen(): Promise<void> {
    await ledger.close()
    ledger = await openLedger(place.config, place.folder)
  }
  const chain = () => ledger.auditAfter(0, 1000)
  const faults = (rows: readonly AuditRow[]) =>
    rows.map((row, i) => faultOf(rows[i - 1], row)).filter((fault) => fault !== undefined)

  describe('keys', () => {
    it('come back as they were kept, in the order of their making', async () => {
      const second = keyOf('000000000002', { groups: ['a', 'b'], createdAtMs: AT_MS + 1 })
      const first = keyOf('000000000003', { role: 'viewer', expiresAtMs: AT_MS + 5 })
      await ledger.addKey(second)
      await ledger.addKey(first)
      await reopen()
      expect(await ledger.keys()).toStrictEqual([first, second])
      expect(await ledger.key(second.id)).toStrictEqual(second)
      expect(await ledger.key('000000000009')).toBeUndefined()
    })

    it('are made once', async () => {
      await ledger.addKey(keyOf('000000000001'))
      await expect(ledger.addKey(keyOf('000000000001', { name: 'other' }))).rejects.toThrow()
      expect((await ledger.key('000000000001'))?.name).toBe('ci')
    })

    it('change only in how they end', async () => {
      await ledger.addKey(keyOf('000000000001'))
      const over = { expiresAtMs: 1, revokedAtMs: 2, revokedBy: 'ann', replacedBy: '000000000002' }
      await ledger.saveKey(keyOf('000000000001', { ...over, role: 'admin', hash: '' }))
      expect(await ledger.key('000000000001')).toStrictEqual(keyOf('000000000001', over))
      await expect(ledger.saveKey(keyOf('000000000009'))).rejects.toThrow('000000000009')
    })

    it('were last used at the latest use that was told, in whatever order', async () => {
      await ledger.addKey(keyOf('000000000001'))
      for (const atMs of [5, 9, 7]) await ledger.touchKey('000000000001', atMs)
      expect((await ledger.key('000000000001'))?.lastUsedAtMs).toBe(9)
    })
  })

  describe('the audit log', () => {
    it('is a chain of whatever was written, over restarts', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyEntry, { minLength: 1, maxLength: 5 }), async (entries) => {
          const before = await chain()
          const written: AuditRow[] = []
          for (const entry of entries) written.push(await ledger.appendAudit(entry))
          const rows = (await chain()).slice(before.length)
          expect(rows).toEqual(written)
          expect(rows.map(({ actor, target }) => [actor, target])).toEqual(
            entries.map(({ actor, target }) => [actor, target]),
          )
        }),
        { numRuns: 50 },
      )
      await reopen()
      const rows = await chain()
      expect(rows[0]?.formerHash).toBe(GENESIS)
      expect(faults(rows)).toEqual([])
    })

    it('stays one chain when two write at once', async () => {
      const other = await openLedger(place.config, place.folder)
      await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          (i % 2 ? ledger : other).appendAudit(entryOf({ target: `s${i}` })),
        ),
      )
      await other.close()
      const rows = await chain()
      expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
      expect(new Set(rows.map(({ target }) => target)).size).toBe(20)
      expect(faults(rows)).toEqual([])
    })

    it('is read by pages, newest first, and by who, what and when', async () => {
      for (let i = 0; i < 7; i++)
        await ledger.appendAudit(
          entryOf({
            atMs: AT_MS + i,
            actor: i % 2 ? 'key:ci' : 'key:ann',
            action: i < 3 ? 'key.create' : 'keyring',
            target: i === 6 ? 'search' : null,
          }),
        )
      const first = await ledger.audit({ limit: 4 })
      const rest = await ledger.audit({ limit: 4, cursor: first.next })
      expect([...first.items, ...rest.items].map(({ seq }) => seq)).toEqual([7, 6, 5, 4, 3, 2, 1])
      expect(rest.next).toBeUndefined()
      const seqs = async (query: object) =>
        (await ledger.audit({ limit: 50, ...query })).items.map(({ seq }) => seq)
      expect(await seqs({ actor: 'key:ci' })).toEqual([6, 4, 2])
      expect(await seqs({ action: 'key' })).toEqual([3, 2, 1])
      expect(await seqs({ action: 'key.create' })).toEqual([3, 2, 1])
      expect(await seqs({ target: 'search' })).toEqual([7])
      expect(await seqs({ fromMs: AT_MS + 2, toMs: AT_MS + 4 })).toEqual([4, 3])
    })

    it('outlives what is pruned', async () => {
      await ledger.appendAudit(entryOf())
      await ledger.prune(AT_MS * 2)
      expect(await chain()).toHaveLength(1)
    })
  })
})
