import { describe, expect, it } from 'vitest'
import { type Band, LEVELS } from './forecast.ts'
import { seededRandom } from './random.ts'
import { freshTracking, shiftOf, track, trackUnseen } from './tracking.ts'

const NORMAL_UPPER = [0, 0.2533, 0.5244, 0.8416, 1.2816, 1.6449, 1.96, 2.3263]
/** The honest band of a normal noise with deviation 1, one step. */
const band: Band = {
  horizonSteps: 1,
  power: 0,
  spreadFloor: 1,
  offsets: Float64Array.from(LEVELS, (_, l) => Math.sign(l - 7) * NORMAL_UPPER[Math.abs(l - 7)]!),
}

function gaussian(seed: number): () => number {
  const random = seededRandom(seed)
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

describe('tracking', () => {
  it('leaves an honest band nearly as it is', () => {
    const noise = gaussian(1)
    const tracking = freshTracking()
    let sum = 0
    for (let i = 0; i < 5000; i++) {
      track(tracking, band, 50, 50 + noise())
      sum += tracking.inflation
      expect(tracking.drifting).toBe(false)
    }
    expect(sum / 5000).toBeLessThan(1.15)
  })

  it('widens until a noise twice as wide is covered again, and narrows when it calms', () => {
    const noise = gaussian(2)
    const tracking = freshTracking()
    for (let i = 0; i < 300; i++) track(tracking, band, 50, 50 + 2 * noise())
    let inside = 0
    for (let i = 0; i < 1000; i++) {
      const value = 50 + 2 * noise()
      if (Math.abs(value - 50) <= 1.6449 * tracking.inflation) inside++
      track(tracking, band, 50, value)
    }
    expect(inside / 1000).toBeGreaterThan(0.8)
    for (let i = 0; i < 300; i++) track(tracking, band, 50, 50 + noise())
    expect(tracking.inflation).toBeLessThan(1.3)
  })

  it('says drift after six steps outside the 99 % band, not after five, and no longer once it is back', () => {
    const tracking = freshTracking()
    for (let i = 0; i < 5; i++) track(tracking, band, 50, 60)
    expect(tracking.drifting).toBe(false)
    track(tracking, band, 50, 60)
    expect(tracking.drifting).toBe(true)
    for (let i = 0; i < 20; i++) track(tracking, band, 50, 50.5)
    expect(tracking.drifting).toBe(false)
  })

  it('shifts the path once three steps in a row were outside, by about how far the load is away', () => {
    const tracking = freshTracking()
    track(tracking, band, 50, 80)
    track(tracking, band, 50, 80)
    expect(shiftOf(tracking)).toBe(0)
    for (let i = 0; i < 6; i++) track(tracking, band, 50, 80)
    expect(shiftOf(tracking)).toBeGreaterThan(25)
    expect(shiftOf(tracking)).toBeLessThanOrEqual(30)
    trackUnseen(tracking)
    expect(shiftOf(tracking)).toBeLessThan(30)
    for (let i = 0; i < 20; i++) track(tracking, band, 50, 50)
    expect(shiftOf(tracking)).toBe(0)
  })

  it('does not widen much for a load that is steadily away: the shift has taken it in', () => {
    const noise = gaussian(3)
    const tracking = freshTracking()
    for (let i = 0; i < 200; i++) track(tracking, band, 50, 90 + noise())
    expect(tracking.drifting).toBe(true)
    expect(tracking.inflation).toBeLessThan(1.8)
  })

  it('never narrows below the calibrated band, nor widens without end', () => {
    const tracking = freshTracking()
    for (let i = 0; i < 1000; i++) track(tracking, band, 50, i % 2 === 0 ? 1e9 : 0)
    expect(tracking.inflation).toBe(4)
    for (let i = 0; i < 2000; i++) track(tracking, band, 50, 50)
    expect(tracking.inflation).toBe(1)
  })
})
