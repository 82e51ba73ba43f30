/** What chance decides in the request simulator: gaps between arrivals, service and start-up times. */
import type { ServiceTime } from '../scenario.ts'

/** Of mean 1. */
export const exponential = (random: () => number): number => -Math.log(1 - random())

/** Standard normal; Box and Muller (1958) give two at a time. */
export function normals(random: () => number): () => number {
  let spare = 0
  let hasSpare = false
  return () => {
    if (hasSpare) {
      hasSpare = false
      return spare
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random()))
    const angle = 2 * Math.PI * random()
    spare = radius * Math.sin(angle)
    hasSpare = true
    return radius * Math.cos(angle)
  }
}

/** Log-normal of mean 1 and standard deviation `cv`. */
export function lognormal(cv: number, random: () => number): () => number {
  if (cv === 0) return () => 1
  const normal = normals(random)
  const variance = Math.log(1 + cv * cv)
  const sigma = Math.sqrt(variance)
  return () => Math.exp(sigma * normal() - variance / 2)
}

/** Service times, ms. */
export function serviceTimesMs(
  { distribution, meanSeconds, cv }: ServiceTime,
  random: () => number,
): () => number {
  const meanMs = meanSeconds * 1000
  if (distribution === 'exponential') return () => meanMs * exponential(random)
  if (distribution === 'deterministic') return () => meanMs
  const unit = lognormal(cv, random)
  return () => meanMs * unit()
}
