/**
 * What will happen, in order of time: a heap of numbers with four children a node (Johnson 1975: fewer levels, and
 * siblings lie side by side). An event is a time, a kind with whom it is of, and a stamp that says whether it still holds.
 */

export const SERVED = 1
export const TIMEOUT = 2
export const RETRY = 3
export const QUEUE_TIMEOUT = 4
export const READY = 5
export const CRASH = 6
export const DRAIN_END = 7
export const EVICTION = 8
const KIND_BITS = 4
const KINDS = 1 << KIND_BITS

export interface Events {
  size: number
  /** The first event has been taken: the next one pushed may have its room. */
  isTaken: boolean
  times: Float64Array
  codes: Int32Array
  stamps: Int32Array
}

export const kindOf = (code: number): number => code & (KINDS - 1)
export const subjectOf = (code: number): number => code >>> KIND_BITS

export function createEvents(): Events {
  const room = 64
  return {
    ...{ size: 0, isTaken: false },
    // of an empty calendar that nothing was ever taken from, the first never happens
    times: new Float64Array(room).fill(Number.POSITIVE_INFINITY),
    codes: new Int32Array(room),
    stamps: new Int32Array(room),
  }
}

/** `subject`: index of a service, request or replica, whichever the kind is of. */
export function pushEvent(
  events: Events,
  time: number,
  kind: number,
  subject: number,
  stamp: number,
): void {
  if (events.isTaken) {
    // one event leads to the next: one way through the heap instead of two
    events.isTaken = false
    sink(events, time, (subject << KIND_BITS) | kind, stamp)
    return
  }
  if (events.size === events.times.length) grow(events)
  const { times, codes, stamps } = events
  let at = events.size++
  while (at > 0) {
    const parent = (at - 1) >> 2
    if (times[parent]! <= time) break
    times[at] = times[parent]!
    codes[at] = codes[parent]!
    stamps[at] = stamps[parent]!
    at = parent
  }
  times[at] = time
  codes[at] = (subject << KIND_BITS) | kind
  stamps[at] = stamp
}

/** The first event, at index 0, is over; `firstMs` must be asked for before the next is looked at. */
export function takeEvent(events: Events): void {
  events.isTaken = true
}

/** When the first event happens; infinite when there is none. */
export function firstMs(events: Events): number {
  if (events.isTaken) {
    events.isTaken = false
    const last = --events.size
    const { times, codes, stamps } = events
    if (last > 0) sink(events, times[last]!, codes[last]!, stamps[last]!)
  }
  return events.size > 0 ? events.times[0]! : Number.POSITIVE_INFINITY
}

/** The first event happens again at a later time. */
export function postponeEvent(events: Events, time: number): void {
  if (events.size === 1) events.times[0] = time
  else sink(events, time, events.codes[0]!, events.stamps[0]!)
}

function sink(events: Events, time: number, code: number, stamp: number): void {
  const { times, codes, stamps, size } = events
  let at = 0
  for (;;) {
    const first = 4 * at + 1
    if (first >= size) break
    const end = first + 4 < size ? first + 4 : size
    let least = first
    let leastTime = times[first]!
    for (let child = first + 1; child < end; child++) {
      const childTime = times[child]!
      if (childTime < leastTime) {
        least = child
        leastTime = childTime
      }
    }
    if (leastTime >= time) break
    times[at] = leastTime
    codes[at] = codes[least]!
    stamps[at] = stamps[least]!
    at = least
  }
  times[at] = time
  codes[at] = code
  stamps[at] = stamp
}

function grow(events: Events): void {
  const room = 2 * events.times.length
  const { times, codes, stamps } = events
  events.times = new Float64Array(room)
  events.times.set(times)
  events.codes = new Int32Array(room)
  events.codes.set(codes)
  events.stamps = new Int32Array(room)
  events.stamps.set(stamps)
}
