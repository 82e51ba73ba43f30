/** What every ledger must do with API keys and the audit log, on real files. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StoredKey } from '../access/api-key.ts'
import { type AuditEntry, type AuditRow, faultOf, GENESIS } from '../audit/chain.ts'
import type { LedgerConfig } from './config.ts'
import { onEachLedger } from './test-each-ledger.ts'
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

/** What only one engine has words for. */
const BY_OTHER_WORDS: Readonly<Record<LedgerConfig['kind'], readonly string[]>> = {
  embedded: [
    `INSERT OR REPLACE INTO audit SELECT seq, at_ms, 'nobody', action, target, detail, former_hash, hash FROM audit`,
    'UPDATE OR REPLACE audit SET seq = 1 WHERE seq = 3',
  ],
  postgresql: [
    'TRUNCATE audit',
    'TRUNCATE audit, ticks RESTART IDENTITY CASCADE',
    `MERGE INTO audit USING (SELECT 2::bigint AS n) AS one ON seq = n WHEN MATCHED THEN DELETE`,
  ],
}

onEachLedger(({ kind, ledger, reopen, another, place }) => {
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
      const other = await another()
      await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          (i % 2 ? ledger : other).appendAudit(entryOf({ target: `s${i}` })),
        ),
      )
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

    it.each([
      `UPDATE audit SET actor = 'nobody'`,
      `UPDATE audit SET detail = detail WHERE seq = 2`,
      `UPDATE audit SET seq = 9 WHERE seq = 3`,
      'DELETE FROM audit',
      'DELETE FROM audit WHERE seq = 3',
      `INSERT INTO audit SELECT seq, at_ms, 'nobody', action, target, detail, former_hash, hash FROM audit WHERE seq = 2
         ON CONFLICT (seq) DO UPDATE SET actor = excluded.actor`,
      ...BY_OTHER_WORDS[kind.kind],
    ])('stays as it is, for the ledger itself too, after %s', async (statement) => {
      for (let i = 0; i < 3; i++) await ledger.appendAudit(entryOf({ target: `s${i}` }))
      const before = await chain()
      await place()
        .sql(statement)
        .catch((error: Error) => expect(error.message).toMatch(/append-only|permission denied/))
      expect(await chain()).toStrictEqual(before)
      await ledger.appendAudit(entryOf())
      expect(faults(await chain())).toEqual([])
    })

    it('outlives what is pruned', async () => {
      await ledger.appendAudit(entryOf())
      await ledger.prune(AT_MS * 2)
      expect(await chain()).toHaveLength(1)
    })
  })
})
