/** When requests from outside come, ms since the start of the run: drawn from a load, or as they are listed. */
import { type Drawn, draw, drawnBy } from './chance.ts'
import { exponentialsBy } from './exponentials.ts'

/**
 * A Poisson process whose rate is `load` requests/s, constant over each step of `stepMs`; infinite from the load's end on.
 * Exact: one exponential amount of expected arrivals is used up to the next one, over as many steps as it takes (Çinlar
 * 1975, section 4.7).
 */
export function poissonArrivals(
  load: ArrayLike<number>,
  stepMs: number,
  random: () => number,
): Drawn {
  const amounts = drawnBy(exponentialsBy(random))
  let step = -1
  let nowMs = 0
  let endMs = 0
  let perMs = 0
  return drawnBy((values) => {
    for (let i = 0; i < values.length; i++) {
      let needed = draw(amounts)
      while (step < load.length) {
        const left = perMs * (endMs - nowMs)
        if (needed < left) break
        needed -= left
        nowMs = endMs
        endMs = (++step + 1) * stepMs
        perMs = (load[step] ?? 0) / 1000
      }
      nowMs = step < load.length ? nowMs + needed / perMs : Number.POSITIVE_INFINITY
      values[i] = nowMs
    }
  })
}

/** Throws where times are not finite, negative or not ascending. */
export function listedArrivals(times: ArrayLike<number>, service: string): Drawn {
  for (let i = 0; i < times.length; i++) {
    const least = i === 0 ? 0 : times[i - 1]!
    if (!(times[i]! >= least && times[i]! < Number.POSITIVE_INFINITY))
      throw new RangeError(
        `arrival ${i} of service ${service}: ${times[i]} ms, must be finite and at least ${least}`,
      )
  }
  let at = 0
  return drawnBy((values) => {
    for (let i = 0; i < values.length; i++) values[i] = times[at++] ?? Number.POSITIVE_INFINITY
  })
}
