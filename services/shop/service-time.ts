/**
 * Service times of one replica: log-normal with a given mean and coefficient of variation,
 * exp(μ + σ·Z) with σ² = ln(1 + cv²), μ = ln(mean) − σ²/2, Z by Box and Muller (1958). Seeded.
 */

/** Returns a source of service times, ms. */
export function lognormalServiceMs(meanMs: number, cv: number, random: () => number): () => number {
  const variance = Math.log(1 + cv * cv)
  const sigma = Math.sqrt(variance)
  const mu = Math.log(meanMs) - variance / 2
  return () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()))
    return Math.exp(mu + sigma * radius * Math.cos(2 * Math.PI * random()))
  }
}
