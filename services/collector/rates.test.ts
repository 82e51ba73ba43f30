import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readExposition } from './exposition.ts'
import { histogramQuantile, increase, sumBy } from './rates.ts'

const INF = Number.POSITIVE_INFINITY

describe('the increase of a counter', () => {
  it('is the difference, and unknown before there are two readings', () => {
    expect(increase(10, 13)).toBe(3)
    expect(increase(10, 10)).toBe(0)
    expect(increase(undefined, 13)).toBeUndefined()
    expect(increase(10, undefined)).toBeUndefined()
  })

  it('counts from zero after a reset', () => {
    expect(increase(10, 4)).toBe(4)
    expect(increase(10, 0)).toBe(0)
  })
})

it('a sum is by the value of a label, or over all', () => {
  const readings = readExposition('m{s="a",c="1"} 1\nm{s="a",c="2"} 2\nm{s="b"} 4\nother 8\n')
  expect(sumBy(readings, 'm', 's')).toEqual(
    new Map([
      ['a', 3],
      ['b', 4],
    ]),
  )
  expect(sumBy(readings, 'm')).toEqual(new Map([['', 7]]))
  expect(sumBy(readings, 'none')).toEqual(new Map())
})

describe("a histogram's quantile", () => {
  // 100 requests: 50 up to 0.1 s, 40 more up to 0.5 s, 8 more up to 1 s, 2 beyond
  const buckets = new Map([
    [0.1, 50],
    [0.5, 90],
    [1, 98],
    [INF, 100],
  ])

  it.each([
    // histogram_quantile of PromQL, by hand: lower + (upper − lower) · (rank − below) / (upTo − below)
    [0.5, 0.1], // rank 50: 0 + 0.1 · 50/50
    [0.25, 0.05], // rank 25: 0 + 0.1 · 25/50
    [0.75, 0.35], // rank 75: 0.1 + 0.4 · 25/40
    [0.95, 0.8125], // rank 95: 0.5 + 0.5 · 5/8
    [0.98, 1], // rank 98: 0.5 + 0.5 · 8/8
    [0.99, 1], // rank 99 lies beyond the last bound: that bound
  ])('%d is %d s', (level, seconds) => {
    expect(histogramQuantile(buckets, level)).toBeCloseTo(seconds, 12)
  })

  it('is unknown when nothing was counted', () => {
    expect(histogramQuantile(new Map(), 0.95)).toBeUndefined()
    expect(
      histogramQuantile(
        new Map([
          [1, 0],
          [INF, 0],
        ]),
        0.95,
      ),
    ).toBeUndefined()
  })

  it('rises with the level and stays within the bounds, in whatever order the buckets came', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 2, maxLength: 8 })
    fc.assert(
      fc.property(counts, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (added, level) => {
        let total = 0
        const entries = added.map((n, i) => {
          total += n
          return [i === added.length - 1 ? INF : (i + 1) / 10, total] as const
        })
        const quantile = (at: number) => histogramQuantile(new Map(entries.toReversed()), at)
        fc.pre(total > 0)
        expect(quantile(level)).toBeGreaterThanOrEqual(0)
        expect(quantile(level)).toBeLessThanOrEqual((added.length - 1) / 10)
        expect(quantile(level)!).toBeLessThanOrEqual(quantile(0.995)! + 1e-12)
      }),
    )
  })
})
