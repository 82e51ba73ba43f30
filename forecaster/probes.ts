/**
 * The steps ahead at which a forecaster watches itself: every one near by, ever sparser further on (each about twice
 * as far as the one before). Between two probes what was learned is joined by straight lines. What was forecast for a
 * probe is remembered until the load of that step comes; far probes are issued every few steps only, so that a
 * forecaster's memory does not grow with its horizon.
 */

/** Most forecasts that wait for one probe's load. */
const MOST_WAITING = 64

/** Ascending, from 0 to `horizonSteps` − 1. */
export function probesOf(horizonSteps: number): number[] {
  const probes: number[] = []
  for (let probe = 0; probe < horizonSteps - 1; probe = 2 * probe + 1) {
    // the last one before the end goes when the end is hardly further
    if (probe === 0 || probe < 0.75 * (horizonSteps - 1)) probes.push(probe)
  }
  probes.push(horizonSteps - 1)
  return probes
}

/** How many steps of the horizon each probe stands for; sums to the horizon. */
export function probeWeights(probes: readonly number[]): number[] {
  return probes.map((probe, j) => {
    const before = j === 0 ? -1 : probes[j - 1]!
    const after = probes[j + 1] ?? probe + 1
    return (after - before) / 2
  })
}

/** A forecast for this probe is remembered every so many steps. */
export function strideOf(probe: number): number {
  return Math.max(1, Math.floor(probe / MOST_WAITING))
}

/** Place of step `k` between two probes: index of the left one, and how far towards the next (0 … 1). */
export interface Place {
  readonly left: number
  readonly share: number
}

const placesOf = new Map<number, readonly Place[]>()

/** Places of the steps 0 … `horizonSteps` − 1 among `probesOf(horizonSteps)`. */
export function placesIn(horizonSteps: number): readonly Place[] {
  let places = placesOf.get(horizonSteps)
  if (!places) {
    const probes = probesOf(horizonSteps)
    let left = 0
    places = Array.from({ length: horizonSteps }, (_, k) => {
      while (left < probes.length - 2 && probes[left + 1]! <= k) left++
      const span = (probes[left + 1] ?? probes[left]!) - probes[left]!
      return { left, share: span === 0 ? 0 : (k - probes[left]!) / span }
    })
    placesOf.set(horizonSteps, places)
  }
  return places
}
