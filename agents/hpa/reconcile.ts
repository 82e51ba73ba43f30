/**
 * One whole pass of the HorizontalPodAutoscaler: metrics → the largest proposal → stabilised and limited count.
 *
 * A metric that cannot say blocks a decrease but not an increase; when none can, nothing changes. Zero replicas with
 * a minimum above zero mean that the owner switched autoscaling off.
 * Source: kubernetes/kubernetes, pkg/controller/podautoscaler/horizontal.go, reconcileAutoscaler.
 */
import type { Behavior } from '../service-spec.ts'
import {
  averageValueReplicas,
  DEFAULT_TOLERANCE,
  type MetricProposal,
  type Tolerance,
  valueReplicas,
} from './metrics.ts'
import {
  type HpaMemory,
  type LimitedBy,
  type Normalized,
  type NormalizeInput,
  normalize,
  normalizeWithBehaviors,
  recordScaleEvent,
} from './normalize.ts'
import { countReadyPods, type Pod, podAverageReplicas, utilizationReplicas } from './pods.ts'

/** All quantities in milli-units. `items` are the metric's values that match its selector: they are summed. */
export type HpaMetric =
  | {
      readonly type: 'Resource'
      readonly resource: string
      readonly target:
        | { readonly type: 'Utilization'; readonly percent: number }
        | { readonly type: 'AverageValue'; readonly milli: number }
      readonly pods: readonly Pod[]
    }
  | { readonly type: 'Pods'; readonly targetMilli: number; readonly pods: readonly Pod[] }
  | {
      readonly type: 'External' | 'Object'
      readonly target: { readonly type: 'Value' | 'AverageValue'; readonly milli: number }
      readonly items: readonly number[]
      readonly pods: readonly Pod[]
    }

export interface HpaSpec {
  readonly minReplicas?: number
  readonly maxReplicas: number
  readonly behavior?: Behavior
  /** The controller's own tolerance, used where `behavior` has none. */
  readonly tolerance?: number
  /** The controller's own window, used without `behavior`. */
  readonly downscaleStabilizationMs?: number
  /** The controller's own flag: how long a young pod's CPU is not believed without a whole window of readiness. */
  readonly cpuInitializationMs?: number
}

export interface ReconcileInput {
  readonly spec: HpaSpec
  /** `spec.replicas` of the target. */
  readonly specReplicas: number
  /** `status.replicas` of the target; `specReplicas` when left out. */
  readonly statusReplicas?: number
  readonly metrics: readonly HpaMetric[]
  readonly memory: HpaMemory
  readonly nowMs: number
}

export interface Reconciled {
  /** To be set; equal to `specReplicas` when nothing is to be done. */
  readonly replicas: number
  readonly memory: HpaMemory
  readonly limitedBy: LimitedBy
  /** false: dormant, or no usable metric. */
  readonly scalingActive: boolean
  /** What went wrong, one sentence a metric; may stand beside a change (an increase in spite of an invalid metric). */
  readonly errors: readonly string[]
}

export function reconcile(input: ReconcileInput): Reconciled {
  const { spec, specReplicas: current, nowMs } = input
  const minReplicas = spec.minReplicas ?? 1
  const { maxReplicas, behavior } = spec
  const seeded: HpaMemory =
    input.memory.recommendations.length > 0
      ? input.memory
      : { ...input.memory, recommendations: [{ atMs: nowMs, replicas: current }] }
  const still = {
    replicas: current,
    memory: seeded,
    limitedBy: 'none',
    scalingActive: false,
  } as const
  if (current === 0 && minReplicas !== 0) return { ...still, errors: [] }

  const outside = current > maxReplicas || current < minReplicas
  const { desired, errors } = outside ? { desired: current, errors: [] } : largestProposal(input)
  if (desired === undefined) return { ...still, errors }
  const limits: NormalizeInput = {
    current,
    desired,
    minReplicas,
    maxReplicas,
    memory: seeded,
    nowMs,
  }
  const step = normalizeFor(spec, limits)
  const memory =
    behavior === undefined
      ? step.memory
      : recordScaleEvent(step.memory, current, step.replicas, nowMs, behavior)
  return { replicas: step.replicas, memory, limitedBy: step.limitedBy, scalingActive: true, errors }
}

function normalizeFor(
  { behavior, downscaleStabilizationMs }: HpaSpec,
  limits: NormalizeInput,
): Normalized {
  if (behavior !== undefined) return normalizeWithBehaviors({ ...limits, behavior })
  return normalize(
    downscaleStabilizationMs === undefined ? limits : { ...limits, downscaleStabilizationMs },
  )
}

function largestProposal(input: ReconcileInput): { desired: number | undefined; errors: string[] } {
  const errors: string[] = []
  let desired = 0
  for (const metric of input.metrics) {
    const proposal = propose(metric, input)
    if (proposal.kind === 'invalid') errors.push(`${metric.type}: ${proposal.error}`)
    else desired = Math.max(desired, proposal.replicas)
  }
  const nothing = errors.length >= input.metrics.length
  const unsafe = errors.length > 0 && desired < input.specReplicas
  return { desired: nothing || unsafe ? undefined : desired, errors }
}

type Context = Omit<ReconcileInput, 'metrics'>

/** What one metric alone would want. */
export function propose(metric: HpaMetric, context: Context): MetricProposal {
  const tolerance = toleranceOf(context.spec)
  const { cpuInitializationMs } = context.spec
  const timing = cpuInitializationMs === undefined ? {} : { cpuInitializationMs }
  const { specReplicas: currentReplicas, nowMs } = context
  const common = { currentReplicas, nowMs, ...timing, ...tolerance }
  switch (metric.type) {
    case 'Resource': {
      const { target, resource, pods } = metric
      return target.type === 'Utilization'
        ? utilizationReplicas({ ...common, pods, resource, targetUtilization: target.percent })
        : podAverageReplicas({ ...common, pods, resource, targetMilli: target.milli })
    }
    case 'Pods':
      return podAverageReplicas({ ...common, pods: metric.pods, targetMilli: metric.targetMilli })
    case 'External':
    case 'Object':
      return proposeFromItems(metric, context, tolerance)
  }
}

function proposeFromItems(
  { items, target, pods }: Extract<HpaMetric, { items: readonly number[] }>,
  { specReplicas, statusReplicas = specReplicas }: Context,
  tolerance: Tolerance,
): MetricProposal {
  if (items.length === 0) return { kind: 'invalid', error: 'no metrics returned' }
  let total = 0
  for (const item of items) total += item
  if (target.type === 'AverageValue') {
    const counts = { total, targetAverage: target.milli, currentReplicas: statusReplicas }
    const replicas = averageValueReplicas({ ...counts, ...tolerance })
    return { kind: 'replicas', replicas, ratio: total / (target.milli * statusReplicas) }
  }
  if (specReplicas !== 0 && pods.length === 0) {
    return { kind: 'invalid', error: 'no pods returned by the selector' }
  }
  const readyReplicas = countReadyPods(pods)
  const counts = { total, target: target.milli, currentReplicas: specReplicas, readyReplicas }
  return {
    kind: 'replicas',
    replicas: valueReplicas({ ...counts, ...tolerance }),
    ratio: total / target.milli,
  }
}

export function toleranceOf({ behavior, tolerance = DEFAULT_TOLERANCE }: HpaSpec): Tolerance {
  return {
    toleranceUp: behavior?.scaleUp.tolerance ?? tolerance,
    toleranceDown: behavior?.scaleDown.tolerance ?? tolerance,
  }
}
