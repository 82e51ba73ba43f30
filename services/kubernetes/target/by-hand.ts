/**
 * What a person does to workloads that Forescale scales: tries whether it may be done, acknowledges another's count, and
 * takes Forescale off them again, as it found them.
 */

import { type ClusterApi, hasStatus } from '../api.ts'
import type { WorkloadRef } from '../workload.ts'
import { createDiscovery } from './discovery.ts'
import { dryRun } from './dry-run.ts'
import { LAST_DECISION, OWN_ANNOTATIONS } from './marks.ts'
import type { WorkloadView } from './objects.ts'
import { annotate, putScale, readWorkload, type WriteDeps } from './write.ts'

const DEADLINE_MS = 10_000
const ATTEMPTS = 6

export interface ByHand {
  /** undefined: it could be scaled; else what the server says. Nothing is changed: the server carries it out up to storing it. */
  tryOut(ref: WorkloadRef): Promise<string | undefined>
  /** The count that is there is the one to go on from, whoever set it. False: nothing of ours was there. */
  acknowledge(ref: WorkloadRef): Promise<boolean>
  /** What we wrote is taken off; with `restore` the count is put back to what we found. */
  release(ref: WorkloadRef, restore: boolean): Promise<Released>
}

export interface Released {
  /** Whether there was anything of ours. */
  readonly wasOurs: boolean
  /** Before and after; the same where the count was left. */
  readonly from: number
  readonly to: number
}

export function createByHand(api: Pick<ClusterApi, 'request'>): ByHand {
  const deps: WriteDeps = { api, deadlineMs: DEADLINE_MS, nowMs: Date.now }
  const discovery = createDiscovery(api)
  const targetOf = async (ref: WorkloadRef) => ({ ref, plural: await discovery.pluralOf(ref) })
  const cleared = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, null]))

  return {
    async tryOut(ref) {
      return (await dryRun(deps, { ref, plural: () => discovery.pluralOf(ref) }))?.why
    },
    async acknowledge(ref) {
      const target = await targetOf(ref)
      return again(async () => {
        const view = await readWorkload(deps, target)
        if (view.annotations[LAST_DECISION] === undefined) return false
        await annotate(deps, target, view.version, cleared([LAST_DECISION]))
        return true
      })
    },
    async release(ref, restore) {
      const target = await targetOf(ref)
      let first: WorkloadView | undefined
      return again(async () => {
        let view = await readWorkload(deps, target)
        first ??= view
        const ours = OWN_ANNOTATIONS.filter((name) => view.annotations[name] !== undefined)
        const found = first.marks.decision?.found
        if (restore && found !== undefined && found !== view.replicas)
          view = await putScale(deps, target, view, found)
        if (ours.length > 0) await annotate(deps, target, view.version, cleared(ours))
        return { wasOurs: ours.length > 0, from: first.replicas, to: view.replicas }
      })
    },
  }
}

/** Others change objects all the time: what meets a conflict looks again. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= ATTEMPTS || !hasStatus(error, 409)) throw error
    }
  }
}
