/** The one place that knows the sinks by kind; a client library is loaded only where its kind is configured. */
import { systemClock } from '../clock.ts'
import type { EventsConfig, SinkConfig } from './config.ts'
import { createRelay, type Relay, type RelayDeps } from './relay.ts'
import type { EventSink } from './sink.ts'

interface OpenRelay extends Pick<RelayDeps, 'ledger' | 'log' | 'told'> {
  readonly config: { readonly events: EventsConfig }
  readonly env: NodeJS.ProcessEnv
}

/** The relay to all sinks of the configuration, by the real clock: receivers judge the age of an event. */
export async function openRelay({ config, env, ...deps }: OpenRelay): Promise<Relay> {
  const sinks = config.events.sinks.map(async (sink) => ({
    config: sink,
    sink: await openSink(sink, env),
  }))
  return createRelay({ ...deps, sinks: await Promise.all(sinks), nowMs: systemClock.nowMs })
}

/** Throws when a secret that the configuration names is not in `env`. */
export async function openSink(config: SinkConfig, env: NodeJS.ProcessEnv): Promise<EventSink> {
  const secret = (name: string | undefined): string | undefined => {
    if (name === undefined) return undefined
    const value = env[name]
    if (!value)
      throw new Error(`events.sinks ${config.name}: the environment variable ${name} is empty`)
    return value
  }
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
