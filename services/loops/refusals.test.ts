/** One target that will not shrink holds nobody else up for long, and is asked again. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Actuator } from '../actuators/actuator.ts'
import { decreasesFirst, failedOrder } from '../actuators/decreases-first.ts'
import { createDryRun } from '../actuators/dry-run.ts'
import { createManualClock } from '../clock.ts'
import { AppConfig } from '../config.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLedger } from '../ledger/registry.ts'
import { createMemoryStore } from '../stores/memory.ts'
import { type Controller, createController } from './controller.ts'
import { refusalsAfter } from './refusals.ts'

const STEP_MS = 60_000
const BUDGET = 10
const free = { scaleDown: { stabilizationWindowSeconds: 0 } }
const config = AppConfig.parse({
  ...{ clock: 'manual', mode: 'enforce', tickMs: STEP_MS, stepMs: STEP_MS },
  costBudgetPerHour: BUDGET,
  services: {
    stubborn: {
      ...{ maxReplicas: 30, policy: 'reactive', pricePerReplicaHour: 1 },
      behavior: free,
    },
    other: { ...{ maxReplicas: 30, policy: 'reactive', pricePerReplicaHour: 1 }, behavior: free },
  },
})

let folder: string
let ledger: Ledger
let controller: Controller
let refuses: boolean
let orders: string[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forescale-refusals-'))
  ledger = await openLedger(config, folder)
  refuses = true
  orders = []
})
afterEach(async () => {
  await controller.stop()
  await ledger.close()
  await rm(folder, { recursive: true, force: true })
})

/** A controller whose target `stubborn` runs eight and refuses to run fewer; loads for two there and for six at `other`. */
async function opened() {
  const targets = createDryRun(
    new Map([
      ['stubborn', 8],
      ['other', 1],
    ]),
  )
  const actuator: Actuator = {
    ...targets,
    apply: (given) =>
      decreasesFirst(given, {
        atOnce: 1,
        releaseLimitMs: 1000,
        released: async () => true,
        async send(order) {
          const { service, from, to } = order
          orders.push(`${service} ${from}>${to}`)
          if (refuses && service === 'stubborn' && to < from) return failedOrder(order, 'forbidden')
          return (await targets.apply([order]))[0]!
        },
      }),
  }
  controller = await createController({
    ...{ config, ledger, actuator, clock: createManualClock(), reread: () => config },
    store: createMemoryStore({ retentionMs: config.retentionMs }),
    fitter: { fit: () => Promise.reject(new Error('no fit here')), close: async () => {} },
    webhooks: {
      kick: () => {},
      counts: () => ({ delivered: 0, failedAttempts: 0, givenUp: 0 }),
      close: async () => {},
    },
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })
  /** Orders of the tick, and what stands after it. */
  return async (k: number) => {
    orders = []
    const atMs = k * STEP_MS
    const load = (service: string, value: number) => ({
      ...{ service, metric: 'requests_per_second', atMs, value },
    })
    await controller.ingest([load('stubborn', 12), load('other', 48)])
    await controller.runTick(atMs, undefined)
    const counts = await targets.observe()
    const stands = (name: string) => counts.get(name)!.requested
    return { sent: orders, stubborn: stands('stubborn'), other: stands('other') }
  }
}

describe('a target that will not shrink while others wait for its money', () => {
  it('is counted as it stands: the others get what the budget carries beside it, and nobody goes over', async () => {
    const tick = await opened()
    expect(await tick(1)).toEqual({ sent: ['stubborn 8>2'], stubborn: 8, other: 1 })
    expect(await tick(2)).toEqual({ sent: ['other 1>2'], stubborn: 8, other: 2 })
    const { services } = controller
    const shown = services().find(({ service }) => service === 'stubborn')
    expect(shown?.conflict).toMatchObject({ kind: 'refused', holds: true })
    expect(shown?.conflict?.detail).toContain('forbidden')
    await tick(3)
    await tick(4)
    expect((await tick(5)).sent).toEqual(['stubborn 8>2'])
  })

  it('is asked again after some ticks, and once it gives way all is as it should be', async () => {
    const tick = await opened()
    await tick(1)
    refuses = false
    let last = await tick(2)
    for (let k = 3; k <= 6; k++) last = await tick(k)
    expect(last).toMatchObject({ stubborn: 2, other: 6 })
  })
})

describe('no refusal', () => {
  const down = { id: 'd', service: 'a', from: 5, to: 2 }
  const up = { id: 'u', service: 'b', from: 1, to: 4 }
  const failed = (id: string) => ({ id, settlement: 'failed' as const, atMs: 0, detail: 'no' })
  const applied = (id: string) => ({ ...failed(id), settlement: 'applied' as const })

  it('holds where nobody waits for it', () => {
    expect(refusalsAfter({ tick: 1 }, [down, up], [failed('d'), applied('u')]).size).toBe(0)
  })
  it('is what got no answer', () => {
    const unanswered = new Map([['a', { from: 5, to: 2 }]])
    const settled = [failed('d'), failed('u')]
    expect(refusalsAfter({ tick: 1, unanswered }, [down, up], settled).size).toBe(0)
    expect([...refusalsAfter({ tick: 1 }, [down, up], settled).keys()]).toEqual(['a'])
  })
})
