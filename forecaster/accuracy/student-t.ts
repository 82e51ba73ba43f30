/**
 * Student's t distribution: the upper tail by the regularised incomplete beta function, which is evaluated by its
 * continued fraction (NIST Digital Library of Mathematical Functions, §8.17.22) with the modified Lentz method
 * (Thompson & Barnett 1986); ln Γ by Lanczos' approximation (1964, g = 7, nine terms).
 */
const LANCZOS_G = 7
const LANCZOS = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406,
  12.507343278686905, -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
]
const MOST_TERMS = 1000
const ENOUGH = 1e-15
const TINY = 1e-300

/** P(T ≥ t) for T with `freedom` > 0 degrees of freedom. */
export function studentUpperTail(t: number, freedom: number): number {
  const both = incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
  return t >= 0 ? both / 2 : 1 - both / 2
}

/** I_x(a, b) for 0 ≤ x ≤ 1, a > 0, b > 0. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(
    lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  )
  // the fraction converges fast on this side only
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(1 - x, b, a)) / b
}

function betaFraction(x: number, a: number, b: number): number {
  const apart = (value: number): number => (Math.abs(value) < TINY ? TINY : value)
  let c = 1
  let d = 1 / apart(1 - ((a + b) * x) / (a + 1))
  let fraction = d
  for (let m = 1; m <= MOST_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / apart(1 + even * d)
    c = apart(1 + even / c)
    fraction *= d * c
    d = 1 / apart(1 + odd * d)
    c = apart(1 + odd / c)
    const change = d * c
    fraction *= change
    if (Math.abs(change - 1) < ENOUGH) break
  }
  return fraction
}

function lnGamma(z: number): number {
  if (z < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * z)) - lnGamma(1 - z)
  const x = z - 1
  let sum = LANCZOS[0]!
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (x + i)
  const t = x + LANCZOS_G + 0.5
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(sum)
}
