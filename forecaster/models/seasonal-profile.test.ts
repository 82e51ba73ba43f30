import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { mean, median, seasonalProfile } from './seasonal-profile.ts'

const SEASON = 96
const shape = (i: number): number => 10 * Math.sin((2 * Math.PI * i) / SEASON)

function history(seasons: number, noise: number, level: (i: number) => number): Float64Array {
  const random = seededRandom(7)
  return Float64Array.from(
    { length: seasons * SEASON },
    (_, i) => level(i) + shape(i) + noise * (random() + random() - 1),
  )
}

function distance(profile: Float64Array, of: (i: number) => number = shape): number {
  return profile.reduce((sum, v, i) => sum + Math.abs(v - of(i)), 0) / profile.length
}

describe('seasonal profile', () => {
  it('finds the shape under noise far better than the mean of the seasons does', () => {
    const noisy = history(3, 12, () => 50)
    const raw = Float64Array.from({ length: SEASON }, (_, i) =>
      mean(Float64Array.of(noisy[i]! - 50, noisy[i + SEASON]! - 50, noisy[i + 2 * SEASON]! - 50)),
    )
    expect(distance(seasonalProfile(noisy, SEASON, 'additive'))).toBeLessThan(0.6 * distance(raw))
  })

  it('keeps a sharp peak that comes back every season', () => {
    const peaked = history(4, 1, () => 50).map((v, i) => (i % SEASON === 40 ? v + 60 : v))
    const profile = seasonalProfile(peaked, SEASON, 'additive')
    expect(profile[40]! - profile[38]!).toBeGreaterThan(50)
  })

  it('is not bent by one flash crowd, nor by gaps', () => {
    const crowd = history(4, 2, () => 50).map((v, i) => (i > 200 && i < 206 ? v + 500 : v))
    crowd.fill(Number.NaN, 100, 130)
    expect(distance(seasonalProfile(crowd, SEASON, 'additive'))).toBeLessThan(2)
  })

  it('takes a moving level out first', () => {
    const drifting = history(5, 1, (i) => 50 + 0.1 * i)
    const profile = seasonalProfile(drifting, SEASON, 'additive')
    expect(distance(profile)).toBeLessThan(3.5)
    expect(mean(profile)).toBeCloseTo(0, 9)
  })

  it('gives shares of the level when the season is multiplicative, with mean 1', () => {
    const growing = Float64Array.from(
      { length: 4 * SEASON },
      (_, i) => (20 + 0.05 * i) * (1 + shape(i) / 20),
    )
    const profile = seasonalProfile(growing, SEASON, 'multiplicative')
    expect(distance(profile, (i) => 1 + shape(i) / 20)).toBeLessThan(0.08)
    expect(mean(profile)).toBeCloseTo(1, 6)
  })

  it('is neutral while less than a season is known', () => {
    expect(seasonalProfile(new Float64Array(50), SEASON, 'additive')).toEqual(
      new Float64Array(SEASON),
    )
    const zeros = seasonalProfile(new Float64Array(300), SEASON, 'multiplicative')
    expect(zeros).toEqual(new Float64Array(SEASON).fill(1))
  })
})

it('median of even and odd counts', () => {
  expect(median(Float64Array.of(3, 1, 2))).toBe(2)
  expect(median(Float64Array.of(4, 1, 2, 3))).toBe(2.5)
})
