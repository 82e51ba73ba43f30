/**
 * What chance decides in the request simulator: gaps between arrivals, service and start-up times. Drawn in batches: the
 * path of a request then reads a number from an array, where a call would allocate it.
 */
import type { ServiceTime } from '../scenario.ts'
import { exponentialsBy } from './exponentials.ts'

const BATCH = 256

export interface Drawn {
  readonly values: Float64Array
  at: number
  /** Writes the next values over the old ones, in order. */
  readonly fill: (values: Float64Array) => void
}

export function drawnBy(fill: (values: Float64Array) => void): Drawn {
  return { values: new Float64Array(BATCH), at: BATCH, fill }
}

export function draw(drawn: Drawn): number {
  if (drawn.at === BATCH) {
    drawn.fill(drawn.values)
    drawn.at = 0
  }
  return drawn.values[drawn.at++]!
}

/** Of mean 1. */
export const exponential = (random: () => number): number => -Math.log(1 - random())

/** Log-normal with this mean and standard deviation ÷ mean; normals by Box and Muller (1958), two at a time. */
export function lognormals(mean: number, cv: number, random: () => number): Drawn {
  if (cv === 0) return drawnBy((values) => values.fill(mean))
  const variance = Math.log(1 + cv * cv)
  const sigma = Math.sqrt(variance)
  const mu = Math.log(mean) - variance / 2
  return drawnBy((values) => {
    for (let i = 0; i < BATCH; i += 2) {
      const radius = sigma * Math.sqrt(-2 * Math.log(1 - random()))
      const angle = 2 * Math.PI * random()
      values[i] = Math.exp(mu + radius * Math.cos(angle))
      values[i + 1] = Math.exp(mu + radius * Math.sin(angle))
    }
  })
}

/** Service times, ms. */
export function serviceTimesMs(
  { distribution, meanSeconds, cv }: ServiceTime,
  random: () => number,
): Drawn {
  const meanMs = meanSeconds * 1000
  if (distribution === 'lognormal') return lognormals(meanMs, cv, random)
  if (distribution === 'deterministic') return drawnBy((values) => values.fill(meanMs))
  const fill = exponentialsBy(random)
  return drawnBy((values) => {
    fill(values)
    for (let i = 0; i < BATCH; i++) values[i]! *= meanMs
  })
}
