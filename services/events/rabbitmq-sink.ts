/** Events to a durable topic exchange of RabbitMQ: taken when the broker has confirmed. Routing key `kind.service`. */
import { Connection, type Publisher } from 'rabbitmq-client'
import type { SinkConfigOf } from './config.ts'
import { EVENT_TYPE, type EventSink, keyOf } from './sink.ts'

const ACQUIRE_TIMEOUT_MS = 5000

export function createRabbitSink(
  { exchange, name }: SinkConfigOf<'rabbitmq'>,
  url: string,
): EventSink {
  let connection: Connection | undefined
  let publisher: Publisher | undefined

  function opened(): Publisher {
    connection ??= new Connection({
      url,
      connectionName: `forescale ${name}`,
      acquireTimeout: ACQUIRE_TIMEOUT_MS,
    })
    // it connects again by itself; what could not be sent meanwhile rejects, and is sent again by the relay
    connection.on('error', () => {})
    publisher ??= connection.createPublisher({
      confirm: true,
      exchanges: [{ exchange, type: 'topic', durable: true }],
    })
    return publisher
  }

  return {
    async publish(events, signal) {
      const out = opened()
      for (const event of events) {
        signal.throwIfAborted()
        const routing = { exchange, routingKey: `${event.kind}.${keyOf(event)}` }
        const properties = { durable: true, contentType: EVENT_TYPE, messageId: event.id }
        await out.send({ ...routing, ...properties }, Buffer.from(event.json))
      }
    },
    async close() {
      await publisher?.close()
      await connection?.close()
    },
  }
}
