/** What the cluster says, as the overlay reads it: objects with the parts that settings are made of, and nothing else. */
import type { WorkloadRef } from '../workload.ts'

/** By which an object's report finds back to it. */
export interface ObjectRef {
  readonly apiVersion: string
  readonly kind: string
  /** '' for an object of the whole cluster. */
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

/** A Deployment or StatefulSet; only those that carry a label or an annotation of ours are worth reading. */
export interface SeenWorkload {
  readonly object: ObjectRef
  readonly ref: WorkloadRef
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

export interface SeenPolicy {
  readonly object: ObjectRef
  readonly generation: number
  /** RFC 3339: of two policies for one workload the older stands. */
  readonly createdAt: string
  readonly spec: unknown
}

export interface SeenBudget {
  readonly object: ObjectRef
  readonly generation: number
  readonly spec: unknown
}

export interface SeenGlobals {
  readonly object: ObjectRef
  /** Of the key settings.yaml; undefined when the ConfigMap has none. */
  readonly text: string | undefined
}

export interface Seen {
  readonly workloads: readonly SeenWorkload[]
  readonly policies: readonly SeenPolicy[]
  readonly budgets: readonly SeenBudget[]
  readonly globals: SeenGlobals | undefined
}

export const NOTHING_SEEN: Seen = { workloads: [], policies: [], budgets: [], globals: undefined }

/** Refused: it counts as not said. narrowed: a limit stands instead. conflict: another object speaks for this. */
export type FaultKind = 'refused' | 'narrowed' | 'conflict'

export interface SettingFault {
  readonly kind: FaultKind
  /** Annotation or dotted path. */
  readonly field: string
  /** As it was written, shortened; null where there is nothing to show. */
  readonly value: string | null
  /** What is wrong and what stands instead. */
  readonly message: string
}

/** `forescale.dev/max-replicas "many": allowed: a whole number from 1 to 10000; it counts as not given` */
export function faultText({ field, value, message }: SettingFault): string {
  return `${field}${value === null ? '' : ` ${value}`}: ${message}`
}

export const refused = (field: string, value: unknown, message: string): SettingFault => ({
  kind: 'refused',
  field,
  value: shown(value),
  message: `${message}; it counts as not given`,
})

const LONGEST_VALUE = 80

export function shown(value: unknown): string | null {
  if (value === undefined) return null
  const text = JSON.stringify(value) ?? String(value)
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text
}
