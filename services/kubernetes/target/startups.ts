/**
 * How long pods take from being asked for to serving, measured: from their creation to Ready, so that waiting for a node is
 * in it, as it is in what a decision has to wait for. What was watched counts; before anything was, what the pods that are
 * there tell of themselves. Pure but for what it remembers.
 */
import type { PodView } from './objects.ts'

const KEPT = 20
/** The API server remembers times by the second. */
const RESOLUTION_MS = 1000

export interface StartupBook {
  /** A pod as it was and as it is; `isHistory`: it was there before anybody watched. */
  follow(before: PodView | undefined, next: PodView | undefined, isHistory: boolean): void
  /** ms, oldest first; empty: nothing is known. */
  recent(owner: string): readonly number[]
}

interface Measured {
  readonly watched: number[]
  readonly history: number[]
}

export function createStartupBook(): StartupBook {
  const byOwner = new Map<string, Measured>()
  /** Pods that have been ready before: becoming so again is no start. */
  const settled = new Set<string>()

  function note({ owner, changedMs, createdMs }: PodView, kind: keyof Measured): void {
    if (changedMs === undefined || changedMs < createdMs) return
    const measured = byOwner.get(owner) ?? { watched: [], history: [] }
    byOwner.set(owner, measured)
    measured[kind].push(changedMs - createdMs)
    if (measured[kind].length > KEPT) measured[kind].shift()
  }

  return {
    follow(before, next, isHistory) {
      if (before && before.uid !== next?.uid) settled.delete(before.uid)
      if (!next || settled.has(next.uid)) return
      if (next.state !== 'ready' && !wasReady(next)) return
      settled.add(next.uid)
      const kind = isHistory ? 'history' : 'watched'
      if (next.state === 'ready' && (kind === 'watched' || next.restarts === 0)) note(next, kind)
    },
    recent(owner) {
      const measured = byOwner.get(owner)
      if (!measured) return []
      if (measured.watched.length > 0) return [...measured.watched]
      // a pod that lost readiness for a while says too much; the median of many does not
      const sorted = [...measured.history].sort((a, b) => a - b)
      return sorted.length > 0 ? [sorted[Math.floor((sorted.length - 1) / 2)]!] : []
    },
  }
}

/** Not ready since later than its start: it has been ready in between. */
function wasReady({ changedMs, startedMs, createdMs }: PodView): boolean {
  return changedMs !== undefined && changedMs > (startedMs ?? createdMs) + RESOLUTION_MS
}
