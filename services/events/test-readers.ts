/** What a sink's receiver has, read by a client of its own: the other half of the sinks' conformance suite. */
import { hash } from 'node:crypto'
import { createServer } from 'node:http'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Consumer, MessagesStreamModes, stringDeserializers } from '@platformatic/kafka'
import { Connection } from 'rabbitmq-client'
import type { SinkConfig } from './config.ts'
import { type Broker, startKafka, startNats, startRabbit } from './test-brokers.ts'

export interface Received {
  /** Where it was put: subject, routing key, message key; of a webhook the content type. */
  readonly key: string
  readonly json: string
}

export interface Receiver {
  readonly config: SinkConfig
  readonly env: NodeJS.ProcessEnv
  /** Everything received so far, oldest first. */
  received(): Promise<readonly Received[]>
  /** Away for so long, then there again with what it had. */
  restart(downMs: number): Promise<void>
  close(): Promise<void>
}

const common = { name: 'bus', events: ['decision' as const, 'alert' as const] }
const HOST = '127.0.0.1'

/** Brokers by kind; each keeps what it took over a restart. */
export const RECEIVERS: Readonly<Record<SinkConfig['kind'], () => Promise<Receiver>>> = {
  webhook: startWebhook,
  nats: startNatsReceiver,
  rabbitmq: startRabbitReceiver,
  kafka: startKafkaReceiver,
}

async function startWebhook(): Promise<Receiver> {
  const received: Received[] = []
  const listen = (port: number) =>
    new Promise<ReturnType<typeof createServer>>((resolve) => {
      const server = createServer((request, response) => {
        let body = ''
        request.on('data', (chunk) => {
          body += chunk
        })
        request.on('end', () => {
          const key = request.headers['content-type'] ?? ''
          for (const event of JSON.parse(body)) received.push({ key, json: JSON.stringify(event) })
          response.writeHead(204).end()
        })
      })
      server.listen(port, HOST, () => resolve(server))
    })
  let server = await listen(0)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const { port } = address
  const end = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return {
    config: { kind: 'webhook', ...common, url: `http://${HOST}:${port}/events` },
    env: {},
    received: async () => received,
    async restart(downMs) {
      await end()
      await new Promise((resolve) => setTimeout(resolve, downMs))
      server = await listen(port)
    },
    close: end,
  }
}

async function startNatsReceiver(): Promise<Receiver> {
  const broker = await startNats()
  return {
    ...lifeOf(broker),
    config: { kind: 'nats', ...common, servers: [`${HOST}:${broker.port}`], subject: 'forescale' },
    env: {},
    async received() {
      const connection = await connect({ servers: `${HOST}:${broker.port}` })
      try {
        const manager = await jetstreamManager(connection)
        const { state } = await manager.streams.info('forescale')
        const consumer = await jetstream(connection).consumers.get('forescale')
        const messages: Received[] = []
        if (state.messages > 0) {
          for await (const message of await consumer.fetch({
            max_messages: state.messages,
            expires: 3000,
          }))
            messages.push({ key: message.subject, json: message.string() })
        }
        return messages
      } finally {
        await connection.close()
      }
    },
  }
}

async function startRabbitReceiver(): Promise<Receiver> {
  const broker = await startRabbit()
  const url = `amqp://guest:guest@${HOST}:${broker.port}`
  const read: Received[] = []
  const queue = 'audit'
  // a queue must be bound before anything is sent: an exchange keeps nothing
  const connection = new Connection(url)
  connection.on('error', () => {})
  await connection.exchangeDeclare({ exchange: 'forescale', type: 'topic', durable: true })
  await connection.queueDeclare({ queue, durable: true })
  await connection.queueBind({ queue, exchange: 'forescale', routingKey: '#' })
  await connection.close()
  return {
    ...lifeOf(broker),
    config: { kind: 'rabbitmq', ...common, urlEnv: 'RABBIT_URL', exchange: 'forescale' },
    env: { RABBIT_URL: url },
    async received() {
      const reader = new Connection(url)
      try {
        for (;;) {
          const message = await reader.basicGet({ queue, noAck: true })
          if (!message) return read
          read.push({ key: message.routingKey, json: String(message.body) })
        }
      } finally {
        await reader.close()
      }
    },
  }
}

async function startKafkaReceiver(): Promise<Receiver> {
  const broker = await startKafka()
  const brokers = [`${HOST}:${broker.port}`]
  return {
    ...lifeOf(broker),
    config: { kind: 'kafka', ...common, brokers, topic: 'forescale', tls: false },
    env: {},
    async received() {
      const consumer = new Consumer({
        groupId: `reader-${hash('sha256', String(performance.now()), 'hex').slice(0, 8)}`,
        clientId: 'reader',
        bootstrapBrokers: brokers,
        deserializers: stringDeserializers,
      })
      const messages: Received[] = []
      try {
        const offsets = await consumer.listOffsets({ topics: ['forescale'] })
        const expected = Number(offsets.get('forescale')?.reduce((sum, n) => sum + n, 0n) ?? 0n)
        const stream = await consumer.consume({
          topics: ['forescale'],
          mode: MessagesStreamModes.EARLIEST,
          autocommit: false,
        })
        if (expected > 0) {
          for await (const message of stream) {
            messages.push({ key: message.key ?? '', json: message.value ?? '' })
            if (messages.length === expected) break
          }
        }
        await stream.close()
        return messages
      } finally {
        await consumer.close(true)
      }
    },
  }
}

const lifeOf = (broker: Broker) => ({
  restart: (downMs: number) => broker.restart(downMs),
  close: () => broker.close(),
})
