/** The one place that knows the sinks by kind; a client library is loaded only where its kind is configured. */
import { isDeepStrictEqual } from 'node:util'
import { systemClock } from '../clock.ts'
import type { AppConfig } from '../config.ts'
import type { SinkConfig } from './config.ts'
import type { KafkaIngest, KafkaIngestDeps } from './kafka-ingest.ts'
import { createRelay, type Relay, type RelayDeps } from './relay.ts'
import type { EventSink } from './sink.ts'

interface OpenRelay extends Pick<RelayDeps, 'ledger' | 'log' | 'told'> {
  /** The configuration in force: sinks that a reload changes are opened anew before the next tick is told. */
  readonly config: () => Pick<AppConfig, 'events'>
  readonly env: NodeJS.ProcessEnv
}

/** Reads samples from Kafka where the configuration says so; undefined where not. */
export async function openKafkaIngest(
  config: AppConfig,
  env: NodeJS.ProcessEnv,
  deps: Pick<KafkaIngestDeps, 'ingest' | 'refused' | 'knows' | 'log'>,
): Promise<KafkaIngest | undefined> {
  const { kafkaIngest } = config.events
  if (!kafkaIngest) return undefined
  const { startKafkaIngest } = await import('./kafka-ingest.ts')
  const secret = secretOf('events.kafkaIngest', env)
  return startKafkaIngest({
    ...deps,
    config: kafkaIngest,
    secrets: {
      username: secret(kafkaIngest.usernameEnv),
      password: secret(kafkaIngest.passwordEnv),
    },
    ...config.ingest,
    nowMs: systemClock.nowMs,
  })
}

/** The relay to all sinks of the configuration, by the real clock: receivers judge the age of an event. */
export async function openRelay({ config, env, ...deps }: OpenRelay): Promise<Relay> {
  async function relayTo(sinks: readonly SinkConfig[]): Promise<Relay> {
    const opening = sinks.map(async (sink) => ({ config: sink, sink: await openSink(sink, env) }))
    return createRelay({ ...deps, sinks: await Promise.all(opening), nowMs: systemClock.nowMs })
  }
  let { sinks } = config().events
  let relay = await relayTo(sinks)
  let changing: Promise<void> | undefined

  /** What could not be opened leaves the sinks that there were; the next change is tried again. */
  async function change(next: readonly SinkConfig[]): Promise<void> {
    try {
      const opened = await relayTo(next)
      // one after the other, or both would tell a sink that stays of the same tick
      await relay.close()
      relay = opened
    } catch (error) {
      deps.log.warn({ err: error }, 'the sinks of the new configuration were not opened')
    }
  }
  return {
    kick(tick) {
      const next = config().events.sinks
      if (next !== sinks) {
        const isSame = isDeepStrictEqual(next, sinks)
        sinks = next
        if (!isSame) changing = (changing ?? Promise.resolve()).then(() => change(next))
      }
      if (changing) void changing.then(() => relay.kick(tick))
      else relay.kick(tick)
    },
    async deliver(delivery) {
      await changing
      await relay.deliver(delivery)
    },
    async idle() {
      await changing
      await relay.idle()
    },
    async close() {
      await changing
      await relay.close()
    },
  }
}

/** Throws when a secret that the configuration names is not in `env`. */
export async function openSink(config: SinkConfig, env: NodeJS.ProcessEnv): Promise<EventSink> {
  const secret = secretOf(`events.sinks ${config.name}`, env)
  switch (config.kind) {
    case 'webhook': {
      const { createWebhookSink } = await import('./webhook-sink.ts')
      return createWebhookSink(config, secret(config.secretEnv))
    }
    case 'nats': {
      const { createNatsSink } = await import('./nats-sink.ts')
      return createNatsSink(config, secret(config.tokenEnv))
    }
    case 'rabbitmq': {
      const { createRabbitSink } = await import('./rabbitmq-sink.ts')
      return createRabbitSink(config, secret(config.urlEnv) ?? '')
    }
    case 'kafka': {
      const { createKafkaSink } = await import('./kafka-sink.ts')
      const username = secret(config.usernameEnv)
      return createKafkaSink(config, { username, password: secret(config.passwordEnv) })
    }
  }
}

const secretOf =
  (field: string, env: NodeJS.ProcessEnv) =>
  (name: string | undefined): string | undefined => {
    if (name === undefined) return undefined
    const value = env[name]
    if (!value) throw new Error(`${field}: the environment variable ${name} is empty`)
    return value
  }
