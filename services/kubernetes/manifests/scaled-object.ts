/**
 * A KEDA ScaledObject (keda.sh/v1alpha1), read strictly. Each trigger is a metric of the HPA that KEDA makes: External
 * with AverageValue unless `metricType` says otherwise; `cpu` a Resource metric. Defaults and fields: keda-docs 2.17
 * concepts/scaling-deployments and scalers/*.
 */
import { z } from 'zod'
import { BehaviorField, Metadata, PositiveMilli, readAs, TargetRef } from './fields.ts'
import { numberTarget, resourceMetric } from './hpa.ts'
import { type Manifest, ManifestError, type ManifestMetric } from './manifest.ts'
import { quantityOf } from './quantity.ts'

/** Metadata of each trigger that is replayed: the field of its target, its default, its activation, what names it. */
const TRIGGERS: Readonly<Record<string, TriggerFields>> = {
  prometheus: {
    target: 'threshold',
    activation: 'activationThreshold',
    names: ['metricName', 'query'],
  },
  'metrics-api': {
    target: 'targetValue',
    activation: 'activationTargetValue',
    names: ['valueLocation', 'url'],
  },
  kafka: {
    target: 'lagThreshold',
    usual: '10',
    activation: 'activationLagThreshold',
    names: ['topic'],
  },
  rabbitmq: { target: 'value', activation: 'activationValue', names: ['queueName'] },
  'aws-sqs-queue': {
    target: 'queueLength',
    usual: '5',
    activation: 'activationQueueLength',
    names: ['queueURL'],
  },
  redis: {
    target: 'listLength',
    usual: '5',
    activation: 'activationListLength',
    names: ['listName'],
  },
  influxdb: {
    target: 'thresholdValue',
    activation: 'activationThresholdValue',
    names: ['query'],
  },
}

interface TriggerFields {
  readonly target: string
  readonly usual?: string
  readonly activation: string
  readonly names: readonly string[]
}

const Trigger = z.strictObject({
  type: z.string(),
  name: z.string().optional(),
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  metricType: z.enum(['AverageValue', 'Value', 'Utilization']).optional(),
  authenticationRef: z.unknown().optional(),
  useCachedMetrics: z.boolean().optional(),
})
type Trigger = z.infer<typeof Trigger>

const ScaledObject = z.looseObject({
  apiVersion: z.literal('keda.sh/v1alpha1'),
  kind: z.literal('ScaledObject'),
  metadata: Metadata,
  spec: z.strictObject({
    scaleTargetRef: TargetRef.extend({ envSourceContainerName: z.string().optional() }),
    pollingInterval: z.int().positive().default(30),
    cooldownPeriod: z.int().min(0).default(300),
    initialCooldownPeriod: z.int().min(0).optional(),
    idleReplicaCount: z.literal(0).nullish(),
    minReplicaCount: z.int().min(0).default(0),
    maxReplicaCount: z.int().min(1).max(10_000).default(100),
    fallback: z
      .strictObject({
        failureThreshold: z.int().min(0),
        replicas: z.int().min(0),
        behavior: z
          .enum(['static', 'currentReplicas', 'currentReplicasIfHigher', 'currentReplicasIfLower'])
          .default('static'),
      })
      .nullish(),
    advanced: z
      .strictObject({
        restoreToOriginalReplicaCount: z.boolean().optional(),
        horizontalPodAutoscalerConfig: z
          .strictObject({ name: z.string().optional(), behavior: BehaviorField.nullish() })
          .nullish(),
      })
      .nullish(),
    triggers: z.array(Trigger).min(1),
  }),
})

/** Throws a ManifestError. */
export function readScaledObject(document: unknown, place: string): Manifest {
  const { metadata, spec } = readAs(ScaledObject, document, place)
  const { minReplicaCount, maxReplicaCount, idleReplicaCount = null } = spec
  if (minReplicaCount > maxReplicaCount)
    throw new ManifestError(
      place,
      'spec.minReplicaCount',
      minReplicaCount,
      `at most ${maxReplicaCount}`,
    )
  if (idleReplicaCount !== null && minReplicaCount === 0)
    throw new ManifestError(
      place,
      'spec.idleReplicaCount',
      idleReplicaCount,
      'less than minReplicaCount',
    )
  const metrics = spec.triggers.map((trigger, i) => readTrigger(trigger, i, place))
  if (
    (minReplicaCount === 0 || idleReplicaCount !== null) &&
    metrics.every(({ kind }) => kind === 'resource')
  )
    throw new ManifestError(
      place,
      'spec.minReplicaCount',
      minReplicaCount,
      'at least 1 with cpu triggers alone: no pod would be measured',
    )
  return {
    kind: 'ScaledObject',
    place,
    name: metadata.name,
    namespace: metadata.namespace,
    target: spec.scaleTargetRef,
    minReplicas: minReplicaCount,
    maxReplicas: maxReplicaCount,
    metrics,
    behavior: spec.advanced?.horizontalPodAutoscalerConfig?.behavior ?? null,
    keda: {
      pollingSeconds: spec.pollingInterval,
      cooldownSeconds: spec.cooldownPeriod,
      idleReplicas: idleReplicaCount,
      fallback: spec.fallback ?? null,
    },
    annotations: metadata.annotations ?? {},
  }
}

function readTrigger(trigger: Trigger, i: number, place: string): ManifestMetric {
  const { type, metadata, metricType = 'AverageValue' } = trigger
  const field = `spec.triggers.${i}`
  const label = `trigger ${i} (${type})`
  if (type === 'cpu') return readCpu(trigger, label, { field, place })
  const fields = Object.hasOwn(TRIGGERS, type) ? TRIGGERS[type] : undefined
  if (fields === undefined)
    throw new ManifestError(
      place,
      `${field}.type`,
      type,
      `cpu, ${Object.keys(TRIGGERS).join(', ')}: what other triggers measure cannot be told from load`,
    )
  const raw = metadata[fields.target] ?? fields.usual
  const where = { field: `${field}.metadata.${fields.target}`, place }
  const milli = milliOf(raw, where)
  const activation = quantityOf(String(metadata[fields.activation] ?? 0))
  if (!(activation >= 0))
    throw new ManifestError(
      place,
      `${field}.metadata.${fields.activation}`,
      metadata[fields.activation],
      'a number from 0 on',
    )
  const named = trigger.name ?? fields.names.map((key) => metadata[key]).find((name) => name)
  const target = numberTarget(
    { type: metricType, averageValue: milli, value: milli },
    ['AverageValue', 'Value'],
    { field, place },
  )
  return { label, name: String(named ?? type), kind: 'external', target, activation }
}

interface Where {
  readonly field: string
  readonly place: string
}

/** `metricType` Utilization, or AverageValue; older manifests say it as `metadata.type`. */
function readCpu(
  { metadata, metricType }: Trigger,
  label: string,
  { field, place }: Where,
): ManifestMetric {
  const type = metricType ?? metadata.type ?? 'Utilization'
  const at = { field: `${field}.metadata.value`, place }
  const { value } = metadata
  const container = metadata.containerName === undefined ? '' : ` of ${metadata.containerName}`
  const milli = milliOf(value, at)
  const target = type === 'Utilization' ? Math.round(milli / 1000) : null
  return resourceMetric(
    `${label}${container}`,
    'cpu',
    {
      type: type === 'Utilization' ? 'Utilization' : 'AverageValue',
      averageUtilization: target,
      averageValue: milli,
    },
    { field, place },
  )
}

function milliOf(value: unknown, { field, place }: Where): number {
  const milli = PositiveMilli.safeParse(value)
  if (milli.success) return milli.data
  throw new ManifestError(place, field, value, 'a number above 0')
}
