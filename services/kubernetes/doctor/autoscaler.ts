/**
 * An HPA or ScaledObject as the doctor reads it: everything that decides, whether or not it can be replayed, and nothing
 * refused that the cluster would take. What follows which metric, and whether that metric is ours.
 */
import { z } from 'zod'
import type { SignalForm } from '../../../agents/hpa/dead-band.ts'
import type { Behavior } from '../../../agents/service-spec.ts'
import {
  BehaviorField,
  Metadata,
  Quantity,
  readAs,
  refuseOldVersion,
  TargetRef,
} from '../manifests/fields.ts'
import { milliQuantityOf } from '../manifests/quantity.ts'

export interface DoctorMetric {
  /** As people find it again: `spec.metrics[0] External x`, `spec.triggers[1] prometheus`. */
  readonly label: string
  readonly type: string
  readonly targetType: string
  /** In milli-units; NaN where it says none. */
  readonly targetMilli: number
  /** Of a metric that can be selected. */
  readonly matchLabels: Readonly<Record<string, string>>
  /** What it carries if Forescale makes it; undefined: it is another's. */
  readonly ours: SignalForm | undefined
}

export interface DoctorTrigger {
  readonly type: string
  readonly metadata: Readonly<Record<string, string>>
}

export interface Autoscaler {
  readonly kind: 'HorizontalPodAutoscaler' | 'ScaledObject'
  readonly place: string
  readonly name: string
  readonly namespace: string
  readonly target: { readonly kind: string; readonly name: string }
  /** null: not said, which is 1 of an HPA and 0 of a ScaledObject. */
  readonly minReplicas: number | null
  readonly maxReplicas: number
  readonly behavior: Behavior | null
  readonly metrics: readonly DoctorMetric[]
  readonly annotations: Readonly<Record<string, string>>
  /** As its status says; undefined: not known. */
  readonly currentReplicas: number | undefined
  /** An HPA that KEDA keeps for a ScaledObject. */
  readonly isKedas: boolean
  readonly keda:
    | {
        readonly pollingSeconds: number
        readonly cooldownSeconds: number
        readonly idleReplicas: number | null
        readonly fallback: { readonly replicas: number; readonly behavior: string } | null
        readonly triggers: readonly DoctorTrigger[]
      }
    | undefined
}

const OURS = /forescale[_.-]/

/** Whose words these are, and what they carry. */
function carriedBy(words: readonly (string | undefined)[]): SignalForm | undefined {
  const text = words.filter((word) => word !== undefined).join(' ')
  if (!OURS.test(text)) return undefined
  return /_replicas\b/.test(text) ? 'replicas' : 'load'
}

const Target = z.looseObject({
  type: z.string(),
  averageUtilization: z.number().nullish(),
  averageValue: Quantity.nullish(),
  value: Quantity.nullish(),
})
const Identified = z.looseObject({
  metric: z
    .looseObject({
      name: z.string(),
      selector: z
        .looseObject({ matchLabels: z.record(z.string(), z.string()).nullish() })
        .nullish(),
    })
    .optional(),
  name: z.string().optional(),
  target: Target,
})
const Metric = z.looseObject({ type: z.string() })

const Hpa = z.looseObject({
  apiVersion: z.literal('autoscaling/v2'),
  metadata: Metadata.extend({ labels: z.record(z.string(), z.string()).nullish() }),
  spec: z.looseObject({
    scaleTargetRef: TargetRef,
    minReplicas: z.int().min(0).nullish(),
    maxReplicas: z.int().min(1),
    metrics: z.array(Metric).nullish(),
    behavior: BehaviorField.nullish(),
  }),
  status: z.looseObject({ currentReplicas: z.int().min(0).nullish() }).nullish(),
})

function readHpa(document: unknown, place: string): Autoscaler {
  const { metadata, spec, status } = readAs(Hpa, document, place)
  const metrics = (spec.metrics ?? []).map((metric, i) => readMetric(metric, i, place))
  const cpu = { label: 'Resource cpu (by default)', type: 'Resource', targetType: 'Utilization' }
  return {
    ...{ kind: 'HorizontalPodAutoscaler', place, keda: undefined },
    ...{ name: metadata.name, namespace: metadata.namespace, target: spec.scaleTargetRef },
    ...{ minReplicas: spec.minReplicas ?? null, maxReplicas: spec.maxReplicas },
    behavior: spec.behavior ?? null,
    metrics:
      metrics.length > 0
        ? metrics
        : [{ ...cpu, targetMilli: Number.NaN, matchLabels: {}, ours: undefined }],
    annotations: metadata.annotations ?? {},
    currentReplicas: status?.currentReplicas ?? undefined,
    isKedas: metadata.labels?.['scaledobject.keda.sh/name'] !== undefined,
  }
}

function readMetric(metric: z.infer<typeof Metric>, i: number, place: string): DoctorMetric {
  const { type } = metric
  const key = type.charAt(0).toLowerCase() + type.slice(1)
  const own = readAs(Identified, metric[key] ?? {}, `${place}: spec.metrics.${i}.${key}`)
  const name = own.metric?.name ?? own.name ?? 'unnamed'
  const { target } = own
  const value = target.type === 'Value' ? target.value : target.averageValue
  return {
    label: `spec.metrics[${i}] ${type} ${name}`,
    ...{ type, targetType: target.type },
    targetMilli: value === null || value === undefined ? Number.NaN : milliQuantityOf(value),
    matchLabels: own.metric?.selector?.matchLabels ?? {},
    ours: carriedBy([name]),
  }
}

const Trigger = z.looseObject({
  type: z.string(),
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  metricType: z.string().default('AverageValue'),
})

const ScaledObject = z.looseObject({
  metadata: Metadata,
  spec: z.looseObject({
    scaleTargetRef: z.looseObject({ ...TargetRef.shape }),
    pollingInterval: z.int().positive().default(30),
    cooldownPeriod: z.int().min(0).default(300),
    idleReplicaCount: z.int().nullish(),
    minReplicaCount: z.int().min(0).nullish(),
    maxReplicaCount: z.int().min(1).default(100),
    fallback: z
      .looseObject({ replicas: z.int().min(0), behavior: z.string().default('static') })
      .nullish(),
    advanced: z
      .looseObject({
        horizontalPodAutoscalerConfig: z
          .looseObject({ behavior: BehaviorField.nullish() })
          .nullish(),
      })
      .nullish(),
    triggers: z.array(Trigger).min(1),
  }),
})

/** By trigger: the metadata that is its target. */
const TARGETS: Readonly<Record<string, string>> = {
  prometheus: 'threshold',
  'metrics-api': 'targetValue',
  external: 'targetPerReplica',
  'external-push': 'targetPerReplica',
}

function readScaledObject(document: unknown, place: string): Autoscaler {
  const { metadata, spec } = readAs(ScaledObject, document, place)
  const triggers = spec.triggers.map(({ type, metadata: own, metricType }) => ({
    ...{ type, metricType },
    metadata: Object.fromEntries(Object.entries(own).map(([key, value]) => [key, String(value)])),
  }))
  return {
    ...{ kind: 'ScaledObject', place, isKedas: false, currentReplicas: undefined },
    ...{ name: metadata.name, namespace: metadata.namespace, target: spec.scaleTargetRef },
    ...{ minReplicas: spec.minReplicaCount ?? null, maxReplicas: spec.maxReplicaCount },
    behavior: spec.advanced?.horizontalPodAutoscalerConfig?.behavior ?? null,
    metrics: triggers.map(triggerMetric),
    annotations: metadata.annotations ?? {},
    keda: {
      pollingSeconds: spec.pollingInterval,
      cooldownSeconds: spec.cooldownPeriod,
      idleReplicas: spec.idleReplicaCount ?? null,
      fallback: spec.fallback ?? null,
      triggers,
    },
  }
}

function triggerMetric(
  { type, metadata, metricType }: DoctorTrigger & { readonly metricType: string },
  i: number,
): DoctorMetric {
  const isResource = type === 'cpu' || type === 'memory'
  const { query, url, signal, scalerAddress } = metadata
  const words = type.startsWith('external') ? [signal, scalerAddress] : [query, url]
  const ours = isResource ? undefined : carriedBy(words)
  const target = metadata[TARGETS[type] ?? 'value'] ?? (ours === 'replicas' ? '1' : '')
  return {
    label: `spec.triggers[${i}] ${type}`,
    type: isResource ? 'Resource' : 'External',
    targetType: isResource ? 'Utilization' : metricType,
    targetMilli: milliQuantityOf(target),
    matchLabels: {},
    ours,
  }
}

/** undefined: no autoscaler. Throws a ManifestError that names the field of one that cannot be understood. */
export function readAutoscaler(document: unknown, place: string): Autoscaler | undefined {
  const { kind, apiVersion } = (document ?? {}) as { kind?: unknown; apiVersion?: unknown }
  if (kind === 'ScaledObject') return readScaledObject(document, place)
  if (kind !== 'HorizontalPodAutoscaler') return undefined
  refuseOldVersion(apiVersion, place)
  return readHpa(document, place)
}
