/** What a manifest says of scaling, whichever kind it is: an HPA, or a ScaledObject and the HPA that KEDA makes of it. */
import type { Behavior } from '../../../agents/service-spec.ts'

/** One metric; `target` in milli-units, as Kubernetes works. */
export interface ManifestMetric {
  /** As people find it again: "Resource cpu", "trigger 0 (prometheus)". */
  readonly label: string
  /** By which a signal is declared for it; of KEDA's triggers the query or queue too. */
  readonly name: string
  /** resource: usage ÷ request of every pod; pods: a value of every pod; external: one number (External and Object). */
  readonly kind: 'resource' | 'pods' | 'external'
  readonly target:
    | { readonly type: 'Utilization'; readonly percent: number }
    | { readonly type: 'AverageValue' | 'Value'; readonly milli: number }
  /** KEDA: the trigger is active above it; absent where it is never asked. */
  readonly activation?: number
}

export interface KedaFallback {
  readonly failureThreshold: number
  readonly replicas: number
  readonly behavior:
    | 'static'
    | 'currentReplicas'
    | 'currentReplicasIfHigher'
    | 'currentReplicasIfLower'
}

/** What KEDA does beside its HPA. */
export interface KedaSettings {
  readonly pollingSeconds: number
  readonly cooldownSeconds: number
  readonly idleReplicas: number | null
  readonly fallback: KedaFallback | null
}

export interface Manifest {
  readonly kind: 'HorizontalPodAutoscaler' | 'ScaledObject'
  /** Where it was read: file and document. */
  readonly place: string
  readonly name: string
  readonly namespace: string
  /** `scaleTargetRef`, as Kind/name. */
  readonly target: { readonly kind: string; readonly name: string }
  readonly minReplicas: number
  readonly maxReplicas: number
  readonly metrics: readonly ManifestMetric[]
  /** `spec.behavior`; null: it has none, which is another rule than its defaults. */
  readonly behavior: Behavior | null
  /** Of a ScaledObject only. */
  readonly keda: KedaSettings | null
  readonly annotations: Readonly<Record<string, string>>
}

/** What cannot be read or not be replayed: where, which field, its value, what is allowed. */
export class ManifestError extends Error {
  readonly field: string

  constructor(place: string, field: string, value: unknown, allowed: string) {
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'absent')
    super(`${place}: ${field}: "${text.slice(0, 120)}" is not allowed; allowed: ${allowed}`)
    this.field = field
  }
}
