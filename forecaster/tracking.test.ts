import { describe, expect, it } from 'vitest'
import { type Band, LEVELS } from './forecast.ts'
import { probesOf } from './probes.ts'
import { seededRandom } from './random.ts'
import { note, publishedBand, shiftOf, startTracking, type Tracking, track } from './tracking.ts'

const NORMAL_UPPER = [0, 0.2533, 0.5244, 0.8416, 1.2816, 1.6449, 1.96, 2.3263]
const LOW_90 = LEVELS.indexOf(0.05)
const HIGH_90 = LEVELS.indexOf(0.95)

/** The honest band of a normal noise with deviation 1 at every step of the horizon. */
function honestBand(horizonSteps: number): Band {
  const normal = LEVELS.map((_, l) => Math.sign(l - 7) * NORMAL_UPPER[Math.abs(l - 7)]!)
  const offsets = Float64Array.from(probesOf(horizonSteps).flatMap(() => normal))
  return { horizonSteps, power: 0, spreadFloor: 1, grain: 0, knots: Float64Array.of(0), offsets }
}

function started(horizonSteps = 1, reaction = 0): Tracking {
  const losses = new Float64Array(probesOf(horizonSteps).length)
  const unrest = { reaction, usual: 0.8 }
  return startTracking({
    band: honestBand(horizonSteps),
    unrest,
    volatility: 0.8,
    losses,
    decay: 0.99,
  })
}

function gaussian(seed: number): () => number {
  const random = seededRandom(seed)
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** One step: what is foreseen is always 50; says whether the value lay in the published 90 % interval. */
function step(tracking: Tracking, value: number, horizonSteps = 1): boolean {
  const path = new Float64Array(horizonSteps).fill(50)
  note(tracking, [path], path)
  const { offsets } = publishedBand(tracking, 1)
  track(tracking, 50, value)
  return value - 50 >= offsets[LOW_90]! && value - 50 <= offsets[HIGH_90]!
}

function coverage(tracking: Tracking, steps: number, next: () => number): number {
  let inside = 0
  for (let i = 0; i < steps; i++) if (step(tracking, next())) inside++
  return inside / steps
}

describe('tracked offsets', () => {
  it('stay where they are under the noise they were made for', () => {
    const noise = gaussian(1)
    const tracking = started()
    expect(coverage(tracking, 5000, () => 50 + noise())).toBeCloseTo(0.9, 1.5)
    const { offsets } = publishedBand(tracking, 1)
    expect(offsets[HIGH_90]).toBeGreaterThan(1.2)
    expect(offsets[HIGH_90]).toBeLessThan(2.1)
    expect(tracking.drifting).toBe(false)
  })

  it.each([
    ['three times as wide', 3],
    ['a third as wide', 1 / 3],
  ])('hold 90 % again soon after the noise became %s', (_, wide) => {
    const noise = gaussian(2)
    const tracking = started()
    coverage(tracking, 300, () => 50 + noise())
    coverage(tracking, 500, () => 50 + wide * noise())
    const share = coverage(tracking, 2000, () => 50 + wide * noise())
    expect(share).toBeGreaterThan(0.88)
    expect(share).toBeLessThan(0.92)
  })

  it('hold 90 % in the long run under an adversary that knows the band (no assumption on the load)', () => {
    const tracking = started()
    let inside = 0
    for (let i = 0; i < 20_000; i++) {
      const { offsets } = publishedBand(tracking, 1)
      // just outside the interval on either side, as long as a bounded load can be
      const edge =
        i % 2 === 0
          ? Math.max(offsets[LOW_90]! - 0.01, -40)
          : Math.min(offsets[HIGH_90]! + 0.01, 40)
      const value = 50 + edge
      if (step(tracking, value)) inside++
    }
    expect(inside / 20_000).toBeGreaterThan(0.86)
    expect(inside / 20_000).toBeLessThan(0.94)
  })

  it('learn a far probe only from forecasts that were made so long ago', () => {
    const horizon = 5
    const tracking = started(horizon)
    const before = Array.from(tracking.band.offsets)
    const far = before.length - LEVELS.length
    for (let i = 0; i < horizon - 1; i++) step(tracking, 60, horizon)
    expect(Array.from(tracking.band.offsets.subarray(far))).toEqual(before.slice(far))
    step(tracking, 60, horizon)
    expect(tracking.band.offsets[far + HIGH_90]).toBeGreaterThan(before[far + HIGH_90]!)
  })

  it('are published in order, whatever came', () => {
    const random = seededRandom(3)
    const tracking = started(12, 0.7)
    for (let i = 0; i < 3000; i++)
      step(tracking, random() < 0.1 ? 1e9 * random() : 50 * random(), 12)
    const { offsets } = publishedBand(tracking, 1)
    for (let from = 0; from < offsets.length; from += LEVELS.length)
      for (let l = 1; l < LEVELS.length; l++)
        expect(offsets[from + l]!).toBeGreaterThanOrEqual(offsets[from + l - 1]!)
  })

  it('widen within a few steps when the load becomes restless, and calm down after it', () => {
    const noise = gaussian(4)
    const tracking = started(1, 0.7)
    const width = (): number => publishedBand(tracking, 1).offsets[HIGH_90]!
    coverage(tracking, 100, () => 50 + noise())
    const calm = width()
    coverage(tracking, 15, () => 50 + 6 * noise())
    expect(width()).toBeGreaterThan(1.8 * calm)
    coverage(tracking, 150, () => 50 + noise())
    expect(width()).toBeLessThan(1.5 * calm)
  })
})

describe('drift', () => {
  it('is said after six steps outside the 99 % band, not after five, and no longer once it is back', () => {
    const tracking = started()
    for (let i = 0; i < 5; i++) step(tracking, 60)
    expect(tracking.drifting).toBe(false)
    step(tracking, 60)
    expect(tracking.drifting).toBe(true)
    for (let i = 0; i < 20; i++) step(tracking, 50.5)
    expect(tracking.drifting).toBe(false)
  })

  it('shifts the path once three steps in a row were outside, by about how far the load is away', () => {
    const tracking = started()
    step(tracking, 80)
    step(tracking, 80)
    expect(shiftOf(tracking)).toBe(0)
    for (let i = 0; i < 6; i++) step(tracking, 80)
    expect(shiftOf(tracking)).toBeGreaterThan(25)
    expect(shiftOf(tracking)).toBeLessThanOrEqual(30)
    step(tracking, Number.NaN)
    expect(shiftOf(tracking)).toBeLessThan(30)
    for (let i = 0; i < 20; i++) step(tracking, 50)
    expect(shiftOf(tracking)).toBe(0)
  })
})
