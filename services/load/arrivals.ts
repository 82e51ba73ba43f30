/**
 * Arrivals of an open-loop load: an inhomogeneous Poisson process by thinning (Lewis and Shedler 1979). Time is cut
 * into slots of one second, each with its own stream of chance named by (seed, service, stream, slot): a pure function
 * of its arguments, so that a generator that was restarted goes on with the very same arrivals, and a spike adds
 * arrivals of its own without moving the others.
 */
import assert from 'node:assert/strict'
import { seededRandom } from '../../datasets/random.ts'

export const SLOT_MS = 1000

export interface ArrivalInput {
  readonly seed: number
  readonly service: string
  /** 'base', or the name of what is added to it. */
  readonly stream: string
  /** Slot k covers [k·SLOT_MS, (k+1)·SLOT_MS) since the epoch. */
  readonly slot: number
  /** Requests/s at a time since the epoch, ms. Never above `mostRps`. */
  readonly rateAtMs: (sinceEpochMs: number) => number
  readonly mostRps: number
}

/** Send times within the slot, ms since the epoch, ascending. */
export function arrivalsInSlot(input: ArrivalInput): number[] {
  const { seed, service, stream, slot, rateAtMs, mostRps } = input
  const random = seededRandom('arrivals', seed, service, stream, slot)
  const fromMs = slot * SLOT_MS
  const meanGapMs = 1000 / mostRps
  const times: number[] = []
  if (mostRps <= 0) return times
  for (let at = fromMs; ; ) {
    at -= meanGapMs * Math.log(1 - random())
    if (at >= fromMs + SLOT_MS) return times
    const rate = rateAtMs(at)
    assert(rate <= mostRps * (1 + 1e-9), `rate ${rate} is above its bound ${mostRps}`)
    if (random() * mostRps < rate) times.push(at)
  }
}
