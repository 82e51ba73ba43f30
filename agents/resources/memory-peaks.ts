/**
 * The most memory that one replica's container held in each window (a day), and what it would have needed where it was killed
 * for want of it: the greater of what it requested and what it had held, plus a bump. What is killed never shows how much
 * it wanted. Source: kubernetes/autoscaler vertical-pod-autoscaler/pkg/recommender/model/container.go (addMemorySample,
 * RecordOOM), with one difference: a kill counts from the most that was really held, also after an earlier kill.
 */

export interface OomBump {
  /** More by this factor, */
  readonly ratio: number
  /** and by this at least. */
  readonly leastBytes: number
}

export interface Peak {
  /** When its window ends: a peak ages from there. */
  readonly atMs: number
  readonly bytes: number
}

export interface MemoryPeaks {
  /** In the order of time, kills among them. */
  held(atMs: number, bytes: number): void
  /** `requestedBytes` NaN: not known. */
  killed(atMs: number, requestedBytes: number): void
  /** One a window that had any, in the order of time. */
  peaks(): readonly Peak[]
}

/** Windows begin at the first sample. */
export function createMemoryPeaks(windowMs: number, bump: OomBump): MemoryPeaks {
  const peaks: { atMs: number; bytes: number }[] = []
  let heldBytes = 0

  function put(atMs: number, bytes: number): void {
    const last = peaks.at(-1)
    if (last && atMs < last.atMs) {
      last.bytes = Math.max(last.bytes, bytes)
      return
    }
    const endMs = last?.atMs ?? atMs
    peaks.push({ atMs: endMs + (Math.floor((atMs - endMs) / windowMs) + 1) * windowMs, bytes })
  }

  return {
    held(atMs, bytes) {
      const last = peaks.at(-1)
      heldBytes = last && atMs < last.atMs ? Math.max(heldBytes, bytes) : bytes
      put(atMs, bytes)
    },
    killed(atMs, requestedBytes) {
      const known = Number.isNaN(requestedBytes) ? 0 : requestedBytes
      const usedBytes = Math.max(known, heldBytes)
      put(atMs, Math.max(usedBytes + bump.leastBytes, usedBytes * bump.ratio))
    },
    peaks: () => peaks,
  }
}
