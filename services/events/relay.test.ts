import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Alert } from '../alerts/alert.ts'
import { createWebhooks } from '../alerts/webhooks.ts'
import { AppConfig } from '../config.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLedger } from '../ledger/registry.ts'
import { AT_MS, decisionOf, tickOf } from '../ledger/test-rows.ts'
import { alertEvent, type ForescaleEvent } from './event.ts'
import { createRelay, type Relay, sinkAddress } from './relay.ts'

const config = AppConfig.parse({ services: { search: {} }, costBudgetPerHour: 1 })
const silent = { warn() {} }

/** A receiver in memory that can be away. */
class Inbox {
  readonly ids: string[] = []
  away = false
  slowMs = 0
  async publish(events: readonly ForescaleEvent[], signal: AbortSignal): Promise<void> {
    if (this.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, this.slowMs))
    signal.throwIfAborted()
    if (this.away) throw new Error('away')
    this.ids.push(...events.map(({ id }) => id))
  }
  async close(): Promise<void> {}
}

let folder: string
let ledger: Ledger
let relay: Relay

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-events-'))
  ledger = await openLedger(config, folder)
})
afterEach(async () => {
  await relay.close()
  await ledger.close()
  await rm(folder, { recursive: true, force: true })
})

function relayTo(inboxes: Readonly<Record<string, Inbox>>, timeoutMs = 1000): Relay {
  return createRelay({
    ledger,
    sinks: Object.entries(inboxes).map(([name, sink]) => ({
      config: { name, events: ['decision', 'alert'] },
      sink,
    })),
    nowMs: () => AT_MS,
    log: silent,
    told: () => {},
    timeoutMs,
  })
}

/** A tick that changes `services`, and lets one as it was. */
async function record(tick: number, ...services: string[]): Promise<void> {
  const same = decisionOf(tick, 'quiet', { from: 3, to: 3 })
  const changed = services.map((service) => decisionOf(tick, service))
  await ledger.openTick(tickOf(tick), [same, ...changed], [])
  relay.kick(tick)
  await relay.idle()
}

describe('decisions', () => {
  it('that change a count are told once each, in the order of their ticks', async () => {
    const inbox = new Inbox()
    relay = relayTo({ bus: inbox })
    await record(1, 'search', 'payment')
    await record(2)
    await record(3, 'search')
    expect(inbox.ids).toEqual(['1-search', '1-payment', '3-search'])
  })

  it('made while a sink was away are told when it is back; others have not waited', async () => {
    const [bus, hook] = [new Inbox(), new Inbox()]
    relay = relayTo({ bus, hook })
    await record(1, 'search')
    bus.away = true
    await record(2, 'search')
    await record(3, 'search')
    expect(hook.ids).toEqual(['1-search', '2-search', '3-search'])
    expect(bus.ids).toEqual(['1-search'])
    bus.away = false
    await record(4, 'search')
    expect(bus.ids).toEqual(['1-search', '2-search', '3-search', '4-search'])
  })

  it('go on after a restart where they stood', async () => {
    const inbox = new Inbox()
    relay = relayTo({ bus: inbox })
    await record(1, 'search')
    inbox.away = true
    await record(2, 'search')
    await relay.close()
    inbox.away = false
    relay = relayTo({ bus: inbox })
    await record(3, 'search')
    expect(inbox.ids).toEqual(['1-search', '2-search', '3-search'])
  })

  it('of before a sink was configured are not told', async () => {
    relay = relayTo({})
    await record(1, 'search')
    await record(2, 'search')
    const inbox = new Inbox()
    relay = relayTo({ late: inbox })
    await record(3, 'search')
    expect(inbox.ids).toEqual(['3-search'])
  })

  it('hold up nobody when a sink hangs: it is cut off and told again, with the same id', async () => {
    const inbox = new Inbox()
    inbox.slowMs = 200
    relay = relayTo({ bus: inbox }, 50)
    await record(1, 'search')
    expect(inbox.ids).toEqual([])
    inbox.slowMs = 0
    await record(2, 'search')
    expect(inbox.ids).toEqual(['1-search', '2-search'])
  })
})

describe('alerts', () => {
  it('go through the ledger outbox until the sink has taken them', async () => {
    const inbox = new Inbox()
    relay = relayTo({ bus: inbox })
    const alert: Alert = {
      id: 'a1',
      key: 'drift/search',
      kind: 'forecast-drifting',
      severity: 'warning',
      service: 'search',
      summary: 'the load keeps leaving its forecast',
      figures: {},
      sinceMs: AT_MS,
      openedAtMs: AT_MS,
      updatedAtMs: AT_MS,
      closedAtMs: null,
      acknowledgedAtMs: null,
      acknowledgedBy: null,
    }
    const { id, json } = alertEvent({ event: 'opened', alert }, ledger.epoch)
    const delivery = {
      id,
      alertId: alert.id,
      url: sinkAddress('bus'),
      body: json,
      createdAtMs: Date.now(),
    }
    const open = { attempts: 0, nextAtMs: 0, deliveredAtMs: null, error: null }
    inbox.away = true
    await ledger.saveAlerts([alert], [{ ...delivery, ...open }])
    const times = { timeoutMs: 500, retryMs: 1, roundMs: 30, longestMs: 30 }
    const carrier = createWebhooks({
      ledger,
      deliver: relay.deliver,
      secretOf: () => undefined,
      log: silent,
      times,
    })
    carrier.kick()
    await expect.poll(() => carrier.counts().failedAttempts).toBeGreaterThanOrEqual(3)
    inbox.away = false
    await expect.poll(() => inbox.ids).toEqual(['a1-opened-warning'])
    await expect.poll(() => ledger.nextDeliveryMs()).toBeUndefined()
    await carrier.close()
  })
})
