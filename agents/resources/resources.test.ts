/**
 * Requests of CPU and memory from usage, beside figures worked out by the recommender's published formulas (kubernetes/autoscaler
 * vertical-pod-autoscaler): once by hand, once by a small reference of its own that sorts instead of counting buckets.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createContainerUsage, estimateOf, type SizingRule } from './container-usage.ts'
import {
  type BucketScheme,
  CPU_BUCKETS,
  createDecayingHistogram,
  MEMORY_BUCKETS,
} from './histogram.ts'
import { createMemoryPeaks } from './memory-peaks.ts'

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS
const MIB = 1024 * 1024
const BUMP = { ratio: 1.2, leastBytes: 100 * MIB }
const RULE: SizingRule = {
  levels: { lower: 0.5, target: 0.9, upper: 0.95 },
  margin: 0.15,
  halfLifeMs: DAY_MS,
  oom: BUMP,
  least: { cores: 0, bytes: 0 },
}
const NO_MARGIN = { levels: RULE.levels, margin: 0 }

interface Weighed {
  readonly value: number
  readonly atMs: number
}

/** Bucket bounds by adding widths, the percentile by sorting: nothing of it is shared with what is tested. */
function reference(
  scheme: BucketScheme,
  samples: readonly Weighed[],
  share: number,
  halfLifeMs: number,
): number {
  const bounds = [0]
  for (let width = scheme.firstBucket; bounds.at(-1)! < scheme.most; width *= scheme.growth)
    bounds.push(bounds.at(-1)! + width)
  const rows = samples
    .map(({ value, atMs }) => ({
      end: bounds[
        Math.min(bounds.length - 1, 1 + bounds.findLastIndex((bound) => bound <= value))
      ]!,
      weight: Math.exp((Math.LN2 * atMs) / halfLifeMs),
    }))
    .sort((a, b) => a.end - b.end)
  const all = rows.reduce((sum, { weight }) => sum + weight, 0)
  let sum = 0
  for (const { end, weight } of rows) {
    sum += weight
    if (sum >= share * all * (1 - 1e-12)) return end
  }
  return rows.at(-1)!.end
}

describe('a histogram that forgets', () => {
  it('tells the end of the bucket, which is 5 % beyond its begin', () => {
    const histogram = createDecayingHistogram(CPU_BUCKETS, DAY_MS, 0)
    for (const cores of [1, 2, 3]) histogram.add(cores, 1, 0)
    // bucket(1) = ⌊ln(1·0.05/0.01 + 1)/ln 1.05⌋ = ⌊36.72⌋; it ends at 0.01·(1.05^37 − 1)/0.05
    expect(histogram.percentile(0.2)).toBeCloseTo(0.01 * ((1.05 ** 37 - 1) / 0.05), 12)
    expect(histogram.percentile(0.2)).toBeCloseTo(1.0163, 4)
    // bucket(2) = ⌊49.14⌋, bucket(3) = ⌊56.83⌋
    expect(histogram.percentile(0.5)).toBeCloseTo(0.2 * (1.05 ** 50 - 1), 12)
    expect(histogram.percentile(1)).toBeCloseTo(0.2 * (1.05 ** 57 - 1), 12)
  })

  it('begins with 0.01 cores and 10 MB, and ends with 1000 cores and 1 TB', () => {
    const of = (scheme: BucketScheme, value: number) => {
      const histogram = createDecayingHistogram(scheme, DAY_MS, 0)
      histogram.add(value, 1, 0)
      return histogram.percentile(0.9)!
    }
    expect(of(CPU_BUCKETS, 0)).toBeCloseTo(0.01, 12)
    expect(of(MEMORY_BUCKETS, 1)).toBeCloseTo(1e7, 3)
    expect(of(CPU_BUCKETS, 1e9) / 1000).toBeGreaterThanOrEqual(1)
    expect(of(CPU_BUCKETS, 1e9) / 1000).toBeLessThan(1.05)
    expect(of(MEMORY_BUCKETS, 1e15) / 1e12).toBeLessThan(1.05)
  })

  it('halves a weight with each half-life (decaying_histogram_test.go, TestDecayingHistogramPercentiles)', () => {
    const histogram = createDecayingHistogram(CPU_BUCKETS, DAY_MS, 0)
    // weights 1/8, 2/4, 3/2, 4/1 of 49/8: shares up to 2 %, 10 %, 34 %, all
    for (const n of [1, 2, 3, 4]) histogram.add(n, n, n * DAY_MS)
    const at = (share: number) => Math.floor(histogram.percentile(share)!)
    expect([0, 0.02, 0.03, 0.1, 0.11, 0.34, 0.35, 1].map(at)).toEqual([1, 1, 2, 2, 3, 3, 4, 4])
  })

  it('has no percentile of nothing', () => {
    expect(createDecayingHistogram(CPU_BUCKETS, DAY_MS, 0).percentile(0.9)).toBeUndefined()
  })

  const samples = fc.array(
    fc.record({
      value: fc.double({ min: 0.02, max: 900, noNaN: true }),
      atMs: fc.integer({ min: 0, max: 8 * DAY_MS }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  const filled = (rows: readonly Weighed[], weight = 1, referenceMs = 8 * DAY_MS) => {
    const histogram = createDecayingHistogram(CPU_BUCKETS, DAY_MS, referenceMs)
    for (const { value, atMs } of rows) histogram.add(value, weight, atMs)
    return histogram
  }
  const share = fc.constantFrom(0.5, 0.9, 0.95)

  it('agrees with the reference', () => {
    fc.assert(
      fc.property(samples, share, (rows, level) => {
        const expected = reference(CPU_BUCKETS, rows, level, DAY_MS)
        // a sum that meets its share to the last bit may fall into the next bucket
        const [low, high] = [level - 1e-9, level + 1e-9].map(
          (near) => filled(rows).percentile(near)!,
        )
        expect(low! / expected).toBeLessThanOrEqual(1 + 1e-9)
        expect(high! / expected).toBeGreaterThanOrEqual(1 - 1e-9)
      }),
    )
  })

  it('does not change with the unit of weights, nor with the time that ages are counted from', () => {
    fc.assert(
      fc.property(samples, share, fc.constantFrom(0.25, 4), (rows, level, weight) => {
        const plain = filled(rows).percentile(level)
        expect(filled(rows, weight).percentile(level)).toBe(plain)
        expect(filled(rows, 1, 10 * DAY_MS).percentile(level)).toBe(plain)
      }),
    )
  })

  it('grows with what is used, and in proportion up to one bucket', () => {
    fc.assert(
      fc.property(
        samples,
        share,
        fc.double({ min: 1, max: 50, noNaN: true }),
        (rows, level, by) => {
          const more = rows.map(({ value, atMs }) => ({ value: Math.min(999, value * by), atMs }))
          const [before, after] = [filled(rows), filled(more)].map((one) => one.percentile(level)!)
          expect(after).toBeGreaterThanOrEqual(before!)
          const isWhole = rows.every(({ value }) => value * by <= 999)
          // a bucket is at most 5 % and the first one wide
          if (isWhole) expect(after! / by).toBeLessThan(before! * 1.05 + 0.02)
        },
      ),
    )
  })
})

describe('bounds', () => {
  const upTo = (confidenceDays: number) => estimateOf(() => 1, confidenceDays, NO_MARGIN, 0)!

  // the tables in logic/recommender.go
  it.each([
    ['12 h', 0.5, 3],
    ['24 h', 1, 2],
    ['a week', 7, 1.14],
  ])('above are widened after %s', (_what, days, factor) => {
    expect(upTo(days).upper).toBeCloseTo(factor, 2)
  })
  it.each([
    ['5 min', 5 / 1440, 0.6],
    ['30 min', 30 / 1440, 0.9],
    ['60 min', 60 / 1440, 0.95],
  ])('below are widened after %s', (_what, days, factor) => {
    expect(upTo(days).lower).toBeCloseTo(factor, 1)
  })

  it('rest on the time seen, and on no more than its samples (estimator_test.go: 9 of them are 0.00625 days)', () => {
    const usage = createContainerUsage(RULE, MINUTE_MS, 0)
    for (let i = 0; i < 9; i++) usage.cpu(i * 2 * MINUTE_MS, 1)
    expect(usage.confidenceDays()).toBeCloseTo(0.00625, 12)
    const many = createContainerUsage(RULE, MINUTE_MS, 0)
    for (let i = 0; i < 100; i++) many.cpu((i % 10) * MINUTE_MS, 1)
    expect(many.confidenceDays()).toBeCloseTo(9 / 1440, 12)
  })
})

describe('memory', () => {
  it('is one peak a day, which ages from the end of its day', () => {
    const peaks = createMemoryPeaks(DAY_MS, BUMP)
    for (const [day, bytes] of [
      [0, 100],
      [0.5, 300],
      [0.9, 200],
      [1, 50],
      // a day without any has none
      [3.5, 70],
    ] as const)
      peaks.held(day * DAY_MS, bytes)
    expect(peaks.peaks()).toEqual([
      { atMs: DAY_MS, bytes: 300 },
      { atMs: 2 * DAY_MS, bytes: 50 },
      { atMs: 4 * DAY_MS, bytes: 70 },
    ])
  })

  it.each([
    ['what it held, and a fifth', 1000, 500, 1200],
    ['what it requested, where that is more', 1000, 2000, 2400],
    ['100 MiB at least', 100, Number.NaN, 200],
  ])('of a kill is %s', (_what, heldMib, requestedMib, expectedMib) => {
    const peaks = createMemoryPeaks(DAY_MS, BUMP)
    peaks.held(0, heldMib * MIB)
    peaks.killed(MINUTE_MS, requestedMib * MIB)
    expect(peaks.peaks()).toEqual([{ atMs: DAY_MS, bytes: expectedMib * MIB }])
  })

  it('does not run away with kill after kill', () => {
    const peaks = createMemoryPeaks(DAY_MS, BUMP)
    peaks.held(0, 1000 * MIB)
    for (let k = 1; k < 20; k++) peaks.killed(k * MINUTE_MS, 500 * MIB)
    expect(peaks.peaks()).toEqual([{ atMs: DAY_MS, bytes: 1200 * MIB }])
  })
})

describe('requests for a container', () => {
  it('are the published ones: a day and a half of minutes, worked out by hand', () => {
    const usage = createContainerUsage(RULE, MINUTE_MS, 1.5 * DAY_MS)
    for (let k = 0; k <= 2160; k++) {
      // nine minutes of ten 0.1 cores, the tenth 0.5: 0.1 up to 90 %, 0.5 beyond
      usage.cpu(k * MINUTE_MS, k % 10 === 9 ? 0.5 : 0.1)
      usage.memory('web-0', k * MINUTE_MS, k < 1440 ? 2e8 : 4e8)
    }
    const { cpu, memory } = usage.estimate({ ...RULE, levels: { ...RULE.levels, target: 0.85 } })
    // bucket(0.1) = ⌊8.31⌋ ends at 0.2·(1.05^9 − 1), bucket(0.5) = ⌊25.68⌋ at 0.2·(1.05^26 − 1)
    const [small, large] = [9, 26].map((n) => 0.2 * (1.05 ** n - 1) * 1.15)
    expect(cpu!.lower).toBeCloseTo(small! * (1 + 0.001 / 1.5) ** -2, 12)
    expect(cpu!.target).toBeCloseTo(small!, 12)
    expect(cpu!.upper).toBeCloseTo(large! * (1 + 1 / 1.5), 12)
    // the second day weighs twice the first: 2e8 up to a third, 4e8 beyond; ⌊22.52⌋ ends at 2e8·(1.05^23 − 1)
    expect(memory!.target).toBeCloseTo(2e8 * (1.05 ** 23 - 1) * 1.15, 0)
    expect(memory!.lower).toBeCloseTo(memory!.target * (1 + 0.001 / 1.5) ** -2, 0)
  })

  it('are none of no data, and none of what was never seen', () => {
    const usage = createContainerUsage(RULE, MINUTE_MS, DAY_MS)
    expect(usage.estimate(RULE)).toEqual({ cpu: undefined, memory: undefined })
    usage.memory('web-0', 0, 1e8)
    expect(usage.estimate(RULE)).toEqual({ cpu: undefined, memory: undefined })
    usage.cpu(0, 0.1)
    usage.cpu(DAY_MS, 0.1)
    expect(usage.estimate(RULE).cpu?.target).toBeGreaterThan(0.1)
  })

  it('are no less than the minimum, and say so', () => {
    const usage = createContainerUsage(RULE, MINUTE_MS, DAY_MS)
    for (let k = 0; k <= 1440; k++) usage.cpu(k * MINUTE_MS, 0.001)
    const least = { cores: 0.025, bytes: 250 * MIB }
    expect(usage.estimate({ ...RULE, least }).cpu).toEqual({
      ...{ lower: 0.025, target: 0.025, isLeast: true },
      upper: expect.closeTo(0.025, 12),
    })
    expect(usage.estimate(RULE).cpu?.isLeast).toBe(false)
  })

  it('are in order: lower ≤ target ≤ upper, whatever is used, and rise with a kill', () => {
    const minutes = fc.array(
      fc.record({
        cores: fc.double({ min: 0, max: 100, noNaN: true }),
        bytes: fc.double({ min: 0, max: 1e11, noNaN: true }),
      }),
      { minLength: 2, maxLength: 80 },
    )
    fc.assert(
      fc.property(minutes, (rows) => {
        const [calm, killed] = [0, 1].map(() => {
          const usage = createContainerUsage(RULE, 60 * MINUTE_MS, 0)
          for (const [k, { cores, bytes }] of rows.entries()) {
            usage.cpu(k * 60 * MINUTE_MS, cores)
            usage.memory('web-0', k * 60 * MINUTE_MS, bytes)
          }
          return usage
        })
        killed!.killed('web-0', (rows.length - 1) * 60 * MINUTE_MS, Number.NaN)
        const { cpu, memory } = killed!.estimate(RULE)
        for (const { lower, target, upper } of [cpu!, memory!]) {
          expect(lower).toBeGreaterThan(0)
          expect(target).toBeGreaterThanOrEqual(lower)
          expect(upper).toBeGreaterThanOrEqual(target)
        }
        expect(memory!.target).toBeGreaterThanOrEqual(calm!.estimate(RULE).memory!.target)
        expect([calm!.kills().count, killed!.kills().count]).toEqual([0, 1])
      }),
    )
  })
})
