/**
 * Replica counts from a metric of every pod (Resource and Pods metrics of autoscaling/v2).
 *
 * Pods without a trustworthy sample are imagined so that they dampen the change: as idle when scaling up, as fully
 * used when scaling down; a change of direction by that imagination means no change.
 * Source: kubernetes/kubernetes, pkg/controller/podautoscaler/{replica_calculator.go, metrics/utilization.go}.
 */
import { isWithinTolerance, type MetricProposal, type Tolerance } from './metrics.ts'

export interface PodSample {
  /** Usage in milli-units. */
  readonly milli: number
  readonly atMs: number
  /** Length of the window that the sample averages over. */
  readonly windowMs: number
}

export interface Pod {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'
  readonly deleting: boolean
  readonly startedAtMs: number | undefined
  /** The condition Ready and when it last changed; undefined when the pod has none. */
  readonly ready:
    | { readonly status: 'True' | 'False' | 'Unknown'; readonly sinceMs: number }
    | undefined
  /** Sum of the containers' requests in milli-units; undefined when a container requests none. */
  readonly requestMilli: number | undefined
  readonly sample: PodSample | undefined
}

export interface PodTiming {
  readonly nowMs: number
  /** How long after its start a pod's CPU is not believed without a whole window of readiness. */
  readonly cpuInitializationMs?: number
  readonly initialReadinessDelayMs?: number
}

export interface PodGroups {
  readonly ready: readonly Pod[]
  readonly unready: readonly Pod[]
  readonly missing: readonly Pod[]
  readonly ignored: readonly Pod[]
}

const CPU_INITIALIZATION_MS = 5 * 60_000
const INITIAL_READINESS_DELAY_MS = 30_000

/** Sorts pods by what their sample is worth; readiness counts for CPU only. */
export function groupPods(pods: readonly Pod[], resource: string, timing: PodTiming): PodGroups {
  const ready: Pod[] = []
  const unready: Pod[] = []
  const missing: Pod[] = []
  const ignored: Pod[] = []
  for (const pod of pods) {
    if (pod.deleting || pod.phase === 'Failed') ignored.push(pod)
    else if (pod.phase === 'Pending') unready.push(pod)
    else if (pod.sample === undefined) missing.push(pod)
    else if (resource === 'cpu' && isCpuUnready(pod, pod.sample, timing)) unready.push(pod)
    else ready.push(pod)
  }
  return { ready, unready, missing, ignored }
}

function isCpuUnready({ ready, startedAtMs }: Pod, sample: PodSample, timing: PodTiming): boolean {
  if (ready === undefined || startedAtMs === undefined) return true
  const { nowMs, cpuInitializationMs = CPU_INITIALIZATION_MS } = timing
  const { initialReadinessDelayMs = INITIAL_READINESS_DELAY_MS } = timing
  if (startedAtMs + cpuInitializationMs > nowMs) {
    return ready.status === 'False' || sample.atMs < ready.sinceMs + sample.windowMs
  }
  // never became ready: its condition has not changed since shortly after the start
  return ready.status === 'False' && startedAtMs + initialReadinessDelayMs > ready.sinceMs
}

/** Running pods that are Ready, for Value targets. */
export function countReadyPods(pods: readonly Pod[]): number {
  let count = 0
  for (const pod of pods) if (pod.phase === 'Running' && pod.ready?.status === 'True') count++
  return count
}

export interface PodsInput extends Tolerance, PodTiming {
  readonly pods: readonly Pod[]
  readonly currentReplicas: number
}

export interface UtilizationInput extends PodsInput {
  readonly resource: string
  /** Percent of the requests, a whole number above 0. */
  readonly targetUtilization: number
}

/** Resource metric with a Utilization target: percent of the requests, whole percents rounded down. */
export function utilizationReplicas(input: UtilizationInput): MetricProposal {
  const { pods, resource, targetUtilization } = input
  if (pods.some((pod) => pod.requestMilli === undefined)) {
    return invalid(`missing request for ${resource}`)
  }
  const ratioOf = (usage: readonly Usage[]): number => {
    let used = 0
    let requested = 0
    for (const { pod, milli } of usage) {
      used += milli
      requested += pod.requestMilli ?? 0
    }
    return Math.floor((used * 100) / requested) / targetUtilization
  }
  const fullPercent = Math.max(100, targetUtilization)
  const imagined = (pod: Pod, ratio: number): number | undefined => {
    if (ratio < 1) return Math.floor(((pod.requestMilli ?? 0) * fullPercent) / 100)
    return ratio > 1 ? 0 : undefined
  }
  return replicasOf(input, groupPods(pods, resource, input), ratioOf, imagined)
}

export interface AveragePodsInput extends PodsInput {
  /** Wanted mean over the pods in milli-units, > 0. */
  readonly targetMilli: number
  /** 'cpu' for a resource's AverageValue: then readiness counts; a Pods metric has none. */
  readonly resource?: string
}

/** Pods metric, or a Resource metric with an AverageValue target: mean over the pods, rounded down. */
export function podAverageReplicas(input: AveragePodsInput): MetricProposal {
  const { pods, targetMilli, resource = '' } = input
  const ratioOf = (usage: readonly Usage[]): number => {
    let used = 0
    for (const { milli } of usage) used += milli
    return Math.floor(used / usage.length) / targetMilli
  }
  // unlike above, a missing pod is idle at exactly the target too: so it is upstream
  const imagined = (_pod: Pod, ratio: number): number => (ratio < 1 ? targetMilli : 0)
  return replicasOf(input, groupPods(pods, resource, input), ratioOf, imagined)
}

interface Usage {
  readonly pod: Pod
  readonly milli: number
}

function replicasOf(
  input: PodsInput,
  { ready, unready, missing }: PodGroups,
  ratioOf: (usage: readonly Usage[]) => number,
  /** Usage to assume of a pod without a sample; undefined leaves it out. */
  imagined: (pod: Pod, ratio: number) => number | undefined,
): MetricProposal {
  const { pods, currentReplicas } = input
  if (pods.length === 0) return invalid('no pods returned by the selector')
  if (ready.length === 0) return invalid('no metrics for any ready pod')
  const usage: Usage[] = ready.map((pod) => ({ pod, milli: pod.sample?.milli ?? 0 }))
  const ratio = ratioOf(usage)
  if (!Number.isFinite(ratio)) return invalid('the requests of the ready pods are zero')
  const unreadyCount = unready.length > 0 && ratio > 1
  if (!unreadyCount && missing.length === 0) {
    const replicas = isWithinTolerance(ratio, input)
      ? currentReplicas
      : Math.ceil(ratio * ready.length)
    return { kind: 'replicas', replicas, ratio }
  }
  for (const pod of missing) {
    const milli = imagined(pod, ratio)
    if (milli !== undefined) usage.push({ pod, milli })
  }
  if (unreadyCount) for (const pod of unready) usage.push({ pod, milli: 0 })
  const damped = ratioOf(usage)
  return { kind: 'replicas', replicas: dampedReplicas(input, ratio, damped, usage.length), ratio }
}

function dampedReplicas(input: PodsInput, ratio: number, damped: number, counted: number): number {
  const { currentReplicas } = input
  const turned = (ratio < 1 && damped > 1) || (ratio > 1 && damped < 1)
  if (isWithinTolerance(damped, input) || turned) return currentReplicas
  const replicas = Math.ceil(damped * counted)
  const wrongWay =
    (damped < 1 && replicas > currentReplicas) || (damped > 1 && replicas < currentReplicas)
  return wrongWay ? currentReplicas : replicas
}

function invalid(error: string): MetricProposal {
  return { kind: 'invalid', error }
}
