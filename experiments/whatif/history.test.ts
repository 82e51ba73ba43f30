/** Histories: what is learned from and what is replayed, and which are refused and why. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Series } from '../../forecaster/series.ts'
import { historyOf, ThinHistory } from './history.ts'

const HOUR = 3_600_000
const series = (hours: number, more: Partial<Series> = {}): Series => ({
  ...{ service: 'web', metric: 'requests_per_second', startMs: 0, stepMs: HOUR },
  values: Float64Array.from({ length: hours }, (_, h) => 1 + h),
  ...more,
})
const withGap = (from: number, to: number, hours = 240) => {
  const values = Float64Array.from({ length: hours }, (_, h) => 1 + h)
  return series(hours, { values: values.fill(Number.NaN, from, to) })
}

describe('a history', () => {
  it('is learned from in its first half; the rest is replayed in whole days', () => {
    const { startMs, learningDays, replayDays, services } = historyOf([series(245)])
    expect(replayDays).toBe(5)
    expect(learningDays).toBeCloseTo(245 / 24 - 5, 9)
    const { history, load } = services[0]!
    expect([history.length, load.length]).toEqual([125, 120])
    expect([history.at(-1), load[0]]).toEqual([125, 126])
    expect(startMs).toBe(125 * HOUR)
  })

  it('may be learned from for longer or shorter, and is never in both parts', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 168, max: 800 }),
        fc.integer({ min: 3, max: 20 }),
        (n, days) => {
          if (Math.floor(n / 24 - days) < 4) return
          const { services, replayDays } = historyOf([series(n)], { learnDays: days })
          const { history, load } = services[0]!
          expect(load.length).toBe(24 * replayDays)
          expect([...history, ...load]).toEqual([...series(n).values])
          expect(history.length).toBeGreaterThanOrEqual(24 * days)
        },
      ),
      { seed: 1 },
    )
  })

  it('of several services is of the time that all have', () => {
    const later = series(300, { service: 'auth', startMs: 20 * HOUR })
    const { services, startMs } = historyOf([series(260), later])
    expect(services.map(({ load }) => load.length)).toEqual([120, 120])
    expect(services[1]!.load[0]).toBe(1 + startMs / HOUR - 20)
  })

  it('has short gaps drawn straight in what is replayed, and left open in what is learned from', () => {
    const values = Float64Array.from(series(240).values)
    values.fill(Number.NaN, 200, 202)
    values.fill(Number.NaN, 50, 52)
    const { services, warnings } = historyOf([series(240, { values })])
    expect([...services[0]!.load.slice(200 - 120, 202 - 120)]).toEqual([201, 202])
    expect(services[0]!.history[50]).toBeNaN()
    expect(services[0]!.filledSteps).toBe(2)
    expect(warnings).toContainEqual('web: 2 of 120 steps missing, drawn straight')
  })

  it.each([
    ['6.7 days of load', [series(160)], {}],
    ['no load of any service', [], {}],
    ['leaves 3 whole days to replay', [series(240)], { learnDays: 7 }],
    ['a gap of 4 hours', [withGap(100, 104)], {}],
    [
      'lacks',
      [series(240, { values: series(240).values.map((v, i) => (i % 10 ? v : Number.NaN)) })],
      {},
    ],
    ['no request in the days to replay', [series(240, { values: new Float64Array(240) })], {}],
    ['one value every 2 hours', [series(200, { stepMs: 2 * HOUR })], {}],
    ['--step puts all on one step', [series(200), series(200, { stepMs: HOUR / 2 })], {}],
    ['does not divide a day', [series(300, { stepMs: 7 * 60_000 })], {}],
    ['lie between', [series(200), series(200, { startMs: HOUR / 2 })], {}],
    ['0 days', [series(200, { values: new Float64Array(200).fill(Number.NaN) })], {}],
  ])('is refused: %s', (reason, own, options) => {
    expect(() => historyOf(own, options)).toThrow(ThinHistory)
    expect(() => historyOf(own, options)).toThrow(reason)
  })

  it('says what it cannot show', () => {
    expect(historyOf([series(240)]).warnings).toEqual([
      expect.stringContaining('weekends come as a surprise'),
      expect.stringContaining('not every weekday'),
      expect.stringContaining('peaks within are not seen'),
    ])
    const long = series(40 * 24 * 12, { stepMs: 5 * 60_000 })
    expect(historyOf([long]).warnings).toEqual([])
  })
})
