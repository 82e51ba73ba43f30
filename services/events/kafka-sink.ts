/**
 * Events to a topic of Kafka, keyed by service so that a service's events keep their order (CloudEvents Kafka binding,
 * structured mode): taken when all in-sync replicas have them.
 */
import { ProduceAcks, Producer, stringSerializers } from '@platformatic/kafka'
import type { SinkConfigOf } from './config.ts'
import { EVENT_TYPE, type EventSink } from './sink.ts'

const TIMEOUT_MS = 5000

export interface KafkaSecrets {
  readonly username: string | undefined
  readonly password: string | undefined
}

/** What producer and consumer say to reach the brokers. */
export function kafkaConnection(
  { brokers, tls, name }: Pick<SinkConfigOf<'kafka'>, 'brokers' | 'tls' | 'name'>,
  { username, password }: KafkaSecrets,
) {
  return {
    clientId: `forescale-${name}`,
    bootstrapBrokers: [...brokers],
    connectTimeout: TIMEOUT_MS,
    ...(tls ? { tls: {} } : {}),
    ...(username !== undefined && password !== undefined
      ? { sasl: { mechanism: 'SCRAM-SHA-256' as const, username, password } }
      : {}),
  }
}

export function createKafkaSink(config: SinkConfigOf<'kafka'>, secrets: KafkaSecrets): EventSink {
  const { topic } = config
  let producer: Producer<string, string, string, string> | undefined
  return {
    async publish(events, signal) {
      signal.throwIfAborted()
      producer ??= new Producer({
        ...kafkaConnection(config, secrets),
        retries: 0, // the relay waits and sends again, with everything that it was about to send
        serializers: stringSerializers,
        autocreateTopics: true,
      })
      await producer.send({
        acks: ProduceAcks.ALL,
        messages: events.map(({ service, json }) => ({
          topic,
          value: json,
          ...(service === undefined ? {} : { key: service }),
          headers: { 'content-type': EVENT_TYPE },
        })),
      })
    },
    async close() {
      await producer?.close()
    },
  }
}
