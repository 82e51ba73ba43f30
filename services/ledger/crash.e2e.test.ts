/** A process that records ticks is killed in the middle, again and again, on one file or schema. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../forecaster/random.ts'
import type { Ledger } from './ledger.ts'
import { openLedger } from './registry.ts'
import { LEDGER_KINDS, type Place } from './test-kinds.ts'
import { tickOf } from './test-rows.ts'

const METRIC = 'requests_per_second'
const KILLS = 10
const DECISIONS = 150

describe.each(LEDGER_KINDS)('$kind, killed with kill -9', (kind) => {
  let place: Place
  beforeAll(async () => {
    await kind.start()
    place = await kind.place()
  })
  afterAll(async () => {
    await place.remove()
    await kind.stop()
  })

  /** Started ahead of time: to load its modules takes longer than all that is tested here. */
  function startWriter(): ChildProcess {
    return fork(
      new URL('writer.fixture.ts', import.meta.url).pathname,
      [place.folder, JSON.stringify(place.config), String(DECISIONS)],
      { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    )
  }

  /** The last tick that the writer said was durable before it was killed. */
  async function killAtWork(writer: ChildProcess, afterMs: number): Promise<number> {
    let durable = 0
    writer.on('message', (tick: number) => {
      durable = tick
    })
    writer.send('begin')
    await once(writer, 'message')
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    writer.kill('SIGKILL')
    await once(writer, 'exit')
    return durable
  }

  async function expectWhole(ledger: Ledger, durable: number): Promise<number> {
    const last = (await ledger.lastTick())!.tick
    expect(last).toBeGreaterThanOrEqual(durable)
    expect(await ledger.decisionsOfTick(last + 1)).toEqual([])
    const newest = await ledger.forecast(`svc-${DECISIONS - 1}`, METRIC, tickOf(last).atMs)
    expect(newest).toBeDefined()
    return last
  }

  it('has every tick whole or not at all, and none lost that was durable', async () => {
    const random = seededRandom(7)
    let last = 0
    let next = startWriter()
    for (let kill = 1; kill <= KILLS; kill++) {
      const writer = next
      if (kill < KILLS) next = startWriter()
      const durable = await killAtWork(writer, random() * 40)
      const ledger = await openLedger(place.config, place.folder)
      expect(durable).toBeGreaterThan(last)
      last = await expectWhole(ledger, durable)
      await ledger.close()
    }
    const ledger = await openLedger(place.config, place.folder)
    const { items } = await ledger.ticks({ limit: last + 1 })
    expect(items.map((row) => row.tick)).toEqual(items.map((_, i) => last - i))
    expect(items).toHaveLength(last)
    const perTick = new Map<number, number>()
    for (const { tick } of await ledger.pendingDecisions())
      perTick.set(tick, (perTick.get(tick) ?? 0) + 1)
    expect([perTick.size, new Set(perTick.values())]).toEqual([last, new Set([DECISIONS])])
    await ledger.close()
  })
})
