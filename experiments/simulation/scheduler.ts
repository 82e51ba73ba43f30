/**
 * Virtual time: one queue of events, one after another, in one thread. Between two events every promise that can go on
 * does so, so that an event and all that follows from it at once is one step. Equal times go in the order in which they
 * were asked for: the same calls give the same run.
 */

interface Entry {
  readonly atMs: number
  readonly order: number
  work: (() => void) | undefined
}

export interface Scheduler {
  nowMs(): number
  /** Runs `work` at that time, never before now; the answer takes it back. */
  at(atMs: number, work: () => void): () => void
  /** Runs until nothing is due by `untilMs`, or `isOver`. */
  run(untilMs: number, isOver: () => boolean): Promise<void>
  /** Events run so far. */
  events(): number
}

export function createScheduler(startMs: number): Scheduler {
  const heap: Entry[] = []
  let nowMs = startMs
  let order = 0
  let events = 0

  function push(entry: Entry): void {
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(entry, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = entry
  }

  function pop(): Entry {
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length > 0) sink(heap, last)
    return first
  }

  return {
    nowMs: () => nowMs,
    events: () => events,
    at(atMs, work) {
      const entry: Entry = { atMs: Math.max(atMs, nowMs), order: order++, work }
      push(entry)
      return () => {
        entry.work = undefined
      }
    },
    async run(untilMs, isOver) {
      while (heap.length > 0 && heap[0]!.atMs <= untilMs && !isOver()) {
        const { atMs, work } = pop()
        if (!work) continue
        nowMs = atMs
        events++
        work()
        await new Promise(setImmediate)
      }
      if (!isOver()) nowMs = Math.max(nowMs, untilMs)
    },
  }
}

const isBefore = (a: Entry, b: Entry): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

/** Puts `entry` where the first of the heap was taken away. */
function sink(heap: Entry[], entry: Entry): void {
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
    if (!isBefore(heap[child]!, entry)) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = entry
}
