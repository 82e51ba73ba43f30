/**
 * One workload is given a count. First the mark (who leads, which decision) with the version of the object that was
 * looked at, then the count by PUT on `scale` with the version that the mark made: whoever wrote in between, a person, an
 * HPA or a newer leader, the API server refuses ours (409), and we look again. So the fence is compared where the write
 * happens, and a lost answer is found out by reading.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Fence, ScaleOrder } from '../../actuators/actuator.ts'
import { type ClusterApi, hasStatus } from '../api.ts'
import { objectPath, scalePath, type WorkloadRef } from '../workload.ts'
import { writerName } from './conflict.ts'
import { annotationsOf, type DecisionMark, FIELD_MANAGER } from './marks.ts'
import { type WorkloadView, workloadView } from './objects.ts'

/** Looks at an object that others keep changing: its status changes with every pod that comes or goes. */
const ATTEMPTS = 6
const PAUSE_MS = 50

const Scale = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  spec: z.object({ replicas: z.int().min(0).default(0) }).prefault({}),
})

export interface WriteDeps {
  readonly api: Pick<ClusterApi, 'request'>
  readonly deadlineMs: number
  readonly nowMs: () => number
}

export interface WriteTarget {
  readonly ref: WorkloadRef
  readonly plural: string
  /** As it was seen last; undefined: it must be read. */
  readonly seen: WorkloadView | undefined
  /** Why it may not be written as it stands; undefined: it may. */
  readonly refusal: (view: WorkloadView) => string | undefined
}

/** The workload is left as it is; the message says why. */
export class Refused extends Error {
  override name = 'Refused'
}

/** What stands there afterwards. Rejects with Refused, or with the API's error. */
export async function writeCount(
  deps: WriteDeps,
  target: WriteTarget,
  order: Omit<ScaleOrder, 'service'>,
): Promise<WorkloadView> {
  let before: WorkloadView | undefined
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await sleep(PAUSE_MS * attempt * (0.5 + Math.random()))
    const view = (attempt === 0 && target.seen) || (await readWorkload(deps, target))
    const done = settle(view, before, target, order)
    if (done) return done
    before ??= view
    try {
      const marked = await mark(deps, target, view, order)
      return await putScale(deps, target, marked, order.to)
    } catch (error) {
      if (!hasStatus(error, 409)) throw error
    }
  }
  throw new Refused(`it changed under every one of ${ATTEMPTS} attempts to scale it`)
}

/** The view when there is nothing left to do; throws Refused when it may not be done. */
function settle(
  view: WorkloadView,
  before: WorkloadView | undefined,
  { refusal }: WriteTarget,
  { decisionId, to, fence }: Omit<ScaleOrder, 'service'>,
): WorkloadView | undefined {
  const newer = newerLeader(view, fence)
  if (newer !== undefined) throw new Refused(`a newer leader acts on it (token ${newer})`)
  if (view.marks.decision?.decision === decisionId && view.replicas === to) return view
  if (before && view.replicas !== before.replicas)
    throw new Refused(
      `${view.writer?.manager ?? 'somebody'} set it to ${view.replicas} at the same time`,
    )
  const why = refusal(view)
  if (why !== undefined) throw new Refused(why)
  return undefined
}

/** The token of a leader after `fence`; undefined: none has acted here. */
export function newerLeader(
  { marks }: Pick<WorkloadView, 'marks'>,
  fence: Fence | undefined,
): number | undefined {
  const known = marks.fence
  return known && fence && known.ledger === fence.ledger && known.token > fence.token
    ? known.token
    : undefined
}

export async function readWorkload(
  { api, deadlineMs }: WriteDeps,
  { ref, plural }: Pick<WriteTarget, 'ref' | 'plural'>,
): Promise<WorkloadView> {
  const view = workloadView(await api.request('GET', objectPath(ref, plural), { deadlineMs }))
  if (!view) throw new Refused(`${ref.kind} ${ref.name} has no count that can be read`)
  return view
}

function mark(
  deps: WriteDeps,
  target: WriteTarget,
  view: WorkloadView,
  { decisionId, to, fence }: Omit<ScaleOrder, 'service'>,
): Promise<WorkloadView> {
  const decision: DecisionMark = {
    decision: decisionId,
    from: view.replicas,
    to,
    at: new Date(deps.nowMs()).toISOString(),
    was: writerName(view.writer),
    found: view.marks.decision?.found ?? view.replicas,
  }
  return annotate(
    deps,
    target,
    view.version,
    annotationsOf({ fence: fence ?? view.marks.fence, decision }),
  )
}

/** A new leader makes itself known: from then on what its predecessors looked at before is no longer the version. */
export async function announceOn(
  deps: WriteDeps,
  target: Pick<WriteTarget, 'ref' | 'plural'>,
  fence: Fence,
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const view = await readWorkload(deps, target)
    const known = view.marks.fence
    if (known?.ledger === fence.ledger && known.token >= fence.token) return
    try {
      await annotate(deps, target, view.version, annotationsOf({ fence, decision: undefined }))
      return
    } catch (error) {
      if (!hasStatus(error, 409)) throw error
    }
  }
  throw new Refused(`it changed under every one of ${ATTEMPTS} attempts to mark it`)
}

/** A merge patch of annotations alone (null: taken off), refused by 409 when the object is no longer `version`. */
export async function annotate(
  { api, deadlineMs }: WriteDeps,
  { ref, plural }: Pick<WriteTarget, 'ref' | 'plural'>,
  version: string,
  annotations: Readonly<Record<string, string | null>>,
  query: Readonly<Record<string, string>> = {},
): Promise<WorkloadView> {
  const patched = await api.request('PATCH', objectPath(ref, plural), {
    body: { metadata: { resourceVersion: version, annotations } },
    contentType: 'application/merge-patch+json',
    query: { fieldManager: FIELD_MANAGER, ...query },
    deadlineMs,
  })
  const view = workloadView(patched)
  if (!view) throw new Refused(`${ref.kind} ${ref.name} has no count that can be read`)
  return view
}

/** The count by the subresource; the answer's version is the object's. */
export async function putScale(
  { api, deadlineMs, nowMs }: WriteDeps,
  { ref, plural }: Pick<WriteTarget, 'ref' | 'plural'>,
  view: WorkloadView,
  replicas: number,
  query: Readonly<Record<string, string>> = {},
): Promise<WorkloadView> {
  const { namespace, name } = ref
  const body = {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, namespace, resourceVersion: view.version },
    spec: { replicas },
  }
  const answer = await api.request('PUT', scalePath(ref, plural), {
    ...{ body, deadlineMs },
    query: { fieldManager: FIELD_MANAGER, ...query },
  })
  const { metadata, spec } = Scale.parse(answer)
  const writer = { manager: FIELD_MANAGER, atMs: nowMs() }
  return { ...view, version: metadata.resourceVersion, replicas: spec.replicas, writer }
}
