/**
 * The user's present rule as a controller: the HPA of the manifest with all of its metrics, and, of a ScaledObject, KEDA
 * around it. The rule itself is `agents/hpa/` and `controllers/{hpa,keda}.ts`; here its metrics are made from what was
 * measured, by the signals that were declared.
 *
 * With `stretch` other than 1 every target is multiplied: the same manifest, tuned otherwise.
 */

import { emptyMemory } from '../../agents/hpa/normalize.ts'
import { type HpaMetric, type HpaSpec, propose } from '../../agents/hpa/reconcile.ts'
import type {
  KedaFallback,
  Manifest,
  ManifestMetric,
} from '../../services/kubernetes/manifests/manifest.ts'
import type { Scraped } from '../controllers/controller.ts'
import { createHpa } from '../controllers/hpa.ts'
import { createPodView, type PodView } from '../controllers/hpa-pods.ts'
import { createExecutor } from '../controllers/keda.ts'
import { type Decide, ticksIn } from '../controllers/per-service.ts'
import type { Declared } from './declared.ts'

/** The controller manager's flags. */
export interface Cluster {
  readonly tolerance: number
  readonly syncSeconds: number
  readonly downscaleStabilizationSeconds: number
}

/** What the tolerance kept from happening; counted by whoever listens. */
export interface Swallowed {
  readonly atMs: number
  readonly replicas: number
  /** What the rule would have asked for without its tolerance. */
  readonly wanted: number
}

export interface PresentRule {
  readonly manifest: Manifest
  readonly declared: Declared
  readonly cluster: Cluster
  readonly tickMs: number
  readonly stretch?: number
  readonly onSwallowed?: (swallowed: Swallowed) => void
}

/** Requests/s a replica that the manifest aims at; of several metrics the least, because the largest count wins. */
export function aimPerReplica({ metrics }: Manifest, declared: Declared): number {
  return Math.min(...metrics.map((metric) => aimOf(metric, declared)))
}

/** Infinity for a Value target: it fixes no share for a replica. */
function aimOf({ kind, target, label }: ManifestMetric, declared: Declared): number {
  const { capacity, utilizationAtCapacity, cpuAtCapacityMilli, serviceSeconds, signals } = declared
  if (target.type === 'Utilization') return (capacity * target.percent) / utilizationAtCapacity
  if (kind === 'resource') return (capacity * target.milli) / cpuAtCapacityMilli!
  if (target.type === 'Value') return Number.POSITIVE_INFINITY
  const signal = signals[label]!
  const units = target.milli / 1000 / signal.factor
  // what is in a service at once is its load times a request's time (Little's law)
  return signal.kind === 'load' ? units : units / serviceSeconds
}

export function createPresentRule(rule: PresentRule): Decide {
  const { manifest, cluster, tickMs, declared } = rule
  const { keda } = manifest
  const spec: HpaSpec = {
    // nothing at all is KEDA's own affair
    minReplicas: keda ? Math.max(1, manifest.minReplicas) : manifest.minReplicas,
    maxReplicas: manifest.maxReplicas,
    ...(manifest.behavior === null ? {} : { behavior: manifest.behavior }),
    tolerance: cluster.tolerance,
    downscaleStabilizationMs: cluster.downscaleStabilizationSeconds * 1000,
  }
  const views = manifest.metrics.map((metric) => createView(metric, rule))
  const metricsOf = (atMs: number, scraped: Scraped) => views.map((view) => view(atMs, scraped))
  const timing = { syncSeconds: cluster.syncSeconds, tickMs }
  const hpa = createHpa(spec, timing, (atMs, scraped) => {
    const metrics = metricsOf(atMs, scraped)
    if (rule.onSwallowed) tellSwallowed(rule.onSwallowed, { spec, metrics, atMs, scraped })
    return metrics
  })
  return keda === null ? hpa : withKeda(rule, hpa, declared)
}

/** KEDA moves between nothing and something; a count of nothing its HPA lets alone. */
function withKeda({ manifest, tickMs }: PresentRule, hpa: Decide, declared: Declared): Decide {
  const { metrics, minReplicas } = manifest
  const keda = manifest.keda!
  const poll = ticksIn(keda.pollingSeconds, tickMs)
  const settings = { ...keda, activationQueueLength: 0 }
  const executor = createExecutor(settings, minReplicas)
  let tick = 0
  return (atMs, scraped) => {
    const current = scraped.replicas.requested
    const polled = tick++ % poll === 0
    const moved = polled
      ? executor(atMs, current, overActivation(metrics, scraped, declared))
      : current
    if (moved === 0) return 0
    const requested = { ...scraped.replicas, requested: moved }
    const wish = hpa(atMs, moved === current ? scraped : { ...scraped, replicas: requested })
    return moved < current ? moved : wish
  }
}

/** Above 0: a trigger is active. NaN: none says anything. CPU triggers are never asked. */
function overActivation(
  metrics: readonly ManifestMetric[],
  scraped: Scraped,
  { signals }: Declared,
): number {
  const over = metrics
    .filter(({ kind }) => kind === 'external')
    .map(({ label, activation = 0 }) => metricValue(signals[label]!, scraped) - activation)
    .filter((value) => !Number.isNaN(value))
  return over.length === 0 ? Number.NaN : Math.max(...over)
}

function metricValue(
  { kind, factor }: Declared['signals'][string],
  { loadRps, queued, inService }: Scraped,
): number {
  const value = kind === 'load' ? loadRps : kind === 'queue' ? queued + inService : inService
  return value * factor
}

type View = (atMs: number, scraped: Scraped) => HpaMetric

function createView(metric: ManifestMetric, rule: PresentRule): View {
  const { declared, tickMs, manifest, stretch = 1 } = rule
  const { kind, target, label } = metric
  const pods = createPodView(tickMs, declared.startupSeconds * 1000)
  if (kind === 'resource') return resourceView(metric, rule, pods)
  const signal = declared.signals[label]!
  const milli = Math.max(1, Math.round(milliOf(target) * stretch))
  if (kind === 'pods')
    return (atMs, scraped) => ({
      type: 'Pods',
      targetMilli: milli,
      pods: pods.pods(atMs, scraped, metricValue(signal, scraped) / scraped.replicas.ready),
    })
  const items = createItems(manifest.keda?.fallback ?? null, milli)
  const type = target.type === 'Value' ? 'Value' : 'AverageValue'
  return (atMs, scraped) => ({
    type: 'External',
    target: { type, milli },
    items: items(metricValue(signal, scraped), scraped),
    pods: type === 'Value' ? pods.pods(atMs, scraped, 1) : [],
  })
}

/** Utilization is usage ÷ request; a busy replica uses `utilizationAtCapacity` percent of what it asks for. */
function resourceView(
  { target }: ManifestMetric,
  { declared, stretch = 1 }: PresentRule,
  view: PodView,
): View {
  const atCapacity =
    target.type === 'Utilization'
      ? declared.utilizationAtCapacity / 100
      : declared.cpuAtCapacityMilli! / 1000
  return (atMs, scraped) => {
    const pods = view.pods(atMs, scraped, scraped.utilization * atCapacity)
    const own =
      target.type === 'Utilization'
        ? { type: target.type, percent: Math.max(1, Math.round(target.percent * stretch)) }
        : ({
            type: 'AverageValue',
            milli: Math.max(1, Math.round(target.milli * stretch)),
          } as const)
    return { type: 'Resource', resource: 'cpu', target: own, pods }
  }
}

const milliOf = (target: ManifestMetric['target']): number =>
  target.type === 'Utilization' ? Number.NaN : target.milli

/** The metric's values; with KEDA's fallback once there were more errors in a row than allowed (pkg/fallback). */
function createItems(
  fallback: KedaFallback | null,
  targetMilli: number,
): (value: number, scraped: Scraped) => readonly number[] {
  let failures = 0
  return (value, { replicas }) => {
    if (Number.isFinite(value)) {
      failures = 0
      return [Math.ceil(value * 1000)]
    }
    failures++
    if (fallback === null || failures <= fallback.failureThreshold) return []
    return [targetMilli * fallbackReplicas(fallback, replicas.requested)]
  }
}

function fallbackReplicas({ replicas, behavior }: KedaFallback, current: number): number {
  switch (behavior) {
    case 'static':
      return replicas
    case 'currentReplicas':
      return current
    case 'currentReplicasIfHigher':
      return Math.max(replicas, current)
    case 'currentReplicasIfLower':
      return Math.min(replicas, current)
  }
}

interface Pass {
  readonly spec: HpaSpec
  readonly metrics: readonly HpaMetric[]
  readonly atMs: number
  readonly scraped: Scraped
}

/** Asks the rule twice, with its tolerance and without. */
function tellSwallowed(tell: (swallowed: Swallowed) => void, pass: Pass): void {
  const { spec, metrics, atMs, scraped } = pass
  const { requested, ready, starting } = scraped.replicas
  if (requested === 0) return
  const wanted = (own: HpaSpec): number | undefined => {
    const context = {
      ...{ spec: own, specReplicas: requested, statusReplicas: ready + starting },
      ...{ memory: emptyMemory, nowMs: atMs },
    }
    const proposals = metrics.map((metric) => propose(metric, context))
    const counts = proposals.flatMap((one) => (one.kind === 'replicas' ? [one.replicas] : []))
    return counts.length === 0 ? undefined : Math.max(...counts)
  }
  const asked = wanted(spec)
  if (asked !== requested) return
  const { behavior } = spec
  const strict = behavior && {
    scaleUp: { ...behavior.scaleUp, tolerance: 0 },
    scaleDown: { ...behavior.scaleDown, tolerance: 0 },
  }
  const free = wanted({ ...spec, tolerance: 0, ...(strict ? { behavior: strict } : {}) })
  const bounded =
    free === undefined
      ? requested
      : Math.min(spec.maxReplicas, Math.max(spec.minReplicas ?? 1, free))
  if (bounded !== requested) tell({ atMs, replicas: requested, wanted: bounded })
}
