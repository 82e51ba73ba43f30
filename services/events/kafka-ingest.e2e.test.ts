import { Admin, Producer, stringSerializers } from '@platformatic/kafka'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Sample } from '../stores/sample-store.ts'
import { type KafkaIngest, startKafkaIngest } from './kafka-ingest.ts'
import { type Broker, startKafka } from './test-brokers.ts'

const AT_MS = 1_795_248_000_000
const lineOf = (service: string, value: number) =>
  `requests_per_second,service=${service} value=${value} ${AT_MS + value}000000`

let broker: Broker
let brokers: string[]
let ingest: KafkaIngest | undefined
/** What the store has, and how often it refuses first. */
let stored: number[] = []
let away = 0
const refused = new Map<string, number>()

beforeAll(async () => {
  broker = await startKafka()
  brokers = [`127.0.0.1:${broker.port}`]
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: brokers })
  await admin.createTopics({ topics: ['samples'], partitions: 2, replicas: 1 })
  await admin.close()
})
afterAll(() => broker.close())
afterEach(async () => {
  await ingest?.close()
})

function start(): void {
  ingest = startKafkaIngest({
    config: { brokers, topic: 'samples', group: 'forescale', tls: false },
    secrets: { username: undefined, password: undefined },
    serviceTag: 'service',
    ignoreTags: [],
    knows: (service) => service === 'search',
    async ingest(samples: readonly Sample[]) {
      if (away-- > 0) throw new Error('the store is away')
      stored.push(...samples.map(({ value }) => value))
      return { accepted: samples.length, rejected: {} }
    },
    refused: (reason, n) => refused.set(reason, (refused.get(reason) ?? 0) + n),
    nowMs: () => AT_MS,
    log: { warn() {} },
  })
}

async function produce(...values: readonly string[]): Promise<void> {
  const producer = new Producer({
    clientId: 'test',
    bootstrapBrokers: brokers,
    serializers: stringSerializers,
  })
  await producer.send({ messages: values.map((value) => ({ topic: 'samples', value })) })
  await producer.close()
}

const has = (...values: readonly number[]) =>
  expect.poll(() => [...new Set(stored)].sort((a, b) => a - b), { timeout: 40_000 }).toEqual(values)

describe('samples from Kafka', () => {
  it('are stored, several lines a message; what is none or of nobody is counted and passed over', async () => {
    start()
    await produce(
      `${lineOf('search', 1)}\n${lineOf('search', 2)}`,
      'not a line',
      lineOf('nobody', 3),
      lineOf('search', 4),
    )
    await has(1, 2, 4)
    await expect
      .poll(() => Object.fromEntries(refused))
      .toMatchObject({ malformed: 1, 'unknown-service': 1 })
  })

  it('are read on where they were, not again', async () => {
    stored = []
    start()
    await produce(lineOf('search', 5))
    await has(5)
  })

  it('wait while the store is away: none is lost', async () => {
    away = 2
    start()
    await produce(lineOf('search', 6), lineOf('search', 7))
    await has(5, 6, 7)
    expect(away).toBeLessThan(0)
  })

  it('come on after the broker was away', async () => {
    start()
    await produce(lineOf('search', 8))
    await has(5, 6, 7, 8)
    await broker.restart(1000)
    await produce(lineOf('search', 9))
    await has(5, 6, 7, 8, 9)
  })
})
