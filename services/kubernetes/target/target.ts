/** The workloads of a cluster as things that can be looked at and be given a count, behind services/actuators/kubernetes.ts. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceId } from '../../../forecaster/series.ts'
import type {
  ActuatorHealth,
  Fence,
  ObservedReplicas,
  ScaleOrder,
  ScaleResult,
} from '../../actuators/actuator.ts'
import { type Every, every } from '../../loops/every.ts'
import { type ClusterApi, mayBeDone } from '../api.ts'
import { type WorkloadRef, workloadKey, workloadsOf } from '../workload.ts'
import { carrierOf } from './carrier.ts'
import type { Discovery } from './discovery.ts'
import type { EventRecorder, WorkloadEvent } from './events.ts'
import type { WorkloadView } from './objects.ts'
import { openParts, type Parts, type TargetDeps } from './parts.ts'
import { samplesOf } from './samples.ts'
import type { ClusterView } from './view.ts'
import { announceOn, Refused, type WriteDeps, writeCount } from './write.ts'

/** Longest wait for the first lists. */
const LIST_WAIT_MS = 10_000
const POLL_MS = 50
/** Names in a sentence. */
const NAMED = 5

export interface Target {
  readonly api: ClusterApi
  readonly view: ClusterView
  readonly discovery: Discovery
  readonly events: EventRecorder
  observe(): Promise<ReadonlyMap<ServiceId, ObservedReplicas>>
  /** Never rejects: a workload that cannot be scaled says so in its result. */
  send(order: ScaleOrder): Promise<ScaleResult>
  /** Whether the pods that these orders let go are gone; waits for it for a while. */
  released(orders: readonly ScaleOrder[]): Promise<boolean>
  /** How long that is, ms. */
  releaseLimitMs(): number
  /** Rejects when a workload could not be told, after all were tried. */
  announce(fence: Fence, atOnce: number): Promise<void>
  health(): ActuatorHealth
  close(): Promise<void>
}

/** Rejects with a ClusterError when the configuration names no cluster that can be reached. */
export async function openTarget(deps: TargetDeps): Promise<Target> {
  const parts = await openParts(deps)
  const { api, view, discovery, events, refOf } = parts
  const tells = () => parts.settings().events
  const workloads = () => workloadsOf(deps.config())
  const sampling = startSampling(parts)
  return {
    ...{ api, view, discovery, events },
    async observe() {
      parts.modes.forget()
      const listed = view.follow(workloads())
      await Promise.race([listed, sleep(LIST_WAIT_MS, undefined, { ref: false })])
      const observed = new Map<ServiceId, ObservedReplicas>()
      const ours: (readonly [ServiceId, WorkloadRef])[] = []
      for (const [service, ref] of workloads()) {
        const one = observedOf(parts, service, ref)
        if (one) observed.set(service, one)
        const isOurs = one?.carrierLagMs === undefined && parts.modes.of(service) === 'enforce'
        if (one && isOurs) ours.push([service, ref])
      }
      parts.tryOuts.follow(ours)
      return observed
    },
    async send(order) {
      const { service, decisionId } = order
      const ref = refOf(service)
      if (!ref) return failed(order, `service "${service}" has no workload in kubernetes.workloads`)
      const carrier = carrierOf(view.others(ref))
      if (carrier) {
        parts.handOvers.given(service, order.to, deps.clock.nowMs())
        return { decisionId, service, outcome: 'applied', detail: `left to ${carrier}` }
      }
      try {
        const { uid } = await scale(parts, ref, order)
        parts.tryOuts.scaled(service)
        if (tells()) events.record(scaledEvent(order, ref, uid))
        return { decisionId, service, outcome: 'applied' }
      } catch (error) {
        const note = `${workloadKey(ref)}: ${messageOf(error)}`
        const uid = view.workload(ref)?.uid
        const about = { ref, action: 'Scale', note }
        if (uid && tells()) events.record({ ...about, uid, type: 'Warning', reason: 'ScaleFailed' })
        return isLost(error) ? { ...failed(order, note), isUnanswered: true } : failed(order, note)
      }
    },
    released: (orders) => released(parts, orders),
    releaseLimitMs: () => parts.settings().releaseWaitMs,
    announce: (fence, atOnce) => announce(parts, [...workloads()], fence, atOnce),
    health: () => healthOf(view, [...workloads().values()], parts.tryOuts.faults()),
    async close() {
      parts.tryOuts.stop()
      await sampling?.stop()
      view.stop()
      await events.idle()
      await api.close()
    },
  }
}

const writeOf = ({ api, deps, settings }: Parts): WriteDeps => ({
  ...{ api, nowMs: deps.clock.nowMs },
  deadlineMs: settings().deadlineMs,
})

/** undefined: it is not there, or was not seen for too long. */
function observedOf(
  { deps, settings, view, holds, handOvers, carrierLagMs }: Parts,
  service: ServiceId,
  ref: WorkloadRef,
): ObservedReplicas | undefined {
  const brokenMs = view.brokenSinceMs(ref)
  const seen = view.workload(ref)
  const isUnseen =
    brokenMs !== undefined && deps.clock.nowMs() - brokenMs > settings().unseenAfterMs
  if (!seen || isUnseen) return undefined
  const others = view.others(ref)
  const conflict = holds.follow({ service, ref, view: seen, others })
  const { decision } = seen.marks
  return {
    requested: handOvers.requested(service, seen.replicas, deps.clock.nowMs()),
    ...view.counts(ref),
    recentStartupsMs: view.startupsMs(ref),
    lastDecisionId: decision?.to === seen.replicas ? decision.decision : undefined,
    ...(carrierOf(others) === undefined ? {} : { carrierLagMs: carrierLagMs() }),
    ...(conflict ? { conflict } : {}),
  }
}

async function scale(parts: Parts, ref: WorkloadRef, order: ScaleOrder): Promise<WorkloadView> {
  const { view, discovery, holds } = parts
  const { service } = order
  const plural = await discovery.pluralOf(ref)
  const refusal = (now: WorkloadView) => {
    const conflict = holds.conflictIn({ service, ref, view: now, others: view.others(ref) })
    return conflict?.holds ? conflict.detail : undefined
  }
  const seen = view.workload(ref)
  const done = await writeCount(writeOf(parts), { ref, plural, seen, refusal }, order)
  view.put(ref, done)
  holds.carriedOut(service, order.decisionId)
  return done
}

/** What capacity and start-up times are learned from, at the end of each step. */
function startSampling(parts: Parts): Every | undefined {
  const { record, clock, config, log } = parts.deps
  if (!record) return undefined
  return every({
    periodMs: config().stepMs,
    offsetMs: 0,
    clock,
    onSkip: () => {},
    async run(dueMs) {
      const observed = [...workloadsOf(config())].flatMap(([service, ref]) => {
        const one = observedOf(parts, service, ref)
        return one ? samplesOf(service, one, dueMs) : []
      })
      await record(observed).catch((error: unknown) =>
        log.warn({ err: error }, 'replicas of the cluster could not be recorded'),
      )
    },
  })
}

/** Seen in the watches: asking costs the API server nothing. */
async function released(
  { view, deps, settings, refOf }: Parts,
  orders: readonly ScaleOrder[],
): Promise<boolean> {
  const giveUpMs = deps.clock.nowMs() + settings().releaseWaitMs
  const isGone = ({ service, to }: ScaleOrder) => {
    // an autoscaler lets go at its own time, and does not wait for ours either
    if (carrierOf(view.others(refOf(service)!)) !== undefined) return true
    const { ready, starting, terminating } = view.counts(refOf(service)!)
    return ready + starting + terminating <= to
  }
  while (!orders.every(isGone)) {
    if (deps.clock.nowMs() >= giveUpMs) return false
    await sleep(POLL_MS)
  }
  return true
}

async function announce(
  parts: Parts,
  workloads: readonly (readonly [ServiceId, WorkloadRef])[],
  fence: Fence,
  atOnce: number,
): Promise<void> {
  parts.modes.forget()
  const left = workloads.filter(([service]) => parts.modes.of(service) === 'enforce')
  const failures: string[] = []
  const tellOne = async (ref: WorkloadRef) => {
    const plural = await parts.discovery.pluralOf(ref)
    await announceOn(writeOf(parts), { ref, plural }, fence)
  }
  const worker = async () => {
    for (let next = left.pop(); next; next = left.pop()) {
      const [, ref] = next
      // nothing is written on what an autoscaler carries: it knows no fence
      if (carrierOf(parts.view.others(ref)) !== undefined) continue
      await tellOne(ref).catch((error: unknown) =>
        failures.push(`${workloadKey(ref)}: ${messageOf(error)}`),
      )
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  if (failures.length > 0) throw new Error(`not told who leads: ${listOf(failures)}`)
}

function scaledEvent(
  { service, from, to, decisionId }: ScaleOrder,
  ref: WorkloadRef,
  uid: string,
): WorkloadEvent {
  const note = `from ${from} to ${to} replicas, decision ${decisionId}; forescale explain ${service} says why`
  return { ref, uid, type: 'Normal', reason: 'Scaled', action: 'Scale', note }
}

function healthOf(
  view: ClusterView,
  refs: readonly WorkloadRef[],
  refused: readonly string[],
): ActuatorHealth {
  const watches = view.watches()
  const missing = refs.filter((ref) => !view.workload(ref)).map(workloadKey)
  const broken = watches.filter(
    ({ state }) => state.kind === 'following' && state.brokenSinceMs !== undefined,
  )
  const unread = watches.filter(
    ({ state }) => state.kind === 'absent' && state.reason === 'forbidden',
  )
  const faults = [
    ...(missing.length > 0 ? [`not found: ${listOf(missing)}`] : []),
    ...broken.map(({ path }) => `the watch of ${path} is broken`),
    ...unread.map(({ path }) => `may not read ${path}`),
    ...(refused.length > 0 ? [listOf(refused)] : []),
  ]
  return {
    ok: missing.length === 0 && broken.length === 0,
    degraded: unread.length > 0 || refused.length > 0,
    detail:
      faults.length > 0
        ? faults.join('; ')
        : `${refs.length} workloads by ${watches.length} watches`,
  }
}

function listOf(names: readonly string[]): string {
  const rest = names.length - NAMED
  return names.slice(0, NAMED).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}

const isLost = (error: unknown): boolean => !(error instanceof Refused) && mayBeDone(error)

function failed({ decisionId, service }: ScaleOrder, detail: string): ScaleResult {
  return { decisionId, service, outcome: 'failed', detail }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
