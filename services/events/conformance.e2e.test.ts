/** What every sink must do, against the real brokers. A new kind is tested as soon as it stands in `RECEIVERS`. */
import { setTimeout as sleep } from 'node:timers/promises'
import { CloudEvent } from 'cloudevents'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decisionOf } from '../ledger/test-rows.ts'
import { decisionEvent, type ForescaleEvent } from './event.ts'
import { openSink } from './registry.ts'
import type { EventSink } from './sink.ts'
import { RECEIVERS, type Receiver } from './test-readers.ts'

const eventOf = (tick: number, service: string) => decisionEvent(decisionOf(tick, service), 'epoch')
const idsOf = (received: readonly { json: string }[]) =>
  received.map(({ json }) => (JSON.parse(json) as { id: string }).id)

describe.each(Object.entries(RECEIVERS))('%s', (kind, start) => {
  let receiver: Receiver
  let sink: EventSink

  beforeAll(async () => {
    receiver = await start()
    sink = await openSink(receiver.config, receiver.env)
  })
  afterAll(async () => {
    await sink.close()
    await receiver.close()
  })

  /** Sends until they are taken, as the relay does; answers how often they were not. */
  async function publishAtLast(...events: readonly ForescaleEvent[]): Promise<number> {
    const givenUpAtMs = Date.now() + 60_000
    for (let refused = 0; ; refused++) {
      const limit = AbortSignal.timeout(5000)
      const taken = await Promise.race([
        sink.publish(events, limit).then(
          () => true,
          () => false,
        ),
        sleep(6000, false),
      ])
      if (taken) return refused
      if (Date.now() > givenUpAtMs) throw new Error(`${kind} took nothing within a minute`)
      await sleep(300)
    }
  }

  it('takes events in order, and each is a whole CloudEvent with its key', async () => {
    await publishAtLast(eventOf(1, 'search'), eventOf(2, 'search'), eventOf(3, 'search'))
    const received = await receiver.received()
    expect(idsOf(received)).toEqual(['1-search', '2-search', '3-search'])
    for (const { json } of received) {
      const event = new CloudEvent(JSON.parse(json))
      expect(event.validate()).toBe(true)
      expect(event).toMatchObject({
        type: 'io.forescale.decision.made',
        source: '/forescale/epoch',
        subject: 'search',
      })
      expect(event.data).toMatchObject({ service: 'search', from: 2, to: 3 })
    }
    const keys: Record<string, string> = {
      webhook: 'application/cloudevents-batch+json',
      nats: 'forescale.decision.search',
      rabbitmq: 'decision.search',
      kafka: 'search',
    }
    expect(received.map(({ key }) => key)).toEqual(Array(3).fill(keys[kind]))
  })

  it('parts no key at the dots of a name', async () => {
    await publishAtLast(eventOf(4, 'shop.v2.search'))
    const { key } = (await receiver.received()).at(-1)!
    expect(key.split('.').length).toBe(
      kind === 'kafka' ? 3 : key.includes('application') ? 1 : kind === 'nats' ? 3 : 2,
    )
  })

  it('does not say that an event was taken while the receiver is away, and goes on by itself', async () => {
    const before = idsOf(await receiver.received())
    const [, refused] = await Promise.all([
      receiver.restart(1500),
      sleep(500).then(() => publishAtLast(eventOf(5, 'search'))),
    ])
    expect(refused).toBeGreaterThan(0)
    const after = idsOf(await receiver.received())
    // what it had taken before is still there, and the new one is there at least once
    expect(after.slice(0, before.length)).toEqual(before)
    expect(new Set(after.slice(before.length))).toEqual(new Set(['5-search']))
  })
})
