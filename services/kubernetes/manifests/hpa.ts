/**
 * A HorizontalPodAutoscaler of autoscaling/v2, read strictly: a field that would change the decision and is not replayed
 * is refused by its name. Source: kubernetes/api autoscaling/v2/types.go; defaults pkg/apis/autoscaling/v2/defaults.go.
 */
import { z } from 'zod'
import {
  BehaviorField,
  Metadata,
  PositiveMilli,
  readAs,
  refuseOldVersion,
  TargetRef,
} from './fields.ts'
import { type Manifest, ManifestError, type ManifestMetric } from './manifest.ts'

const Target = z.strictObject({
  type: z.enum(['Utilization', 'AverageValue', 'Value']),
  averageUtilization: z.int().positive().nullish(),
  averageValue: PositiveMilli.nullish(),
  value: PositiveMilli.nullish(),
})
type Target = z.infer<typeof Target>
const MetricIdentifier = z.strictObject({
  name: z.string().min(1),
  selector: z.unknown().optional(),
})

const Metric = z.strictObject({
  type: z.string(),
  resource: z.strictObject({ name: z.string(), target: Target }).optional(),
  containerResource: z
    .strictObject({ name: z.string(), container: z.string(), target: Target })
    .optional(),
  pods: z.strictObject({ metric: MetricIdentifier, target: Target }).optional(),
  object: z
    .strictObject({
      metric: MetricIdentifier,
      target: Target,
      describedObject: z.unknown().optional(),
    })
    .optional(),
  external: z.strictObject({ metric: MetricIdentifier, target: Target }).optional(),
})

const Hpa = z.looseObject({
  apiVersion: z.string(),
  kind: z.literal('HorizontalPodAutoscaler'),
  metadata: Metadata,
  spec: z.strictObject({
    scaleTargetRef: TargetRef,
    minReplicas: z.int().min(0).nullish(),
    maxReplicas: z.int().min(1).max(10_000),
    metrics: z.array(Metric).nullish(),
    behavior: BehaviorField.nullish(),
  }),
})

/** Kubernetes' own, where the manifest has none. */
const DEFAULT_METRIC: ManifestMetric = {
  ...{ label: 'Resource cpu (by default)', name: 'cpu', kind: 'resource' },
  target: { type: 'Utilization', percent: 80 },
}

/** Throws a ManifestError. */
export function readHpa(document: unknown, place: string): Manifest {
  const { apiVersion, metadata, spec } = readAs(Hpa, document, place)
  refuseOldVersion(apiVersion, place)
  const metrics = spec.metrics?.length
    ? spec.metrics.map((metric, i) => readMetric(metric, `spec.metrics.${i}`, place))
    : [DEFAULT_METRIC]
  const minReplicas = spec.minReplicas ?? 1
  if (minReplicas > spec.maxReplicas)
    throw new ManifestError(place, 'spec.minReplicas', minReplicas, `at most ${spec.maxReplicas}`)
  if (minReplicas === 0 && !metrics.some(({ kind }) => kind === 'external'))
    throw new ManifestError(
      place,
      'spec.minReplicas',
      0,
      'at least 1 without an Object or External metric: no pod would be measured',
    )
  return {
    kind: 'HorizontalPodAutoscaler',
    place,
    name: metadata.name,
    namespace: metadata.namespace,
    target: spec.scaleTargetRef,
    minReplicas,
    maxReplicas: spec.maxReplicas,
    metrics,
    behavior: spec.behavior ?? null,
    keda: null,
    annotations: metadata.annotations ?? {},
  }
}

function readMetric(metric: z.infer<typeof Metric>, field: string, place: string): ManifestMetric {
  const { type } = metric
  const part = <T>(value: T | undefined, key: string): T => {
    if (value !== undefined) return value
    throw new ManifestError(place, `${field}.${key}`, undefined, `given with type ${type}`)
  }
  switch (type) {
    case 'Resource': {
      const { name, target } = part(metric.resource, 'resource')
      return resourceMetric(`Resource ${name}`, name, target, { field: `${field}.resource`, place })
    }
    case 'ContainerResource': {
      const { name, container, target } = part(metric.containerResource, 'containerResource')
      const label = `ContainerResource ${name} of ${container}`
      return resourceMetric(label, name, target, { field: `${field}.containerResource`, place })
    }
    case 'Pods': {
      const { metric: own, target } = part(metric.pods, 'pods')
      const where = { field: `${field}.pods`, place }
      const read = numberTarget(target, ['AverageValue'], where)
      return { label: `Pods ${own.name}`, name: own.name, kind: 'pods', target: read }
    }
    case 'Object':
    case 'External': {
      const key = type === 'Object' ? 'object' : 'external'
      const { metric: own, target } = part(metric[key], key)
      const read = numberTarget(target, ['Value', 'AverageValue'], {
        field: `${field}.${key}`,
        place,
      })
      return { label: `${type} ${own.name}`, name: own.name, kind: 'external', target: read }
    }
    default:
      throw new ManifestError(
        place,
        `${field}.type`,
        type,
        'Resource, ContainerResource, Pods, Object, External',
      )
  }
}

interface Where {
  readonly field: string
  readonly place: string
}

/** CPU alone follows load; memory does not, and a replay would have to invent it. */
export function resourceMetric(
  label: string,
  name: string,
  target: Target,
  { field, place }: Where,
): ManifestMetric {
  if (name !== 'cpu')
    throw new ManifestError(
      place,
      `${field}.name`,
      name,
      'cpu: no other resource follows from load, so its rule cannot be replayed',
    )
  if (target.type !== 'Utilization') {
    const read = numberTarget(target, ['AverageValue'], { field, place })
    return { label, name, kind: 'resource', target: read }
  }
  if (!target.averageUtilization)
    throw new ManifestError(
      place,
      `${field}.target.averageUtilization`,
      target.averageUtilization,
      'given with type Utilization',
    )
  const percent = target.averageUtilization
  return { label, name, kind: 'resource', target: { type: 'Utilization', percent } }
}

export function numberTarget(
  target: Target,
  allowed: readonly ('AverageValue' | 'Value')[],
  { field, place }: Where,
): { readonly type: 'AverageValue' | 'Value'; readonly milli: number } {
  const { type } = target
  const found = allowed.find((one) => one === type)
  if (found === undefined)
    throw new ManifestError(place, `${field}.target.type`, type, allowed.join(' or '))
  const milli = found === 'Value' ? target.value : target.averageValue
  if (milli) return { type: found, milli }
  const key = found === 'Value' ? 'value' : 'averageValue'
  throw new ManifestError(place, `${field}.target.${key}`, milli, `given with type ${found}`)
}
