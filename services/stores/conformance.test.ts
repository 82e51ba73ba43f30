/** The stores without a server are held to the suite of all stores; the file is held to what a file must do besides. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AppConfig } from '../config.ts'
import { createMemoryStore } from './memory.ts'
import { openStore } from './registry.ts'
import type { Sample, SampleStore } from './sample-store.ts'
import { METRIC, NOW_MS, RETENTION_MS, STEP_MS, sample, storeSuite } from './store.suite.ts'

/** Kinds whose store is a file. Those with a server stand in servers.e2e.test.ts. */
const KINDS = { embedded: { kind: 'embedded' } } as const

const configOf = (store: AppConfig['store']) =>
  AppConfig.parse({ store, retentionMs: RETENTION_MS, services: { a: {} } })

let folder: string
let store: SampleStore
const opened: SampleStore[] = []
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-store-'))
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
  await rm(folder, { recursive: true, force: true })
})

async function open(config: AppConfig): Promise<SampleStore> {
  const one = await openStore(config, folder)
  opened.push(one)
  return one
}
const put = (...samples: readonly Sample[]) => store.append(samples, NOW_MS)
const grid = (services: readonly string[], steps: number, from = store) =>
  from
    .grid({
      metric: METRIC,
      services,
      fromMs: NOW_MS - steps * STEP_MS,
      toMs: NOW_MS,
      stepMs: STEP_MS,
    })
    .then((values) => [...values])

const writable = async (one: Promise<SampleStore>) => {
  const store = await one
  return { store, put: (...samples: readonly Sample[]) => store.append(samples, NOW_MS) }
}
for (const kind of Object.values(KINDS)) {
  const openOne = () => writable(openStore(configOf(kind), folder))
  storeSuite({ name: kind.kind, isWritable: true, isExact: true, open: openOne })
}
storeSuite({
  name: 'memory',
  isWritable: true,
  isExact: true,
  open: () => writable(Promise.resolve(createMemoryStore({ retentionMs: RETENTION_MS }))),
})

describe.each(Object.values(KINDS))('$kind, a file,', (kind) => {
  const config = configOf(kind)
  beforeEach(async () => {
    store = await open(config)
  })

  it('has everything again after it was closed and opened', async () => {
    await put(sample('a', NOW_MS - 1, 4))
    await opened.pop()!.close()
    expect(await grid(['a'], 1, await open(config))).toEqual([4])
  })

  describe('beside another process that writes', () => {
    it('reads what that wrote, under names that it had never seen', async () => {
      expect(await grid(['new-one'], 1)).toEqual([Number.NaN])
      const other = await open(config) // a second connection with its own memory of names
      await other.append(
        [sample('new-one', NOW_MS - 1, 5), sample('new-one', NOW_MS - 1, 6, 'new_metric')],
        NOW_MS,
      )
      expect(await grid(['new-one'], 1)).toEqual([5])
      expect((await store.latest('new_metric', NOW_MS)).get('new-one')!.value).toBe(6)
      expect((await store.inventory()).map((row) => row.service)).toEqual(['new-one', 'new-one'])
    })

    it('reads and writes while that writes: nothing fails, nothing is lost', async () => {
      const writer = fork(new URL('writer.fixture.ts', import.meta.url).pathname, [
        folder,
        JSON.stringify(config),
      ])
      try {
        await once(writer, 'message')
        const rounds = 40
        let theirs = 0
        const done = new Promise<void>((resolve, reject) => {
          writer.on('message', () => {
            if (++theirs === rounds) resolve()
          })
          writer.on('exit', (code) => reject(new Error(`the writer ended with ${code}`)))
        })
        for (let round = 0; round < rounds; round++) {
          const of = (prefix: string) =>
            Array.from({ length: 200 }, (_, i) => sample(`${prefix}-${i}`, NOW_MS - round, round))
          writer.send({ samples: of('theirs'), nowMs: NOW_MS })
          await store.append(of('ours'), NOW_MS)
          await grid(['theirs-0', 'ours-0'], 2)
        }
        await done
        const counts = new Set((await store.inventory()).map((row) => row.count))
        expect([counts, (await store.inventory()).length]).toEqual([new Set([rounds]), 400])
      } finally {
        writer.removeAllListeners('exit')
        writer.disconnect()
      }
    })

    it('lets questions run side by side', async () => {
      await put(sample('a', NOW_MS - 1, 1))
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          await put(sample(`many-${i}`, NOW_MS - 1, i))
          return grid([`many-${i}`], 1)
        }),
      )
      expect(answers.flat()).toEqual(answers.map((_, i) => i))
    })
  })

  it('that is damaged is refused in words', async () => {
    await opened.pop()!.close()
    await rm(folder, { recursive: true })
    folder = await mkdtemp(path.join(tmpdir(), 'forescale-store-'))
    await writeFile(
      path.join(folder, 'series.db'),
      'this is no database, whatever its name '.repeat(99),
    )
    await expect(openStore(config, folder)).rejects.toThrow(
      /cannot open the sample store .*series\.db/,
    )
  })
})
