/**
 * Kubernetes Events on workloads, so that `kubectl describe` tells what Forescale did and why it does not: the same again
 * is counted on the one that there is, and of one workload only so many are made that nothing floods. Nobody waits for
 * them, and one that cannot be written fails nothing.
 */

import type { ClusterApi } from '../api.ts'
import type { WorkloadRef } from '../workload.ts'

const CONTROLLER = 'forescale.dev/controller'
const LONGEST_NOTE = 1024
/** The same within so long is one event that is counted. */
const SERIES_MS = 6 * 60_000
/** client-go's spam filter: so many at once of one object, then one in so long. */
const BURST = 25
const REFILL_MS = 5 * 60_000
/** Workloads that are remembered. */
const KEPT_SERIES = 5000
const DEADLINE_MS = 5000

export type EventReason =
  | 'Scaled'
  | 'ScaleFailed'
  | 'ScalingHeld'
  | 'ScalingResumed'
  | 'SettingsRefused'

export interface WorkloadEvent {
  readonly ref: WorkloadRef
  readonly uid: string
  readonly type: 'Normal' | 'Warning'
  readonly reason: EventReason
  /** What was attempted: Scale. */
  readonly action: string
  readonly note: string
}

export interface EventRecorder {
  record(event: WorkloadEvent): void
  /** Resolves when what was recorded is written, or has failed. */
  idle(): Promise<void>
  /** Events that were not written: too many, or refused. */
  dropped(): number
}

interface Series {
  readonly path: string
  readonly firstMs: number
  count: number
}

export interface EventDeps {
  readonly api: Pick<ClusterApi, 'request'>
  /** Which of several controllers. */
  readonly instance: string
  readonly nowMs: () => number
  readonly onError: (error: unknown) => void
}

export function createEventRecorder({ api, instance, nowMs, onError }: EventDeps): EventRecorder {
  const seriesByKey = new Map<string, Series>()
  const allowed = createAllowance(nowMs)
  let queue: Promise<void> = Promise.resolve()
  let dropped = 0
  let serial = 0

  async function create(event: WorkloadEvent, key: string, atMs: number): Promise<void> {
    if (!allowed(event.uid)) {
      dropped++
      return
    }
    const { namespace } = event.ref
    const name = `${event.ref.name.slice(0, 200)}.${atMs.toString(16)}${(serial++).toString(16)}`
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`
    await api.request('POST', path, {
      body: bodyOf(event, name, instance, atMs),
      deadlineMs: DEADLINE_MS,
    })
    seriesByKey.delete(key)
    seriesByKey.set(key, { path: `${path}/${name}`, firstMs: atMs, count: 1 })
    for (const oldest of seriesByKey.keys()) {
      if (seriesByKey.size <= KEPT_SERIES) break
      seriesByKey.delete(oldest)
    }
  }

  async function write(event: WorkloadEvent): Promise<void> {
    const atMs = nowMs()
    const key = `${event.uid}/${event.reason}/${event.note}`
    const known = seriesByKey.get(key)
    if (!known || atMs - known.firstMs > SERIES_MS) return create(event, key, atMs)
    known.count++
    const series = { count: known.count, lastObservedTime: microTime(atMs) }
    await api.request('PATCH', known.path, {
      body: { series },
      contentType: 'application/merge-patch+json',
      deadlineMs: DEADLINE_MS,
    })
  }

  return {
    record(event) {
      queue = queue
        .then(() => write(event))
        .catch((error: unknown) => {
          dropped++
          onError(error)
        })
    },
    idle: () => queue,
    dropped: () => dropped,
  }
}

function bodyOf(event: WorkloadEvent, name: string, instance: string, atMs: number): unknown {
  const { ref, uid, type, reason, action, note } = event
  const { apiVersion, kind, namespace } = ref
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace },
    eventTime: microTime(atMs),
    reportingController: CONTROLLER,
    reportingInstance: instance,
    ...{ type, reason, action },
    note: note.length > LONGEST_NOTE ? `${note.slice(0, LONGEST_NOTE - 1)}…` : note,
    regarding: { apiVersion, kind, namespace, name: ref.name, uid },
  }
}

const microTime = (atMs: number): string => new Date(atMs).toISOString().replace('Z', '000Z')

/** A token bucket an object. */
function createAllowance(nowMs: () => number): (uid: string) => boolean {
  const buckets = new Map<string, { tokens: number; atMs: number }>()
  return (uid) => {
    const atMs = nowMs()
    const bucket = buckets.get(uid) ?? { tokens: BURST, atMs }
    const tokens = Math.min(BURST, bucket.tokens + (atMs - bucket.atMs) / REFILL_MS)
    const isAllowed = tokens >= 1
    buckets.set(uid, { tokens: isAllowed ? tokens - 1 : tokens, atMs })
    for (const [oldest] of buckets) {
      if (buckets.size <= KEPT_SERIES) break
      buckets.delete(oldest)
    }
    return isAllowed
  }
}
