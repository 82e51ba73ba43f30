/** What every ledger must do for several controllers on it: one row by compare-and-set, and no write of a deposed leader. */
import { beforeEach, expect, it } from 'vitest'
import { leaseRowConformance, rowOf } from '../leader/test-lease-row.ts'
import { Fenced, type Ledger } from './ledger.ts'
import { openLedger } from './registry.ts'
import { onEachLedger } from './test-each-ledger.ts'
import { AT_MS, decisionOf, modelOf, tickOf } from './test-rows.ts'

onEachLedger(({ kind, ledger, another }) => {
  let rival: Ledger
  beforeEach(async () => {
    rival = await another()
  })

  it('two that are opened at once migrate once, and are the same ledger', async () => {
    const fresh = await kind.place()
    const two = await Promise.all([1, 2].map(() => openLedger(fresh.config, fresh.folder)))
    expect(two[0]!.epoch).toBe(two[1]!.epoch)
    for (const one of two) await one.close()
    await fresh.remove()
  })

  leaseRowConformance(() => ({ one: ledger.lease, other: rival.lease }))

  it('writes nothing of a leader whose token is no longer the newest, whatever it writes', async () => {
    await ledger.lease.swap(undefined, rowOf(1))
    ledger.fence(1)
    await ledger.openTick(tickOf(1), [decisionOf(1, 'a')], [])
    await rival.lease.swap(rowOf(1), rowOf(2, { holder: 'b' }))
    rival.fence(2)
    const stale = [
      () => ledger.openTick(tickOf(2), [decisionOf(2, 'a')], []),
      () => ledger.settle([{ id: '1-a', settlement: 'applied', atMs: AT_MS }]),
      () => ledger.checkpoint('key', 1, AT_MS),
      () => ledger.putSetting({ key: 'budget', value: 1, changedAtMs: AT_MS, actor: 'a' }),
      () => ledger.prune(AT_MS * 2),
      () =>
        ledger.saveModel(
          modelOf('a', AT_MS),
          { standsAtMs: AT_MS, formatVersion: 1, sha256: 'x', packed: new Uint8Array(1) },
          {},
          9,
        ),
    ]
    for (const write of stale) await expect(write()).rejects.toThrow(Fenced)
    expect((await rival.lastTick())!.tick).toBe(1)
    expect((await rival.pendingDecisions()).map((d) => d.id)).toEqual(['1-a'])
    expect(await rival.restore('key')).toBeUndefined()
    expect(await rival.settings()).toEqual([])
    expect((await rival.models({ limit: 9 })).items).toEqual([])
    await rival.openTick(tickOf(2), [decisionOf(2, 'a')], [])
    expect((await ledger.lastTick())!.tick).toBe(2)
  })

  it('anybody may write keys and the audit log', async () => {
    await ledger.lease.swap(undefined, rowOf(2))
    ledger.fence(1)
    const entry = { atMs: AT_MS, actor: 'a', action: 'key.create', target: null, detail: {} }
    expect(await ledger.appendAudit(entry)).toMatchObject({ seq: 1 })
  })
})
