import { describe, expect, it } from 'vitest'
import { arrivalsInSlot, SLOT_MS } from './arrivals.ts'

const constant =
  (rps: number, over: object = {}) =>
  (slot: number) =>
    arrivalsInSlot({
      seed: 1,
      service: 'search',
      stream: 'base',
      slot,
      rateAtMs: () => rps,
      mostRps: 1.1 * rps,
      ...over,
    })
const slots = (n: number) => Array.from({ length: n }, (_, i) => i)
const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length
const variance = (values: readonly number[]) => {
  const centre = mean(values)
  return mean(values.map((v) => (v - centre) ** 2))
}

describe('arrivals', () => {
  it('are the same for the same name, whatever was asked before', () => {
    const once = constant(40)(17)
    constant(40)(16)
    expect(constant(40)(17)).toEqual(once)
  })

  it('stand in order and inside their slot', () => {
    for (const slot of [0, 5, 123_456]) {
      const times = constant(50)(slot)
      expect(times).toEqual([...times].sort((a, b) => a - b))
      expect(times[0]).toBeGreaterThanOrEqual(slot * SLOT_MS)
      expect(times.at(-1)).toBeLessThan((slot + 1) * SLOT_MS)
    }
  })

  it('come in Poisson counts: as many as the rate says, with a variance like the mean', () => {
    const counts = slots(4000).map((slot) => constant(30)(slot).length)
    // standard error of the mean √(30/4000) = 0.09, of the variance about 30·√(2/4000) = 0.67
    expect(Math.abs(mean(counts) - 30)).toBeLessThan(0.35)
    expect(Math.abs(variance(counts) - 30)).toBeLessThan(2.7)
  })

  it('have exponential gaps', () => {
    const times = slots(2000).flatMap(constant(25))
    const gaps = times.slice(1).map((t, i) => t - times[i]!)
    expect(mean(gaps)).toBeCloseTo(40, -1)
    expect(Math.sqrt(variance(gaps)) / mean(gaps)).toBeCloseTo(1, 1)
  })

  it('follow a rate that changes within the slot', () => {
    const ramp = (at: number) => 100 * ((at % SLOT_MS) / SLOT_MS)
    const times = slots(2000).flatMap((slot) => constant(0, { rateAtMs: ramp, mostRps: 100 })(slot))
    const late = times.filter((at) => at % SLOT_MS >= SLOT_MS / 2).length / times.length
    expect(mean([times.length / 2000])).toBeCloseTo(50, 0)
    expect(late).toBeCloseTo(0.75, 2)
  })

  it.each([
    ['services', { service: 'auth' }],
    ['seeds', { seed: 2 }],
    ['streams', { stream: 'spikes' }],
  ])('are independent between %s', (_what, over) => {
    const one = slots(4000).map((slot) => constant(20)(slot).length)
    const two = slots(4000).map((slot) => constant(20, over)(slot).length)
    const [a, b] = [mean(one), mean(two)]
    const correlation =
      mean(one.map((v, i) => (v - a) * (two[i]! - b))) / Math.sqrt(variance(one) * variance(two))
    // standard error 1/√4000 = 0.016
    expect(Math.abs(correlation)).toBeLessThan(0.065)
  })

  it('keep those of a lower rate when the rate rises: thinning draws the same candidates', () => {
    const low = constant(20, { mostRps: 100 })(3)
    const high = constant(60, { mostRps: 100 })(3)
    expect(high.length).toBeGreaterThan(low.length)
    for (const at of low) expect(high).toContain(at)
  })

  it('refuse a rate above its bound', () => {
    expect(() => constant(10, { mostRps: 5 })(0)).toThrow(/above its bound/)
  })
})
