/**
 * Writes what became of them to the status of ScalingPolicies and Budgets, and faults of annotations as Events of the
 * workload. Only what has changed is written, only by the controller that leads, and only while it is permitted: a refusal is said
 * once and ends it for that kind. Workloads are not touched.
 */
import { isDeepStrictEqual } from 'node:util'
import { type ClusterApi, hasStatus } from '../api.ts'
import { API_VERSION, BUDGETS, POLICIES } from '../crds/definitions.ts'
import { createEventRecorder, type WorkloadEvent } from '../target/events.ts'
import { WorkloadRef } from '../workload.ts'
import type { Overlay } from './overlay.ts'
import { keyOf } from './reports.ts'
import { faultText, type ObjectRef, type SettingFault } from './seen.ts'
import { budgetStatus, type Decided, policyStatus } from './status.ts'
import type { SeenNow } from './watch.ts'

const MERGE_PATCH = 'application/merge-patch+json'
const INSTANCE = 'settings'
/** Faults of workloads that were told, of the newest so many. */
const KEPT_EVENTS = 5000

export interface Decisions extends Decided {
  /** Whether this controller leads: a follower writes nothing. */
  readonly leads: boolean
}

export interface StatusWriter {
  start(decisions: () => Decisions): void
  /** What is there now; while a write is under way the newest waits. */
  write(seen: SeenNow, laid: Overlay): void
  idle(): Promise<void>
}

export interface StatusWriterDeps {
  readonly api: Pick<ClusterApi, 'request'>
  readonly nowMs: () => number
  readonly enabled: boolean
  readonly log: { warn(fields: object, message: string): void }
}

export function createStatusWriter(deps: StatusWriterDeps): StatusWriter {
  const { api, nowMs, log } = deps
  let decisions: (() => Decisions) | undefined
  let next: { readonly seen: SeenNow; readonly laid: Overlay } | undefined
  let running: Promise<void> | undefined
  const written = new Map<string, unknown>()
  const forbidden = new Set<string>()
  const events = createEventRecorder({
    ...{ api, nowMs, instance: INSTANCE },
    onError: (error) => refusedOnce('events', error),
  })
  const tell = onceEach(events.record)

  function refusedOnce(what: string, error: unknown): void {
    if (hasStatus(error, 404)) return // it has just gone
    if (!hasStatus(error, 403)) log.warn({ err: error, what }, 'a status was not written')
    else if (!forbidden.has(what)) {
      forbidden.add(what)
      log.warn({ what }, 'what became of settings may not be written there: permission is missing')
    }
  }

  async function patch({ path, plural, key, before, status }: NewStatus): Promise<void> {
    if (isDeepStrictEqual(written.get(key) ?? before, plainOf(status))) return
    const gone = Object.keys(Object(before)).filter((name) => !(name in status))
    const body = { status: { ...status, ...Object.fromEntries(gone.map((name) => [name, null])) } }
    try {
      await api.request('PATCH', `${path}/status`, { body, contentType: MERGE_PATCH })
      written.set(key, plainOf(status))
    } catch (error) {
      refusedOnce(plural, error)
    }
  }

  async function writeAll({ seen, laid }: NonNullable<typeof next>): Promise<void> {
    const now = decisions?.()
    if (!now?.leads) return
    const statuses = statusesOf(laid, seen, now, nowMs())
    for (const one of statuses.filter(({ plural }) => !forbidden.has(plural))) await patch(one)
    const workloads = laid.reports.filter(({ object }) => object.kind in WORKLOADS)
    if (!forbidden.has('events')) for (const { object, faults } of workloads) tell(object, faults)
    keepOnly(written, new Set(statuses.map(({ key }) => key)))
  }

  async function run(): Promise<void> {
    while (next) {
      const now = next
      next = undefined
      await writeAll(now)
    }
  }

  return {
    start(ask) {
      decisions = ask
    },
    write(seen, laid) {
      if (!deps.enabled || !decisions) return
      next = { seen, laid }
      running ??= run().finally(() => {
        running = undefined
      })
    },
    async idle() {
      await running
      await events.idle()
    },
  }
}

/** As the server gives it back. */
const plainOf = (status: object): unknown => JSON.parse(JSON.stringify(status))

function keepOnly(map: Map<string, unknown>, keys: ReadonlySet<string>): void {
  for (const key of map.keys()) if (!keys.has(key)) map.delete(key)
}

const WORKLOADS = { Deployment: true, StatefulSet: true }

/** Each fault of a workload once, as an Event of it. */
function onceEach(record: (event: WorkloadEvent) => void) {
  const told = new Set<string>()
  return (object: ObjectRef, faults: readonly SettingFault[]): void => {
    const { apiVersion, kind, namespace, name, uid } = object
    const ref = WorkloadRef.parse({ apiVersion, kind, namespace, name })
    for (const fault of faults) {
      const note = faultText(fault)
      if (told.has(`${uid} ${note}`)) continue
      told.add(`${uid} ${note}`)
      const event = { type: 'Warning', reason: 'SettingsRefused', action: 'ReadSettings' } as const
      record({ ...event, ref, uid, note })
    }
    for (const oldest of told) {
      if (told.size <= KEPT_EVENTS) break
      told.delete(oldest)
    }
  }
}

interface NewStatus {
  /** Of the object. */
  readonly path: string
  readonly plural: string
  readonly key: string
  readonly before: unknown
  readonly status: object
}

function statusesOf(laid: Overlay, seen: SeenNow, now: Decisions, nowMs: number): NewStatus[] {
  const policies = new Map(seen.policies.map((one) => [keyOf(one.object), one]))
  const budgets = new Map(seen.budgets.map((one) => [keyOf(one.object), one]))
  return laid.reports.flatMap((report) => {
    const key = keyOf(report.object)
    const { namespace, name } = report.object
    const policy = policies.get(key)
    const budget = budgets.get(key)
    if (policy)
      return {
        ...{ key, plural: POLICIES, before: policy.status },
        path: `/apis/${API_VERSION}/namespaces/${namespace}/${POLICIES}/${name}`,
        status: policyStatus(report, now, policy.status, nowMs),
      }
    if (!budget) return []
    return {
      ...{ key, plural: BUDGETS, before: budget.status },
      path: `/apis/${API_VERSION}/${BUDGETS}/${name}`,
      status: budgetStatus(report, now, isOfAll(budget.spec), budget.status, nowMs),
    }
  })
}

function isOfAll(spec: unknown): boolean {
  const namespaces: unknown = Reflect.get(Object(spec), 'namespaces')
  return !Array.isArray(namespaces) || namespaces.length === 0
}
