/** What belongs to a workload, found by the workload, as watches tell of one object after another. */
import type { ReplicaCounts } from '../../../agents/observation.ts'
import type { PodView, WriterView } from './objects.ts'
import { createStartupBook } from './startups.ts'

/** Pods by their workload. */
export function createPodIndex() {
  const byOwner = new Map<string, Map<string, PodView>>()
  const startups = createStartupBook()
  return {
    follow(
      key: string,
      next: PodView | undefined,
      before: PodView | undefined,
      isHistory: boolean,
    ): void {
      startups.follow(before, next, isHistory)
      if (before && before.owner !== next?.owner) forget(byOwner, before.owner, key)
      if (next) remember(byOwner, next.owner, key, next)
    },
    /** undefined: no pod of it is known. */
    counts(owner: string): Omit<ReplicaCounts, 'requested'> | undefined {
      const pods = byOwner.get(owner)
      if (!pods) return undefined
      const counts = { ready: 0, starting: 0, terminating: 0 }
      for (const { state } of pods.values()) counts[state]++
      return counts
    },
    startupsMs: startups.recent,
  }
}

/** What acts on a workload, by the workload. */
export function createTargetIndex() {
  const byTarget = new Map<string, Map<string, WriterView>>()
  return {
    follow(key: string, next: WriterView | undefined, before: WriterView | undefined): void {
      if (before && before.target !== next?.target) forget(byTarget, before.target, key)
      if (next) remember(byTarget, next.target, key, next)
    },
    of: (target: string): readonly WriterView[] => [...(byTarget.get(target)?.values() ?? [])],
  }
}

function remember<T>(index: Map<string, Map<string, T>>, at: string, key: string, item: T): void {
  const items = index.get(at) ?? new Map<string, T>()
  index.set(at, items)
  items.set(key, item)
}

function forget<T>(index: Map<string, Map<string, T>>, at: string, key: string): void {
  const items = index.get(at)
  items?.delete(key)
  if (items?.size === 0) index.delete(at)
}
