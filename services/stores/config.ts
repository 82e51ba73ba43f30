/** What the configuration says of where samples come from and where they are kept. */
import { z } from 'zod'
import { Networks, ServerUrl } from '../../datasets/outbound/config.ts'
import { MetricName, ServiceId } from '../../forecaster/series.ts'
import { faultOf } from './prometheus/promql.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const DAY_MS = 24 * 60 * MINUTE_MS
const MIB = 1024 * 1024

const tokenFields = {
  tokenFile: z.string().min(1).optional().meta({ description: 'File that holds the token.' }),
  tokenEnv: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
    .optional()
    .meta({ description: 'Environment variable that holds the token.' }),
}
const atMostOneToken = {
  check: (c: { tokenFile?: string | undefined; tokenEnv?: string | undefined }) =>
    c.tokenFile === undefined || c.tokenEnv === undefined,
  fault: { error: 'tokenFile and tokenEnv exclude one another', path: ['tokenEnv'] },
}

/** A limit that a store cannot hold is refused in words, not taken for a slip of the pen. */
const noSize = (why: string) =>
  z
    .int()
    .optional()
    .refine((bytes) => bytes === undefined, { error: `cannot be held here: ${why}` })
    .meta({ description: 'Of the embedded store only.' })

export const InfluxStoreConfig = z
  .strictObject({
    kind: z.literal('influxdb'),
    url: ServerUrl.meta({ description: 'Address of the server.' }),
    networks: Networks,
    org: z.string().min(1).meta({ description: 'Organisation, by name.' }),
    bucket: z.string().min(1).default('forescale'),
    ...tokenFields,
    timeoutMs: z
      .int()
      .min(100)
      .max(10 * MINUTE_MS)
      .default(2 * SECOND_MS)
      .meta({ description: 'Longest wait for what a tick reads; long histories get more.' }),
    flushMs: z.int().min(10).max(MINUTE_MS).default(SECOND_MS).meta({
      description: 'Samples are sent together at least so often, ms.',
    }),
    batchSize: z
      .int()
      .min(100)
      .max(100_000)
      .default(10_000)
      .meta({ description: 'Most samples of one request.' }),
    maxBytes: noSize('InfluxDB drops by time only, so set retentionMs'),
    spoolBytes: z
      .int()
      .min(MIB)
      .default(256 * MIB)
      .meta({
        description: 'Room for samples that were acknowledged and not yet written to the server.',
      }),
    downsample: z
      .strictObject({
        everyMs: z
          .int()
          .min(MINUTE_MS)
          .default(5 * MINUTE_MS)
          .meta({ description: 'Step of the coarse copy, ms.' }),
        retentionMs: z
          .int()
          .min(DAY_MS)
          .default(400 * DAY_MS)
          .meta({ description: 'How long the coarse copy is kept, ms.' }),
      })
      .prefault({})
      .meta({
        description:
          'A task of the server keeps sum, count and maximum of each step in the bucket `<bucket>_coarse`.',
      }),
  })
  .refine(atMostOneToken.check, atMostOneToken.fault)
export type InfluxStoreConfig = z.infer<typeof InfluxStoreConfig>

export const PrometheusServer = z
  .strictObject({
    url: ServerUrl.meta({ description: 'Address of the server, without /api/v1.' }),
    networks: Networks,
    ...tokenFields,
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string())
      .default({})
      .meta({ description: 'Sent with every query, like THANOS-TENANT.' }),
    headerFiles: z
      .record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string().min(1))
      .default({})
      .meta({ description: 'Headers whose values are secrets: the file that holds each.' }),
    tenant: z
      .string()
      .regex(
        /^[A-Za-z0-9!_.*'()|-]{1,150}$/,
        "must be a tenant of Mimir: a-z, 0-9, !-_.*'(), | between",
      )
      .optional()
      .meta({ description: 'Tenant of Mimir, Loki or Cortex: X-Scope-OrgID; several as a|b.' }),
    dedup: z.boolean().optional().meta({
      description:
        "Thanos: whether replicas of a pair are one series; the server's own when absent.",
    }),
    basicAuth: z
      .strictObject({
        username: z.string().min(1),
        passwordFile: z.string().min(1).optional(),
        passwordEnv: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
          .optional(),
      })
      .refine((c) => (c.passwordFile === undefined) !== (c.passwordEnv === undefined), {
        error: 'needs one of passwordFile and passwordEnv',
        path: ['passwordFile'],
      })
      .optional()
      .meta({ description: 'A user with the password from a file or a variable; or a token.' }),
    tls: z
      .strictObject({
        caFile: z.string().min(1).optional().meta({ description: 'Who signed its certificate.' }),
        certFile: z.string().min(1).optional().meta({ description: 'Our own certificate.' }),
        keyFile: z.string().min(1).optional(),
        serverName: z.string().min(1).optional().meta({
          description: 'Name in its certificate, where the address has another.',
        }),
      })
      .refine((c) => (c.certFile === undefined) === (c.keyFile === undefined), {
        error: 'certFile and keyFile go together',
        path: ['keyFile'],
      })
      .optional(),
    timeoutMs: z
      .int()
      .min(100)
      .max(10 * MINUTE_MS)
      .default(2 * SECOND_MS),
    partial: z.enum(['refuse', 'accept']).default('refuse').meta({
      description:
        'Answers with warnings, as of a Thanos that lacks a store: refuse takes them for no answer.',
    }),
  })
  .refine(atMostOneToken.check, atMostOneToken.fault)
  .refine((c) => !c.basicAuth || (c.tokenFile === undefined && c.tokenEnv === undefined), {
    error: 'basicAuth and a token exclude one another',
    path: ['basicAuth'],
  })
export type PrometheusServer = z.infer<typeof PrometheusServer>

export const PrometheusMetric = z.strictObject({
  metric: MetricName.meta({ description: 'What it is here.' }),
  query: z.string().min(1).max(4000).meta({
    description:
      'PromQL with one series a service. $step: one step, as in rate(x[$step]); $services: the services asked for, as a pattern for =~; $service: one service, a query each.',
  }),
  server: z.string().min(1).default('default').meta({ description: 'Its name in `servers`.' }),
  serviceLabel: z.string().min(1).default('service'),
  services: z.array(ServiceId).min(1).optional().meta({
    description: 'Only for these services; all when absent.',
  }),
})
export type PrometheusMetric = z.infer<typeof PrometheusMetric>

export const PrometheusStoreConfig = z
  .strictObject({
    kind: z.literal('prometheus'),
    servers: z.record(z.string().min(1), PrometheusServer),
    metrics: z.array(PrometheusMetric).min(1).meta({
      description:
        'Of several entries for one metric the first that has a value for a step speaks; the next fill its gaps.',
    }),
    maxBytes: noSize('samples are on the Prometheus, which has --storage.tsdb.retention.size'),
    lookBackMs: z
      .int()
      .min(MINUTE_MS)
      .default(60 * MINUTE_MS)
      .meta({ description: 'How far back the newest value of a service is looked for, ms.' }),
    mostSeries: z
      .int()
      .min(1)
      .default(100_000)
      .meta({ description: 'An answer of more series is refused.' }),
  })
  .refine((c) => c.metrics.every((m) => Object.hasOwn(c.servers, m.server)), {
    error: 'every metrics[].server must stand in servers',
    path: ['metrics'],
  })
  .refine((c) => c.metrics.every((m) => faultOf(m.query) === undefined), {
    error: (issue) =>
      (issue.input as { metrics: { query: string }[] }).metrics
        .map((m) => faultOf(m.query))
        .filter((fault) => fault !== undefined)
        .join('; '),
    path: ['metrics'],
  })
export type PrometheusStoreConfig = z.infer<typeof PrometheusStoreConfig>

export const StoreConfig = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('embedded'),
    maxBytes: z
      .int()
      .min(16 * MIB)
      .optional()
      .meta({
        description:
          'Most bytes on disk, looked at every 20 ticks: over it the oldest samples go before retentionMs is over, never the newest hour. Left out: age alone counts. InfluxDB and Prometheus keep by time only.',
      }),
  }),
  InfluxStoreConfig,
  PrometheusStoreConfig,
])
export type StoreConfig = z.infer<typeof StoreConfig>

export const RemoteWriteMetric = z.strictObject({
  from: z
    .string()
    .min(1)
    .meta({ description: 'Name of the series that is sent, as of a recording rule.' }),
  metric: MetricName.meta({ description: 'What it is here.' }),
  serviceLabel: z.string().min(1).default('service'),
  scale: z
    .number()
    .positive()
    .default(1)
    .meta({ description: 'Values are multiplied by it: 0.001 makes seconds of milliseconds.' }),
})
export type RemoteWriteMetric = z.infer<typeof RemoteWriteMetric>

export const IngestConfig = z.strictObject({
  serviceTag: z
    .string()
    .min(1)
    .default('service')
    .meta({ description: 'Tag of line protocol that names the service.' }),
  ignoreTags: z.array(z.string().min(1)).default([]).meta({
    description:
      'Tags and labels that do not make another series: prometheus_replica of a pair, say. Any other that differs within a service and metric is refused, for one half of a load is no load.',
  }),
  remoteWrite: z
    .strictObject({ metrics: z.array(RemoteWriteMetric).default([]) })
    .prefault({})
    .meta({
      description: 'Series that Prometheus may send to POST /api/v1/write; others are let go.',
    }),
})
export type IngestConfig = z.infer<typeof IngestConfig>
