/** The heap of events, and quantiles from buckets. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../datasets/random.ts'
import {
  createEvents,
  firstMs,
  kindOf,
  postponeEvent,
  pushEvent,
  subjectOf,
  takeEvent,
} from './events.ts'
import { exponentialsBy } from './exponentials.ts'
import { addLatency, clearLatencies, createLatencies, latencyQuantile } from './latencies.ts'

describe('events', () => {
  it('come in order of time, with what they carry', () => {
    const time = fc.double({ min: 0, max: 1e9, noNaN: true })
    fc.assert(
      fc.property(fc.array(time, { minLength: 1, maxLength: 300 }), time, (times, later) => {
        const events = createEvents()
        times.forEach((at, i) => {
          pushEvent(events, at, i % 9, i, i + 7)
        })
        const least = Math.min(...times)
        const postponed = times.indexOf(least)
        expect(times[subjectOf(events.codes[0]!)]).toBe(least)
        const moved = subjectOf(events.codes[0]!)
        postponeEvent(events, least + later)
        const seen: number[] = []
        while (firstMs(events) < Number.POSITIVE_INFINITY) {
          const subject = subjectOf(events.codes[0]!)
          seen.push(events.times[0]!)
          expect(kindOf(events.codes[0]!)).toBe(subject % 9)
          expect(events.stamps[0]).toBe(subject + 7)
          expect(events.times[0]).toBe(subject === moved ? least + later : times[subject])
          takeEvent(events)
        }
        const expected = times.map((at, i) => (i === postponed ? least + later : at))
        expect(seen).toEqual(expected.sort((a, b) => a - b))
      }),
    )
  })
})

describe('an event that was taken', () => {
  it('makes room for the next, wherever that belongs', () => {
    const later = fc.double({ min: 0, max: 100, noNaN: true })
    fc.assert(
      fc.property(fc.array(later, { minLength: 3, maxLength: 50 }), (gaps) => {
        const events = createEvents()
        gaps.forEach((at, i) => {
          pushEvent(events, at, 0, i, 0)
        })
        let pending = [...gaps]
        let nowMs = 0
        for (const gap of gaps) {
          const atMs = firstMs(events)
          expect(atMs).toBe(Math.min(...pending))
          expect(atMs).toBeGreaterThanOrEqual(nowMs)
          nowMs = atMs
          takeEvent(events)
          pending.splice(pending.indexOf(atMs), 1)
          if (gap > 50) continue
          pushEvent(events, nowMs + gap, 0, 0, 0)
          pending = [...pending, nowMs + gap]
        }
      }),
    )
  })
})

describe('exponential numbers', () => {
  it('are distributed as they should be, in the tail too (Kolmogorov and Smirnov)', () => {
    const n = 200_000
    const sorted = new Float64Array(n)
    exponentialsBy(seededRandom('exponentials', 1))(sorted)
    sorted.sort()
    let apart = 0
    sorted.forEach((x, i) => {
      apart = Math.max(apart, Math.abs((i + 0.5) / n + Math.expm1(-x)))
    })
    // a thousandth of all samples are further apart
    expect(apart * Math.sqrt(n)).toBeLessThan(1.95)
    const beyond = sorted.filter((x) => x > 7.7).length
    const expected = n * Math.exp(-7.7)
    expect(Math.abs(beyond - expected)).toBeLessThan(4 * Math.sqrt(expected))
  })

  it('have the moments and no memory of the one before', () => {
    const n = 400_000
    const values = new Float64Array(n)
    exponentialsBy(seededRandom('exponentials', 2))(values)
    const mean = (of: (x: number, i: number) => number) =>
      values.reduce((sum, x, i) => sum + of(x, i), 0) / n
    // within 4 standard errors: sd 1, sqrt(20), 1
    expect(Math.abs(mean((x) => x) - 1)).toBeLessThan(4 / Math.sqrt(n))
    expect(Math.abs(mean((x) => x * x) - 2)).toBeLessThan((4 * Math.sqrt(20)) / Math.sqrt(n))
    const lagged = mean((x, i) => (x - 1) * (values[(i + 1) % n]! - 1))
    expect(Math.abs(lagged)).toBeLessThan(4 / Math.sqrt(n))
  })
})

describe('latencies', () => {
  it('have quantiles within 0.8 %', () => {
    const seconds = fc.double({ min: 1e-5, max: 3600, noNaN: true })
    const level = fc.constantFrom(0.05, 0.5, 0.95, 0.99)
    fc.assert(
      fc.property(fc.array(seconds, { minLength: 1, maxLength: 200 }), level, (values, at) => {
        const latencies = createLatencies()
        for (const value of values) addLatency(latencies, value)
        const exact = values.toSorted((a, b) => a - b)[Math.ceil(at * values.length) - 1]!
        expect(Math.abs(latencyQuantile(latencies, at) / exact - 1)).toBeLessThan(0.008)
      }),
    )
  })

  it('of nothing have none, also after they were cleared', () => {
    const latencies = createLatencies()
    expect(latencyQuantile(latencies, 0.95)).toBeNaN()
    addLatency(latencies, 2)
    addLatency(latencies, 0)
    addLatency(latencies, 1e9)
    clearLatencies(latencies)
    expect(latencyQuantile(latencies, 0.95)).toBeNaN()
    expect(latencies.counts.every((count) => count === 0)).toBe(true)
  })
})
