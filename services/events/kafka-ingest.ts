/**
 * Samples from a topic of Kafka: each message holds lines of line protocol. Offsets are committed when the store has the
 * samples, so that a crash loses none (a repetition is the same sample again). A message that is no line protocol is
 * counted and passed over: one bad producer must not stop the rest.
 */
import {
  Consumer,
  type Message,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  stringDeserializers,
} from '@platformatic/kafka'
import { ExponentialBackoff, handleAll, retry, TimeoutStrategy, timeout } from 'cockatiel'
import { LineProtocolError, readLineProtocol } from '../stores/line-protocol.ts'
import { createOrigins } from '../stores/origins.ts'
import type { AppendReport, Sample } from '../stores/sample-store.ts'
import type { KafkaIngestConfig } from './config.ts'
import { type KafkaSecrets, kafkaConnection } from './kafka-sink.ts'

const MESSAGES_AT_ONCE = 1000
const LONGEST_WAIT_MS = 30_000
const CLOSING = timeout(3000, TimeoutStrategy.Aggressive)

type TextMessage = Message<string, string, string, string>

export interface KafkaIngestDeps {
  readonly config: KafkaIngestConfig
  readonly secrets: KafkaSecrets
  readonly serviceTag: string
  readonly ignoreTags: readonly string[]
  readonly knows: (service: string) => boolean
  readonly ingest: (samples: readonly Sample[]) => Promise<AppendReport>
  /** Samples, or of `malformed` messages, that were not taken. */
  readonly refused: (reason: string, n: number) => void
  readonly nowMs: () => number
  readonly log: { warn(fields: object, message: string): void }
}

export interface KafkaIngest {
  close(): Promise<void>
}

/** Reads until it is closed; comes back, ever more patiently, when the broker or the store was away. */
export function startKafkaIngest(deps: KafkaIngestDeps): KafkaIngest {
  const { config, secrets, log } = deps
  const ended = new AbortController()
  const origins = createOrigins()
  // one for good: a second would be another member of the group, and the first would keep its partitions
  const consumer = new Consumer({
    ...kafkaConnection({ ...config, name: 'ingest' }, secrets),
    groupId: config.group,
    deserializers: stringDeserializers,
  })
  const policy = retry(handleAll, {
    maxAttempts: Number.POSITIVE_INFINITY,
    backoff: new ExponentialBackoff({ maxDelay: LONGEST_WAIT_MS }),
  })
  policy.onFailure(({ reason }) => {
    if (ended.signal.aborted) return
    const error = 'error' in reason ? reason.error : undefined
    log.warn({ err: error, topic: config.topic }, 'samples from Kafka wait')
  })
  const read = () =>
    readUntil(ended.signal, consumer, config.topic, (batch) => take(deps, origins, batch))
  const running = policy.execute(read, ended.signal).catch(() => {})
  return {
    async close() {
      ended.abort()
      await running
      // to leave its group it asks a broker that may be gone
      await CLOSING.execute(() => consumer.close(true)).catch(() => {})
    },
  }
}

async function readUntil(
  ended: AbortSignal,
  consumer: Consumer<string, string, string, string>,
  topic: string,
  take: (batch: readonly TextMessage[]) => Promise<void>,
): Promise<void> {
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.COMMITTED,
    fallbackMode: MessagesStreamFallbackModes.EARLIEST,
    autocommit: false,
  })
  const stop = () => stream.destroy()
  ended.addEventListener('abort', stop, { once: true })
  try {
    let batch: TextMessage[] = []
    for await (const message of stream) {
      batch.push(message)
      if (stream.readableLength > 0 && batch.length < MESSAGES_AT_ONCE) continue
      await take(batch)
      for (const last of lastByPartition(batch)) await last.commit()
      batch = []
    }
  } finally {
    ended.removeEventListener('abort', stop)
  }
  if (!ended.aborted) throw new Error('the stream has ended')
}

function lastByPartition(batch: readonly TextMessage[]): Iterable<TextMessage> {
  return new Map(batch.map((message) => [message.partition, message])).values()
}

async function take(
  deps: KafkaIngestDeps,
  origins: ReturnType<typeof createOrigins>,
  batch: readonly TextMessage[],
): Promise<void> {
  const tagged = batch.flatMap((message) => linesOf(deps, message))
  const known = tagged.filter(({ sample }) => deps.knows(sample.service))
  const admitted = known.filter(({ sample: { service, metric, atMs }, origin }) =>
    origins.admit(service, metric, origin, atMs),
  )
  if (admitted.length > 0) await deps.ingest(admitted.map(({ sample }) => sample))
  deps.refused('unknown-service', tagged.length - known.length)
  deps.refused('several-series', known.length - admitted.length)
}

function linesOf(
  { serviceTag, ignoreTags, nowMs, refused, log }: KafkaIngestDeps,
  message: TextMessage,
) {
  const options = {
    nowMs: nowMs(),
    precision: undefined,
    serviceTag,
    ignoreTags: new Set(ignoreTags),
  }
  try {
    return readLineProtocol(message.value ?? '', options)
  } catch (error) {
    if (!(error instanceof LineProtocolError)) throw error
    refused('malformed', 1)
    const { topic, partition, offset } = message
    log.warn(
      { err: error, topic, partition, offset: String(offset) },
      'no line protocol; passed over',
    )
    return []
  }
}
