import { expect, it } from 'vitest'
import { seededRandom } from './random.ts'
import { circleOf, spectrumOf, transform } from './spectrum.ts'

const random = seededRandom(5)
const values = Float64Array.from({ length: 100 }, () => random() - 0.5)

it('transforms as the definition does: X[k] = Σ x[t]·exp(−2πi·kt/n)', () => {
  const real = values.slice(0, 64)
  const imaginary = new Float64Array(64)
  transform(real, imaginary, circleOf(64))
  for (const k of [0, 1, 7, 32, 63]) {
    let re = 0
    let im = 0
    for (let t = 0; t < 64; t++) {
      re += values[t]! * Math.cos((2 * Math.PI * k * t) / 64)
      im -= values[t]! * Math.sin((2 * Math.PI * k * t) / 64)
    }
    expect(real[k]).toBeCloseTo(re, 10)
    expect(imaginary[k]).toBeCloseTo(im, 10)
  }
})

it('gives the autocovariance that the sums give, up to the last lag', () => {
  const { covariance } = spectrumOf(values, 99)
  for (const lag of [0, 1, 13, 50, 99]) {
    let sum = 0
    for (let t = lag; t < 100; t++) sum += values[t]! * values[t - lag]!
    expect(covariance[lag]).toBeCloseTo(sum / 100, 12)
  }
})

it('has a line where a wave is', () => {
  const wave = Float64Array.from({ length: 512 }, (_, t) => Math.sin((2 * Math.PI * t) / 16))
  const { power, size } = spectrumOf(wave, 256)
  expect(size / power.indexOf(power.reduce((a, b) => Math.max(a, b)))).toBe(16)
})
