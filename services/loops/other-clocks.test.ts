/** Controllers that follow one another on clocks that are not the same: what was done is judged by the time that has passed since. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDryRun } from '../actuators/dry-run.ts'
import type { RunningClock } from '../clock.ts'
import { AppConfig } from '../config.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLedger } from '../ledger/registry.ts'
import { createMemoryStore } from '../stores/memory.ts'
import { ageMs, type Instant } from './clock-jumps.ts'
import { type Controller, createController } from './controller.ts'
import { createTestClock, type TestClock, type TestTime } from './test-clock.ts'

const TICK_MS = 60_000
/** Two replicas more in ten minutes. */
const config = AppConfig.parse({
  ...{ mode: 'enforce', tickMs: TICK_MS, stepMs: TICK_MS },
  services: {
    search: {
      ...{ maxReplicas: 30, policy: 'reactive' },
      behavior: { scaleUp: { policies: [{ type: 'Pods', value: 2, periodSeconds: 600 }] } },
    },
  },
})
const actuator = createDryRun(new Map([['search', 1]]))

let folder: string
let ledger: Ledger
let time: TestTime
const opened: Controller[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forescale-other-clocks-'))
  ledger = await openLedger(config, folder)
  time = { ms: 1e9 }
  await actuator.apply([{ decisionId: 'none', service: 'search', from: 1, to: 1 }])
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.stop()
  await ledger.close()
  await rm(folder, { recursive: true, force: true })
})

async function controllerOn(clock: RunningClock, lastSeen?: Instant): Promise<Controller> {
  const controller = await createController({
    ...{ config, clock, ledger, actuator, lastSeen, reread: () => config },
    store: createMemoryStore({ retentionMs: config.retentionMs }),
    fitter: { fit: () => Promise.reject(new Error('no fit here')), close: async () => {} },
    webhooks: {
      kick: () => {},
      counts: () => ({ delivered: 0, failedAttempts: 0, givenUp: 0 }),
      close: async () => {},
    },
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })
  opened.push(controller)
  return controller
}

/** Starts it and has it tick once, with a load for ten replicas; what it left the target at. */
async function tickOf(controller: Controller, { clock, next }: TestClock): Promise<number> {
  const before = (await ledger.lastTick())?.tick ?? 0
  const atMs = clock.nowMs()
  await controller.ingest([{ service: 'search', metric: 'requests_per_second', atMs, value: 100 }])
  await controller.start()
  next()
  await vi.waitFor(async () => {
    expect((await ledger.lastTick())?.tick).toBeGreaterThan(before)
    expect(await ledger.pendingDecisions()).toEqual([])
  })
  await controller.stop()
  return (await actuator.observe()).get('search')!.requested
}

describe('who takes over on another clock', () => {
  it.each([-30, 0, 30])(
    '(%i min ahead) counts the changes of its predecessor by the time that has passed',
    async (minutes) => {
      const first = createTestClock(time)
      const second = createTestClock(time, minutes * 60_000)
      const follower = await controllerOn(second.clock)
      await follower.follow()
      expect(await tickOf(await controllerOn(first.clock), first)).toBe(3)
      await follower.follow()
      time.ms += TICK_MS
      expect(await tickOf(await controllerOn(second.clock, follower.lastSeen()), second)).toBe(3)
      time.ms += 10 * TICK_MS
      expect(
        await tickOf(await controllerOn(second.clock, opened.at(-1)!.lastSeen()), second),
      ).toBe(5)
    },
  )

  it('does not know when a tick was that it saw long after it looked last', async () => {
    const clocks = createTestClock(time)
    const follower = await controllerOn(clocks.clock)
    await follower.follow()
    await tickOf(await controllerOn(clocks.clock), clocks)
    time.ms += 3 * TICK_MS
    await follower.follow()
    expect(follower.lastSeen()).toBeUndefined()
  })

  it('(restarted on a clock that was set back) takes what is of a time to come for just now', async () => {
    const before = createTestClock(time)
    const after = createTestClock(time, -30 * 60_000)
    expect(await tickOf(await controllerOn(before.clock), before)).toBe(3)
    expect(await tickOf(await controllerOn(after.clock), after)).toBe(3)
    time.ms += 11 * TICK_MS
    expect(await tickOf(await controllerOn(after.clock, opened.at(-1)!.lastSeen()), after)).toBe(5)
  })
})

describe('the age of what the last run left open', () => {
  const { clock } = createTestClock({ ms: 1e9 })
  it('is that on its own clock', () => {
    expect(ageMs(clock, undefined, 1e9 - 5000)).toBe(5000)
  })
  it('is not young because its time is one to come', () => {
    expect(ageMs(clock, undefined, 1e9 + 3_600_000)).toBe(3_600_000)
  })
  it('is what has passed since it was seen, where that is longer', () => {
    // a clock an hour and a minute ahead of this one said so, ten minutes ago
    const seen = { wallMs: 1e9 + 3_660_000, monotonicMs: 1e9 - 600_000 }
    expect(ageMs(clock, seen, 1e9 + 60_000)).toBe(4_200_000)
  })
})
