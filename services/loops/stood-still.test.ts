/** A loop whose process stands still in the middle of a tick: what it judged before then is not sent into another world. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDryRun } from '../actuators/dry-run.ts'
import { AppConfig } from '../config.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLedger } from '../ledger/registry.ts'
import { createMemoryStore } from '../stores/memory.ts'
import { type Controller, createController } from './controller.ts'
import { createTestClock } from './test-clock.ts'

const TICK_MS = 60_000
const config = AppConfig.parse({
  ...{ mode: 'enforce', tickMs: TICK_MS, stepMs: TICK_MS },
  services: { search: { maxReplicas: 30, policy: 'reactive' } },
})

let folder: string
let ledger: Ledger
let controller: Controller
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forescale-stood-still-'))
  ledger = await openLedger(config, folder)
})
afterEach(async () => {
  await controller.stop()
  await ledger.close()
  await rm(folder, { recursive: true, force: true })
})

/** A started controller that stands still for `stillMs` after its first tick is in the ledger, before its effects. */
async function started(stillMs: number) {
  const time = createTestClock()
  const actuator = createDryRun(new Map([['search', 1]]))
  let isFirst = true
  const openTick: Ledger['openTick'] = async (...tick) => {
    await ledger.openTick(...tick)
    if (isFirst) time.pass(stillMs)
    isFirst = false
  }
  controller = await createController({
    ...{ config, clock: time.clock, actuator, reread: () => config },
    store: createMemoryStore({ retentionMs: config.retentionMs }),
    ledger: new Proxy(ledger, {
      get: (target, name) => (name === 'openTick' ? openTick : Reflect.get(target, name)),
    }),
    fitter: { fit: () => Promise.reject(new Error('no fit here')), close: async () => {} },
    webhooks: {
      kick: () => {},
      counts: () => ({ delivered: 0, failedAttempts: 0, givenUp: 0 }),
      close: async () => {},
    },
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })
  await controller.start()
  /** Settlements of the tick, and what the target was left with. */
  const tick = async (number: number) => {
    const atMs = time.clock.nowMs()
    await controller.ingest([
      { service: 'search', metric: 'requests_per_second', atMs, value: 100 },
    ])
    time.next()
    return vi.waitFor(async () => {
      const settlements = (await ledger.decisionsOfTick(number)).map((row) => row.settlement)
      expect(settlements.length).toBeGreaterThan(0)
      expect(settlements).not.toContain('pending')
      const requested = (await actuator.observe()).get('search')?.requested
      return { settlements, requested }
    })
  }
  return { tick }
}

describe('a loop that stood still in the middle of a tick', () => {
  it('drops what it judged more than two ticks ago, and the next tick judges anew', async () => {
    const { tick } = await started(2 * TICK_MS + 1)
    expect(await tick(1)).toEqual({ settlements: ['dropped'], requested: 1 })
    const next = await tick(2)
    expect(next.settlements).toEqual(['applied'])
    expect(next.requested).toBeGreaterThan(1)
  })

  it('sends what is younger', async () => {
    const { tick } = await started(2 * TICK_MS)
    const first = await tick(1)
    expect(first.settlements).toEqual(['applied'])
    expect(first.requested).toBeGreaterThan(1)
  })
})
