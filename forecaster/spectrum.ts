/**
 * Autocovariance and power of a series by the fast Fourier transform (Cooley & Tukey 1965, radix 2; the
 * autocovariance is the transform of the power, Wiener–Khinchin), so that twenty thousand steps cost milliseconds.
 */

export interface Spectrum {
  /** Autocovariance at lags 0 … `lags`, each divided by the length of the series. */
  readonly covariance: Float64Array
  /** Power at the frequencies i / `size` a step, i = 0 … size/2. */
  readonly power: Float64Array
  readonly size: number
}

/** `values` are finite; their mean is not taken out. */
export function spectrumOf(values: Float64Array, lags: number): Spectrum {
  let size = 2
  while (size < values.length + lags + 1) size *= 2
  const real = new Float64Array(size)
  const imaginary = new Float64Array(size)
  real.set(values)
  const circle = circleOf(size)
  transform(real, imaginary, circle)
  for (let i = 0; i < size; i++) {
    real[i] = real[i]! * real[i]! + imaginary[i]! * imaginary[i]!
    imaginary[i] = 0
  }
  const power = real.slice(0, size / 2 + 1)
  transform(real, imaginary, circle)
  const covariance = new Float64Array(lags + 1)
  for (let lag = 0; lag <= lags; lag++) covariance[lag] = real[lag]! / size / values.length
  return { covariance, power, size }
}

interface Circle {
  readonly cosines: Float64Array
  readonly sines: Float64Array
}

/** exp(−2πi·k/size), k = 0 … size/2 − 1. */
export function circleOf(size: number): Circle {
  const cosines = new Float64Array(size / 2)
  const sines = new Float64Array(size / 2)
  for (let k = 0; k < size / 2; k++) {
    cosines[k] = Math.cos((2 * Math.PI * k) / size)
    sines[k] = -Math.sin((2 * Math.PI * k) / size)
  }
  return { cosines, sines }
}

/** In place; the length is a power of two, and `circle` that of this length. */
export function transform(
  real: Float64Array,
  imaginary: Float64Array,
  { cosines, sines }: Circle,
): void {
  const size = real.length
  reverseBits(real, imaginary)
  for (let half = 1; half < size; half *= 2) {
    const stride = size / (2 * half)
    for (let from = 0; from < size; from += 2 * half) {
      for (let i = 0; i < half; i++) {
        const a = from + i
        const b = a + half
        const c = cosines[i * stride]!
        const s = sines[i * stride]!
        const re = real[b]! * c - imaginary[b]! * s
        const im = real[b]! * s + imaginary[b]! * c
        real[b] = real[a]! - re
        imaginary[b] = imaginary[a]! - im
        real[a]! += re
        imaginary[a]! += im
      }
    }
  }
}

function reverseBits(real: Float64Array, imaginary: Float64Array): void {
  const size = real.length
  let j = 0
  for (let i = 1; i < size; i++) {
    let bit = size >> 1
    for (; j & bit; bit >>= 1) j ^= bit
    j ^= bit
    if (i < j) {
      const re = real[i]!
      const im = imaginary[i]!
      real[i] = real[j]!
      imaginary[i] = imaginary[j]!
      real[j] = re
      imaginary[j] = im
    }
  }
}
