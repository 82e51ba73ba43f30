/**
 * Events into a JetStream stream of NATS: taken when the stream has acknowledged. `Nats-Msg-Id` is the event's id, so
 * that the stream itself drops a repetition inside its window (two minutes by default).
 */
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, headers, type NatsConnection } from '@nats-io/transport-node'
import type { SinkConfigOf } from './config.ts'
import { EVENT_TYPE, type EventSink, keyOf } from './sink.ts'

const CONNECT_TIMEOUT_MS = 3000

export function createNatsSink(
  { servers, subject, name }: SinkConfigOf<'nats'>,
  token: string | undefined,
): EventSink {
  let connection: NatsConnection | undefined

  /** Connected when first needed and after the connection was given up; the stream is made when nobody made it. */
  async function connected(): Promise<NatsConnection> {
    if (connection && !connection.isClosed()) return connection
    const opened = await connect({
      servers: [...servers],
      name: `forescale ${name}`,
      timeout: CONNECT_TIMEOUT_MS,
      ...(token === undefined ? {} : { token }),
    })
    const manager = await jetstreamManager(opened)
    const subjects = [`${subject}.>`]
    const stream = await manager.streams.find(`${subject}.decision`).catch(() => undefined)
    if (!stream) await manager.streams.add({ name: subject.replaceAll('.', '_'), subjects })
    connection = opened
    return opened
  }

  return {
    async publish(events, signal) {
      const stream = jetstream(await connected())
      for (const event of events) {
        signal.throwIfAborted()
        const described = headers()
        described.set('content-type', EVENT_TYPE)
        await stream.publish(`${subject}.${event.kind}.${keyOf(event)}`, event.json, {
          msgID: event.id,
          headers: described,
        })
      }
    },
    async close() {
      await connection?.close()
    },
  }
}
