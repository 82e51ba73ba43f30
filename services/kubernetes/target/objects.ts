/** What is kept of the cluster's objects: the few fields that scaling needs, of objects of many kilobytes. Pure. */
import { z } from 'zod'
import { metricsFollow, triggersFollow } from './carrier.ts'
import { type Marks, marksOf, PREFIX } from './marks.ts'

/** Who wrote `spec.replicas` last, as the API server remembers it. */
export interface ReplicasWriter {
  readonly manager: string
  /** undefined: not remembered, as of writes by the subresource `scale`. */
  readonly atMs: number | undefined
}

export interface WorkloadView {
  readonly uid: string
  readonly version: string
  /** `spec.replicas`. */
  readonly replicas: number
  /** Of its status, for workloads whose pods cannot be told. */
  readonly status: { readonly replicas: number; readonly ready: number }
  readonly marks: Marks
  /** Those under our prefix. */
  readonly annotations: Readonly<Record<string, string>>
  readonly writer: ReplicasWriter | undefined
}

const Time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))
const Annotations = z.record(z.string(), z.string()).default({})
const OwnerRef = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  controller: z.boolean().default(false),
})

const ManagedField = z.object({
  manager: z.string().default('unknown'),
  time: Time.optional(),
  fieldsV1: z
    .object({ 'f:spec': z.object({ 'f:replicas': z.unknown().optional() }).optional() })
    .optional(),
})
const Workload = z.object({
  metadata: z.object({
    uid: z.string(),
    resourceVersion: z.string(),
    annotations: Annotations,
    managedFields: z.array(ManagedField).default([]),
  }),
  spec: z.object({ replicas: z.int().min(0).default(1) }).prefault({}),
  status: z
    .object({
      replicas: z.int().min(0).default(0),
      readyReplicas: z.int().min(0).default(0),
    })
    .prefault({}),
})

export function workloadView(object: unknown): WorkloadView | undefined {
  const read = Workload.safeParse(object)
  if (!read.success) return undefined
  const { metadata, spec, status } = read.data
  const own = Object.entries(metadata.annotations).filter(([name]) => name.startsWith(PREFIX))
  return {
    uid: metadata.uid,
    version: metadata.resourceVersion,
    replicas: spec.replicas,
    status: { replicas: status.replicas, ready: status.readyReplicas },
    marks: marksOf(metadata.annotations),
    annotations: Object.fromEntries(own),
    writer: writerOf(metadata.managedFields),
  }
}

function writerOf(fields: readonly z.infer<typeof ManagedField>[]): ReplicasWriter | undefined {
  const owner = fields.find((field) => field.fieldsV1?.['f:spec']?.['f:replicas'] !== undefined)
  return owner && { manager: owner.manager, atMs: owner.time }
}

export type PodState = 'ready' | 'starting' | 'terminating'

export interface PodView {
  readonly uid: string
  /** `kind/namespace/name` of the workload whose pod it is, as `ownerKey` writes it. */
  readonly owner: string
  readonly state: PodState
  readonly createdMs: number
  /** When it last became ready or stopped being so; undefined before it was looked at by its node. */
  readonly changedMs: number | undefined
  readonly startedMs: number | undefined
  readonly restarts: number
}

const Condition = z.object({
  type: z.string(),
  status: z.string(),
  lastTransitionTime: Time.nullish(),
})
const Pod = z.object({
  metadata: z.object({
    uid: z.string(),
    namespace: z.string(),
    creationTimestamp: Time,
    deletionTimestamp: z.string().optional(),
    labels: z.record(z.string(), z.string()).default({}),
    ownerReferences: z.array(OwnerRef).default([]),
  }),
  status: z
    .object({
      phase: z.string().default('Pending'),
      startTime: Time.optional(),
      conditions: z.array(Condition).default([]),
      containerStatuses: z.array(z.object({ restartCount: z.int().default(0) })).default([]),
    })
    .prefault({}),
})

/** Of one group of kinds there is one name a namespace: versions do not matter. */
export const ownerKey = (kind: string, namespace: string, name: string): string =>
  `${kind}/${namespace}/${name}`

/** undefined: a pod of nobody that is scaled, or one that has ended and costs nothing any more. */
export function podView(object: unknown): PodView | undefined {
  const read = Pod.safeParse(object)
  if (!read.success) return undefined
  const { metadata, status } = read.data
  const owner = ownerOf(metadata)
  if (owner === undefined || status.phase === 'Succeeded' || status.phase === 'Failed')
    return undefined
  const ready = status.conditions.find(({ type }) => type === 'Ready')
  return {
    uid: metadata.uid,
    owner,
    state:
      metadata.deletionTimestamp !== undefined
        ? 'terminating'
        : ready?.status === 'True'
          ? 'ready'
          : 'starting',
    createdMs: metadata.creationTimestamp,
    changedMs: ready?.lastTransitionTime ?? undefined,
    startedMs: status.startTime,
    restarts: status.containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
  }
}

/**
 * A Deployment's pods belong to its ReplicaSet, whose name is the Deployment's with the hash that labels the pods; an Argo
 * Rollout's likewise. So the ReplicaSets themselves need not be watched.
 */
function ownerOf({
  namespace,
  labels,
  ownerReferences,
}: z.infer<typeof Pod>['metadata']): string | undefined {
  const owner = ownerReferences.find(({ controller }) => controller)
  if (!owner) return undefined
  const { kind, name } = owner
  if (kind === 'ReplicaSet')
    for (const [label, parent] of HASH_LABELS) {
      const ending = `-${labels[label]}`
      if (labels[label] !== undefined && name.endsWith(ending))
        return ownerKey(parent, namespace, name.slice(0, -ending.length))
    }
  return ownerKey(kind, namespace, name)
}

const HASH_LABELS = [
  ['rollouts-pod-template-hash', 'Rollout'],
  ['pod-template-hash', 'Deployment'],
] as const

/** Something else that acts on a workload. */
export interface WriterView {
  /** Of the workload, as `ownerKey` writes it. */
  readonly target: string
  readonly name: string
  /** The ScaledObject that made an HPA; undefined: nobody did. */
  readonly madeBy?: string | undefined
  /** It scales by the count that we decided (carrier.ts). */
  readonly follows?: boolean
  /** A ScaledObject that a person has paused. */
  readonly isPaused?: boolean
  /** Of a VPA. */
  readonly updateMode?: string
}

const Target = z.object({ kind: z.string().default('Deployment'), name: z.string() })
const OwnedMeta = z.object({
  name: z.string(),
  namespace: z.string(),
  annotations: Annotations,
  ownerReferences: z.array(OwnerRef).default([]),
})
const Hpa = z.object({
  metadata: OwnedMeta,
  spec: z.object({
    scaleTargetRef: Target,
    metrics: z.unknown().optional(),
    triggers: z.unknown().optional(),
  }),
})
const Vpa = z.object({
  metadata: OwnedMeta,
  spec: z.object({
    targetRef: Target,
    updatePolicy: z.object({ updateMode: z.string().default('Recreate') }).prefault({}),
  }),
})

export function hpaView(object: unknown): WriterView | undefined {
  const read = Hpa.safeParse(object)
  if (!read.success) return undefined
  const { metadata, spec } = read.data
  return {
    target: ownerKey(spec.scaleTargetRef.kind, metadata.namespace, spec.scaleTargetRef.name),
    name: metadata.name,
    follows: metricsFollow(spec.metrics),
    madeBy: metadata.ownerReferences.find(({ kind }) => kind === 'ScaledObject')?.name,
  }
}

const PAUSED = 'autoscaling.keda.sh/paused'
const PAUSED_REPLICAS = 'autoscaling.keda.sh/paused-replicas'

/** KEDA's defaults: a target without a kind is a Deployment. */
export function scaledObjectView(object: unknown): WriterView | undefined {
  const read = Hpa.safeParse(object)
  if (!read.success) return undefined
  const { metadata, spec } = read.data
  const { annotations } = metadata
  return {
    target: ownerKey(spec.scaleTargetRef.kind, metadata.namespace, spec.scaleTargetRef.name),
    name: metadata.name,
    follows: triggersFollow(spec.triggers),
    isPaused:
      annotations[PAUSED_REPLICAS] !== undefined ||
      (annotations[PAUSED] !== undefined && annotations[PAUSED] !== 'false'),
  }
}

export function vpaView(object: unknown): WriterView | undefined {
  const read = Vpa.safeParse(object)
  if (!read.success) return undefined
  const { metadata, spec } = read.data
  return {
    target: ownerKey(spec.targetRef.kind, metadata.namespace, spec.targetRef.name),
    name: metadata.name,
    updateMode: spec.updatePolicy.updateMode,
  }
}
