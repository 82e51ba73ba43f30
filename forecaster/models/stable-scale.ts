/**
 * The scale on which a load's noise is about even, whatever its level: the square root where variance grows with the
 * mean, as for counts of independent requests; log(1 + y/unit) where the deviation does, as when users come in crowds.
 * Taylor's power law (1961), variance = a·mean^b over stretches of the history, tells which: b nearer 2 than 1.
 */
import { z } from 'zod'
import { clampToPath } from '../plain-data.ts'
import { mean, median } from './seasonal-profile.ts'

export const StoredScale = z.strictObject({
  kind: z.enum(['root', 'log']),
  unit: z.number().positive(),
})
export interface StableScale {
  readonly kind: 'root' | 'log'
  /** What counts as small on the logarithmic scale, in the load's unit. */
  readonly unit: number
}

const STRETCHES = 24
const LEAST_STRETCHES = 8
const LEAST_SPREAD = 0.5
const UNIT_SHARE = 0.1

export function toScale({ kind, unit }: StableScale, value: number): number {
  return kind === 'root' ? Math.sqrt(value) : Math.log1p(value / unit)
}

/** Back to a load that a path may hold. */
export function fromScale({ kind, unit }: StableScale, scaled: number): number {
  if (!(scaled > 0)) return clampToPath(scaled)
  return clampToPath(kind === 'root' ? scaled * scaled : unit * Math.expm1(scaled))
}

/** `values` are usable or NaN. */
export function chooseScale(values: Float64Array): StableScale {
  const root: StableScale = { kind: 'root', unit: 1 }
  const size = Math.floor(values.length / STRETCHES)
  if (size < 4) return root
  const means: number[] = []
  const spreads: number[] = []
  for (let s = 0; s < STRETCHES; s++) {
    const part = values.subarray(s * size, (s + 1) * size).filter((v) => !Number.isNaN(v))
    const steps = part.subarray(1).map((v, i) => Math.abs(v - part[i]!))
    const level = mean(part)
    const spread = median(steps)
    if (!(level > 0 && spread > 0)) continue
    means.push(Math.log(level))
    spreads.push(Math.log(spread))
  }
  const level = mean(values.filter((v) => !Number.isNaN(v)))
  // twice the slope of log deviation over log mean is the exponent b; below 1.5 the root is nearer
  return slopeOf(means, spreads) > 0.75 ? { kind: 'log', unit: UNIT_SHARE * level } : root
}

/** Of least squares; 0 where levels hardly differ. */
function slopeOf(x: readonly number[], y: readonly number[]): number {
  if (x.length < LEAST_STRETCHES) return 0
  if (Math.max(...x) - Math.min(...x) < LEAST_SPREAD) return 0
  const xMean = mean(Float64Array.from(x))
  const yMean = mean(Float64Array.from(y))
  let xy = 0
  let xx = 0
  for (let i = 0; i < x.length; i++) {
    xy += (x[i]! - xMean) * (y[i]! - yMean)
    xx += (x[i]! - xMean) ** 2
  }
  return xy / xx
}
