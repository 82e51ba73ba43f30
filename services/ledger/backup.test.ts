/** Backup and restore, within a kind and from one to the other, on real files and a real PostgreSQL. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { backup, restore, verifyBackup } from './backup.ts'
import { openLedgerDatabase } from './databases.ts'
import type { Ledger } from './ledger.ts'
import { openLedger } from './registry.ts'
import { LEDGER_KINDS, type Place } from './test-kinds.ts'
import { AT_MS, decisionOf, forecastOf, modelOf, tickOf } from './test-rows.ts'

let folder: string
let file: string
beforeAll(async () => {
  for (const kind of LEDGER_KINDS) await kind.start()
}, 60_000)
afterAll(async () => {
  for (const kind of LEDGER_KINDS) await kind.stop()
})
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-backup-'))
  file = path.join(folder, 'ledger.backup')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Something in every kind of column, and more rows than go at once. */
async function fill(ledger: Ledger): Promise<void> {
  await ledger.lease.swap(undefined, { token: 7, holder: 'a', url: '', renewals: 0 })
  for (let n = 1; n <= 3; n++) {
    const services = Array.from({ length: 400 }, (_, i) => `svc-${i}`)
    const decisions = services.map((service) => decisionOf(n, service))
    await ledger.openTick(tickOf(n), decisions, [forecastOf('a', n)])
  }
  for (const value of ['1', 'null', '"x"', null, 7, { a: [true] }])
    await ledger.putSetting({ key: 'any', value, changedAtMs: AT_MS + 1 / 3, actor: 'ann' })
  const artifact = {
    standsAtMs: AT_MS,
    formatVersion: 1,
    sha256: 's',
    packed: new Uint8Array([0, 255]),
  }
  await ledger.saveModel(modelOf('a', AT_MS), artifact, {}, 9)
  await ledger.appendAudit({ atMs: AT_MS, actor: 'a', action: 'x', target: null, detail: { a: 1 } })
}

async function withDatabase<T>(
  { config, folder: at }: Place,
  work: (database: Awaited<ReturnType<typeof openLedgerDatabase>>) => Promise<T>,
): Promise<T> {
  const database = await openLedgerDatabase(config, at)
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}

const pairs = LEDGER_KINDS.flatMap((from) => LEDGER_KINDS.map((to) => [from, to] as const))

describe.each(pairs)('a backup', (from, to) => {
  it(`of ${from.kind} is the same ledger in ${to.kind}, which goes on from there`, async () => {
    const [source, target] = [await from.place(), await to.place()]
    const first = await openLedger(source.config, source.folder)
    await fill(first)
    const { epoch } = first
    await first.close()
    const report = await withDatabase(source, (database) => backup(database, file))
    expect(report.rowsByTable).toMatchObject({ ticks: 3, decisions: 1200, settings: 6 })
    await withDatabase(target, (database) => restore(database, file))
    const again = path.join(folder, 'again')
    const second = await withDatabase(target, (database) => backup(database, again))
    expect(second.sha256).toBe(report.sha256)

    const ledger = await openLedger(target.config, target.folder)
    expect(ledger.epoch).toBe(epoch)
    expect(await ledger.tick(3)).toStrictEqual(tickOf(3))
    expect((await ledger.settingHistory('any')).map((row) => row.value)).toEqual([
      ...[{ a: [true] }, 7, null, '"x"', 'null', '1'],
    ])
    expect(await ledger.lease.read()).toBeUndefined()
    await ledger.openTick(tickOf(4), [decisionOf(4, 'a')], [])
    expect((await ledger.decisions({ limit: 1 })).items[0]!.tick).toBe(4)
    await ledger.putSetting({ key: 'any', value: 8, changedAtMs: 1, actor: 'bob' })
    expect((await ledger.settings())[0]!.value).toBe(8)
    await ledger.close()
    await source.remove()
    await target.remove()
  }, 60_000)
})

describe('what is no whole backup', () => {
  async function made(): Promise<{ place: Place; whole: Buffer }> {
    const place = await LEDGER_KINDS[0]!.place()
    const ledger = await openLedger(place.config, place.folder)
    await ledger.openTick(tickOf(1), [decisionOf(1, 'a')], [])
    await ledger.close()
    await withDatabase(place, (database) => backup(database, file))
    return { place, whole: await readFile(file) }
  }

  it('is refused whichever line was changed, lost or added, and nothing is written', async () => {
    const { whole } = await made()
    const lines = gunzipSync(whole).toString().trimEnd().split('\n')
    const spoilt = [
      ...lines.map((_, i) => lines.toSpliced(i, 1)),
      ...lines.map((line, i) => lines.with(i, line.replace(/\d/, '8').replace(/a/, 'b'))),
      [...lines, lines[1]!],
    ]
    const target = await LEDGER_KINDS[0]!.place()
    for (const rows of spoilt) {
      await writeFile(file, gzipSync(`${rows.join('\n')}\n`))
      await expect(withDatabase(target, (database) => restore(database, file))).rejects.toThrow(
        file,
      )
    }
    const ledger = await openLedger(target.config, target.folder)
    expect(await ledger.lastTick()).toBeUndefined()
    await ledger.close()
  })

  it('cut off anywhere, or no file at all, is refused by name', async () => {
    const { whole } = await made()
    for (const length of [0, 10, Math.floor(whole.length / 2), whole.length - 1]) {
      await writeFile(file, whole.subarray(0, length))
      await expect(verifyBackup(file)).rejects.toThrow(file)
    }
    await rm(file)
    await expect(verifyBackup(file)).rejects.toThrow(/ENOENT/)
  })

  it('a ledger that holds something is not restored into', async () => {
    const { place } = await made()
    await expect(withDatabase(place, (database) => restore(database, file))).rejects.toThrow(
      /not empty/,
    )
  })
})
