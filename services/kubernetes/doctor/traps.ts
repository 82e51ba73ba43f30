/**
 * What else is wrong with an autoscaler that follows Forescale, or would: settings by which "no answer" becomes "zero
 * replicas", counts that run away, two that scale the same, and waits that eat the lead. Each with its field and its fix.
 * Sources: kubernetes pkg/controller/podautoscaler/horizontal.go, kedacore/keda pkg/scalers and pkg/fallback.
 */
import type { Autoscaler, DoctorMetric } from './autoscaler.ts'

export const SEVERITIES = ['fault', 'warning', 'note'] as const
/** fault: it will scale wrongly; warning: later or less than could be; note: to be known. */
export type Severity = (typeof SEVERITIES)[number]

export interface Trap {
  readonly id: string
  readonly severity: Severity
  readonly field: string
  readonly why: string
  readonly fix: string
}

/** What the controller knows of the service, where it was asked. */
export interface ServiceFacts {
  readonly mode: string
  readonly leadSeconds: number
  readonly minReplicas: number
  readonly maxReplicas: number
}

export interface Surrounding {
  /** All autoscalers that were read together, this one too. */
  readonly all: readonly Autoscaler[]
  /** From decision to ready capacity; undefined: nobody said. */
  readonly leadSeconds: number | undefined
  readonly service?: ServiceFacts | undefined
}

export function trapsOf(autoscaler: Autoscaler, around: Surrounding): Trap[] {
  const traps = [
    ...ofMetrics(autoscaler),
    ...ofKeda(autoscaler, around),
    ...ofBehavior(autoscaler, around),
    ...ofOthers(autoscaler, around),
    ...ofService(autoscaler, around),
  ]
  return traps.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
}

function* ofMetrics({ kind, metrics }: Autoscaler): Iterable<Trap> {
  const ours = metrics.filter(({ ours }) => ours !== undefined)
  for (const metric of ours) yield* ofOurMetric(metric, kind)
  for (const { label, type } of ours.length > 0 ? metrics.filter(({ ours }) => !ours) : [])
    yield {
      ...{ id: 'metric-beside', severity: 'warning', field: label },
      why: `the largest of all metrics wins, and one without an answer forbids decreases: ${type} beside ours keeps replicas that ours would let go`,
      fix: 'keep it as a floor on purpose, or take it out: Forescale has the reactive rule within it',
    }
}

function* ofOurMetric(metric: DoctorMetric, kind: Autoscaler['kind']): Iterable<Trap> {
  const { label, targetType, targetMilli, ours, type, matchLabels } = metric
  if (ours === 'replicas' && targetType === 'Value')
    yield {
      ...{ id: 'count-as-value', severity: 'fault', field: `${label} target.type` },
      why: 'of a Value the HPA takes a multiple of the replicas that are ready: a count of replicas then multiplies itself at every pass',
      fix: 'target: {type: AverageValue, averageValue: "1"}',
    }
  else if (ours === 'replicas' && targetMilli !== 1000)
    yield {
      ...{ id: 'target-not-one', severity: 'fault', field: `${label} target` },
      why: `the metric is a number of replicas; the HPA divides it by ${Number.isNaN(targetMilli) ? 'what it has as target' : targetMilli / 1000}`,
      fix: 'averageValue, threshold or targetValue "1"',
    }
  if (
    kind === 'HorizontalPodAutoscaler' &&
    type === 'External' &&
    matchLabels.workload === undefined
  )
    yield {
      ...{ id: 'no-selector', severity: 'fault', field: `${label} metric.selector` },
      why: 'an HPA adds up every series that matches: without the workload that is all of the namespace',
      fix: 'selector: {matchLabels: {workload: NAME, kind: Deployment}}',
    }
  if (type === 'Object')
    yield {
      ...{ id: 'adapter-retired', severity: 'note', field: label },
      why: 'custom metrics of a workload come from prometheus-adapter, which its maintainers retire (kubernetes-sigs/prometheus-adapter#701)',
      fix: 'forescale k8s manifest NAME --road keda-prometheus, or hpa-external with our own metrics API',
    }
}

function* ofKeda(autoscaler: Autoscaler, { leadSeconds }: Surrounding): Iterable<Trap> {
  const { keda, minReplicas, annotations } = autoscaler
  if (keda === undefined) return
  for (const [i, { type, metadata }] of keda.triggers.entries())
    if (type === 'prometheus' && metadata.ignoreNullValues !== 'false')
      yield {
        ...{
          id: 'null-is-zero',
          severity: 'fault',
          field: `spec.triggers[${i}].metadata.ignoreNullValues`,
        },
        why: 'a Prometheus that has nothing to say is read as 0, and the workload shrinks to its minimum',
        fix: 'ignoreNullValues: "false", with a fallback',
      }
  yield* ofFallback(keda.fallback)
  const paused = Object.keys(annotations).find((key) =>
    key.startsWith('autoscaling.keda.sh/paused'),
  )
  if (paused !== undefined && annotations[paused] !== 'false')
    yield {
      ...{ id: 'paused', severity: 'fault', field: `metadata.annotations.${paused}` },
      why: 'KEDA scales nothing while it is there',
      fix: `kubectl annotate scaledobject ${autoscaler.name} ${paused}-`,
    }
  const toZero = (minReplicas ?? 0) === 0 || keda.idleReplicas === 0
  if (!toZero || leadSeconds === undefined) return
  if (keda.pollingSeconds > leadSeconds)
    yield {
      ...{ id: 'poll-after-lead', severity: 'warning', field: 'spec.pollingInterval' },
      why: `at zero replicas KEDA looks every ${keda.pollingSeconds} s, longer than the lead of ${leadSeconds} s: it wakes too late by as much`,
      fix: `pollingInterval: ${Math.max(1, Math.floor(leadSeconds))}, and kubernetes.signal.consumerLagMs of as much`,
    }
  if (keda.cooldownSeconds > leadSeconds)
    yield {
      ...{ id: 'cooldown-after-lead', severity: 'note', field: 'spec.cooldownPeriod' },
      why: `nothing wanted for ${keda.cooldownSeconds} s before the last replica goes, which would be back in ${leadSeconds} s`,
      fix: 'shorter, if being woken costs less than waiting',
    }
}

type Keda = NonNullable<Autoscaler['keda']>

function* ofFallback(fallback: Keda['fallback']): Iterable<Trap> {
  if (fallback === null)
    yield {
      ...{ id: 'no-fallback', severity: 'fault', field: 'spec.fallback' },
      why: 'nothing says what to do when the trigger fails: KEDA holds, and a workload at zero stays there',
      fix: 'fallback: {failureThreshold: 3, replicas: N, behavior: currentReplicasIfHigher}',
    }
  else if (
    fallback.behavior !== 'currentReplicasIfHigher' &&
    fallback.behavior !== 'currentReplicas'
  )
    yield {
      ...{ id: 'fallback-shrinks', severity: 'warning', field: 'spec.fallback.behavior' },
      why: `when the trigger fails ${fallback.behavior} sets ${fallback.replicas} replicas, also where more run`,
      fix: 'behavior: currentReplicasIfHigher',
    }
}

function* ofBehavior({ behavior }: Autoscaler, { leadSeconds }: Surrounding): Iterable<Trap> {
  const window = behavior?.scaleUp.stabilizationWindowSeconds ?? 0
  if (window > 0)
    yield {
      id: 'slow-up',
      severity: leadSeconds !== undefined && window >= leadSeconds ? 'fault' : 'warning',
      field: 'spec.behavior.scaleUp.stabilizationWindowSeconds',
      why: `every increase comes ${window} s late${leadSeconds === undefined ? '' : `, of a lead of ${leadSeconds} s`}`,
      fix: 'stabilizationWindowSeconds: 0: decisions were stabilised already',
    }
  for (const [side, what] of [
    ['scaleUp', 'increases'],
    ['scaleDown', 'decreases'],
  ] as const)
    if (behavior?.[side].selectPolicy === 'Disabled')
      yield {
        ...{ id: 'disabled', severity: side === 'scaleUp' ? 'fault' : 'warning' },
        field: `spec.behavior.${side}.selectPolicy`,
        why: `no ${what} are carried out at all`,
        fix: 'selectPolicy: Max',
      }
}

/** Scales the same workload. */
const isAnother = (a: Autoscaler, b: Autoscaler): boolean =>
  (a.kind !== b.kind || a.name !== b.name) &&
  a.namespace === b.namespace &&
  a.target.kind === b.target.kind &&
  a.target.name === b.target.name

function* ofOthers(autoscaler: Autoscaler, { all }: Surrounding): Iterable<Trap> {
  const { kind, minReplicas, target } = autoscaler
  const others = all.filter((one) => isAnother(one, autoscaler) && !one.isKedas)
  for (const { kind: otherKind, name } of autoscaler.isKedas ? [] : others)
    yield {
      ...{ id: 'two-writers', severity: 'fault', field: 'spec.scaleTargetRef' },
      why: `${otherKind} ${name} scales ${target.kind} ${target.name} too: of two HPAs neither scales (AmbiguousSelector), other pairs overwrite one another`,
      fix: `delete one of them`,
    }
  if (kind === 'HorizontalPodAutoscaler' && minReplicas === 0)
    yield {
      ...{ id: 'zero-by-hpa', severity: 'note', field: 'spec.minReplicas' },
      why: '0 needs the gate HPAScaleToZero, and an External or Object metric',
      fix: 'minReplicas: 1, or a ScaledObject (--road keda-external)',
    }
}

function* ofService(autoscaler: Autoscaler, { service }: Surrounding): Iterable<Trap> {
  if (service === undefined) return
  const counts = autoscaler.metrics.some(({ ours }) => ours === 'replicas')
  if (counts && service.mode !== 'enforce')
    yield {
      ...{ id: 'not-enforced', severity: 'fault', field: 'mode' },
      why: `the service is in mode ${service.mode}: its desired replicas are not served, and the autoscaler holds what runs`,
      fix: 'forescale mode enforce --service NAME, once its recommendations are trusted',
    }
  const min = autoscaler.minReplicas ?? (autoscaler.keda ? 0 : 1)
  if (min > service.minReplicas || autoscaler.maxReplicas < service.maxReplicas)
    yield {
      ...{ id: 'bounds-differ', severity: 'warning', field: 'minReplicas, maxReplicas' },
      why: `Forescale decides from ${service.minReplicas} to ${service.maxReplicas}, this cuts to ${min} to ${autoscaler.maxReplicas}: budget is kept for replicas that do not come`,
      fix: `the same bounds in both`,
    }
}
