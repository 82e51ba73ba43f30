/** Who is told of decisions and alerts beside people: brokers and webhooks, in the CloudEvents format. */
import { z } from 'zod'
import { ServerUrl } from '../../datasets/outbound/config.ts'

const EVENT_KINDS = ['decision', 'alert'] as const

const variable = (what: string) =>
  z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
    .optional()
    .meta({ description: `Environment variable that holds ${what}.` })

const common = {
  name: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, 'must be 1 to 40 small letters, digits and hyphens')
    .meta({
      description:
        'Its name here: what was sent already is remembered by it, so a changed name begins anew.',
    }),
  events: z
    .array(z.enum(EVENT_KINDS))
    .min(1)
    .default([...EVENT_KINDS])
    .meta({ description: 'decision: each that changes a count; alert: opened, raised, closed.' }),
}

const kafkaAccess = {
  brokers: z.array(z.string().min(1)).min(1).meta({ description: 'host:port of some brokers.' }),
  usernameEnv: variable('the user, for SASL/SCRAM-SHA-256'),
  passwordEnv: variable('the password'),
  tls: z.boolean().default(false),
}

export const KafkaIngestConfig = z
  .strictObject({
    ...kafkaAccess,
    topic: z.string().min(1).meta({ description: 'Each message holds lines of line protocol.' }),
    group: z.string().min(1).default('forescale').meta({
      description: 'Consumer group: its offsets say what was read already.',
    }),
  })
  .meta({ id: 'KafkaIngestConfig' })
export type KafkaIngestConfig = z.infer<typeof KafkaIngestConfig>

export const SinkConfig = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('webhook'),
    ...common,
    url: ServerUrl,
    secretEnv: variable('the secret that messages are signed with (Standard Webhooks)'),
  }),
  z.strictObject({
    kind: z.literal('nats'),
    ...common,
    servers: z.array(z.string().min(1)).min(1).meta({ description: 'host:port of the servers.' }),
    subject: z
      .string()
      .regex(/^[\w.-]+$/)
      .default('forescale')
      .meta({ description: 'Events go to `subject.kind.service`, into a JetStream stream.' }),
    tokenEnv: variable('the token'),
  }),
  z.strictObject({
    kind: z.literal('rabbitmq'),
    ...common,
    urlEnv: variable('the address, amqp://user:password@host:5672/vhost').unwrap(),
    exchange: z.string().min(1).default('forescale').meta({
      description: 'Topic exchange, made when it is not there; routing key `kind.service`.',
    }),
  }),
  z.strictObject({
    kind: z.literal('kafka'),
    ...common,
    ...kafkaAccess,
    topic: z.string().min(1).default('forescale').meta({ description: 'The key is the service.' }),
  }),
])
export type SinkConfig = z.infer<typeof SinkConfig>
export type SinkConfigOf<Kind extends SinkConfig['kind']> = Extract<SinkConfig, { kind: Kind }>

export const EventsConfig = z
  .strictObject({
    sinks: z
      .array(SinkConfig)
      .max(10)
      .default([])
      .refine((sinks) => new Set(sinks.map(({ name }) => name)).size === sinks.length, {
        error: 'names must differ',
      })
      .meta({ description: 'Each is told everything at least once, in order, over restarts.' }),
    kafkaIngest: KafkaIngestConfig.optional().meta({
      description: 'Samples are read from this topic, beside what is pushed over HTTP.',
    }),
  })
  .meta({ id: 'EventsConfig' })
export type EventsConfig = z.infer<typeof EventsConfig>
