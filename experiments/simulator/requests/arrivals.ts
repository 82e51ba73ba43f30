/** When requests from outside come: drawn from a load, or as they are listed. */
import { exponential } from './chance.ts'

/** Called once for each arrival, in turn: its time, ms since the start of the run; infinite when there is none left. */
export type NextArrival = () => number

/**
 * A Poisson process whose rate is `load` requests/s, constant over each step of `stepMs`. Exact: one exponential amount of
 * expected arrivals is used up to the next one, over as many steps as it takes (Çinlar 1975, section 4.7).
 */
export function poissonArrivals(
  load: ArrayLike<number>,
  stepMs: number,
  random: () => number,
): NextArrival {
  let step = 0
  let nowMs = 0
  return () => {
    let needed = exponential(random)
    for (; step < load.length; step++) {
      const perMs = load[step]! / 1000
      const endMs = (step + 1) * stepMs
      const left = perMs * (endMs - nowMs)
      if (needed < left) {
        nowMs += needed / perMs
        return nowMs
      }
      needed -= left
      nowMs = endMs
    }
    return Number.POSITIVE_INFINITY
  }
}

/** Throws where times are not finite, negative or not ascending. */
export function listedArrivals(times: ArrayLike<number>, service: string): NextArrival {
  for (let i = 0; i < times.length; i++) {
    const least = i === 0 ? 0 : times[i - 1]!
    if (!(times[i]! >= least && times[i]! < Number.POSITIVE_INFINITY))
      throw new RangeError(
        `arrival ${i} of service ${service}: ${times[i]} ms, must be finite and at least ${least}`,
      )
  }
  let at = 0
  return () => times[at++] ?? Number.POSITIVE_INFINITY
}
