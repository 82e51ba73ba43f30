/** Ticks that break off in the middle: an answer that never came does not stop the loop, nor leave the books open. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDryRun } from '../actuators/dry-run.ts'
import { createManualClock } from '../clock.ts'
import { AppConfig } from '../config.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLedger } from '../ledger/registry.ts'
import { createMemoryStore } from '../stores/memory.ts'
import { createController } from './controller.ts'

const STEP_MS = 60_000
const config = AppConfig.parse({
  ...{ clock: 'manual', mode: 'enforce', tickMs: STEP_MS, stepMs: STEP_MS },
  services: { search: { maxReplicas: 30, policy: 'reactive' } },
})

let folder: string
let ledger: Ledger
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forescale-broken-tick-'))
  ledger = await openLedger(config, folder)
})
afterEach(async () => {
  await ledger.close()
  await rm(folder, { recursive: true, force: true })
})

/** The ledger whose method is carried out once without an answer. */
function unanswered(method: 'openTick', atCall: number): Ledger {
  let calls = 0
  return new Proxy(ledger, {
    get(target, name) {
      const known: unknown = Reflect.get(target, name)
      if (name !== method || typeof known !== 'function') return known
      return async (...args: unknown[]) => {
        await known.apply(target, args)
        if (++calls === atCall) throw new Error('no answer')
      }
    },
  })
}

/** The ledger whose method fails once, with nothing done. */
function broken(method: 'settle'): Ledger {
  let hasFailed = false
  return new Proxy(ledger, {
    get(target, name) {
      if (name !== method || hasFailed) return Reflect.get(target, name)
      return async () => {
        hasFailed = true
        throw new Error('nothing was written')
      }
    },
  })
}

async function startOn(faulty: Ledger) {
  const silent = { info: () => {}, warn: () => {}, error: () => {} }
  const actuator = createDryRun(new Map([['search', 1]]))
  const controller = await createController({
    config,
    reread: () => config,
    clock: createManualClock(),
    store: createMemoryStore({ retentionMs: config.retentionMs }),
    ledger: faulty,
    actuator,
    fitter: { fit: () => Promise.reject(new Error('no fit here')), close: async () => {} },
    webhooks: {
      kick: () => {},
      counts: () => ({ delivered: 0, failedAttempts: 0, givenUp: 0 }),
      close: async () => {},
    },
    log: silent,
  })
  const step = async (k: number, load: number) => {
    const atMs = k * STEP_MS
    await controller.ingest([
      { service: 'search', metric: 'requests_per_second', atMs, value: load },
    ])
    return controller.runTick(atMs, undefined)
  }
  return { controller, step, actuator }
}

describe('a tick that breaks off', () => {
  it('while it is recorded, although it was: the next goes on after it and says what became of it', async () => {
    const { step, controller, actuator } = await startOn(unanswered('openTick', 2))
    await step(1, 15)
    await expect(step(2, 30)).rejects.toThrow()
    expect((await ledger.lastTick())?.tick).toBe(2)
    const third = await step(3, 30)
    expect(third.tick).toBe(3)
    expect(await ledger.pendingDecisions()).toEqual([])
    expect((await ledger.decisionsOfTick(2)).map((row) => row.settlement)).toEqual(['dropped'])
    expect((await actuator.observe()).get('search')?.requested).toBe(third.decisions[0]!.to)
    await controller.stop()
  })

  it('while its effects are written down: they are found at the target, not made again', async () => {
    const { step, controller } = await startOn(broken('settle'))
    await expect(step(1, 30)).rejects.toThrow()
    expect(await ledger.pendingDecisions()).toHaveLength(1)
    await step(2, 30)
    expect(await ledger.pendingDecisions()).toEqual([])
    expect((await ledger.decisionsOfTick(1)).map((row) => row.settlement)).toEqual(['applied'])
    await controller.stop()
  })
})
