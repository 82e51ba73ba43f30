/** What is replayed, and when: curves of workloads and series, and the arrivals drawn from them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { syntheticSeries } from '../../../datasets/synthetic.ts'
import { WorkloadName } from '../../../datasets/workload.ts'
import { LOAD_METRIC } from '../../../forecaster/series.ts'
import { type Curve, seriesCurve, workloadCurve } from './curve.ts'
import { createRateLimit } from './rate-limit.ts'
import { arrivalsBySecond, type Schedule, stagesOf } from './schedule.ts'
import { isLoopback, readHeaders, readTargetUrl } from './target.ts'

const PLAIN = { peakRps: 50, compress: 60, skipMs: 0 }
const NAN = Number.NaN
const series = (values: readonly number[]) => ({
  ...{ service: 'shop', metric: LOAD_METRIC, startMs: 0, stepMs: 60_000 },
  values: Float64Array.from(values),
})
const timesOf = (schedule: Schedule) => [...arrivalsBySecond(schedule)].flat()
const replayOf = (curve: Curve, over: Partial<Schedule> = {}): Schedule => ({
  ...{ curve, seed: 1, durationMs: 300_000 },
  ...over,
})

describe('the curve of a workload', () => {
  it.each(WorkloadName.options)('%s is the shape that is exported by that name', (name) => {
    const stepMs = 600_000
    const options = { seed: 7, stepMs, days: 1, peakRps: 50, startMs: Date.UTC(1970, 0, 5) }
    const exported = syntheticSeries(name, options).values
    const curve = workloadCurve(name, 7, PLAIN)
    const moments = [0.125, 0.375, 0.625, 0.875]
    exported.forEach((value, i) => {
      const rates = moments.map((m) => curve.rpsAt(((i + m) * stepMs) / PLAIN.compress))
      expect(rates.reduce((sum, rps) => sum + rps, 0) / 4).toBeCloseTo(value, 9)
      for (const rps of rates) expect(rps).toBeLessThanOrEqual(curve.mostRps)
    })
  })

  it('can begin later', () => {
    const whole = workloadCurve('weekday', 1, PLAIN)
    const late = workloadCurve('weekday', 1, { ...PLAIN, skipMs: 8 * 3_600_000 })
    expect(late.rpsAt(1000)).toBe(whole.rpsAt(1000 + (8 * 3_600_000) / 60))
  })
})

describe('the curve of a series', () => {
  it('has its greatest value at the peak, and each value for a step of compressed time', () => {
    const curve = seriesCurve('shop', series([10, 20, 5]), PLAIN)
    expect([0, 999, 1000, 2999].map(curve.rpsAt)).toEqual([25, 25, 50, 12.5])
    expect(curve).toMatchObject({ mostRps: 50, lengthMs: 3000, synthetic: false })
  })

  it('holds the last value over a gap, the first before any', () => {
    const curve = seriesCurve('shop', series([NAN, 10, NAN, NAN, 5]), PLAIN)
    expect([0, 1, 2, 3, 4].map((s) => curve.rpsAt(1000 * s))).toEqual([50, 50, 50, 50, 25])
    expect(curve.bridgedMs).toBe(180_000)
  })

  it('refuses a beginning after its end, and a load that never was', () => {
    const skip = { ...PLAIN, skipMs: 120_000 }
    expect(() => seriesCurve('shop', series([1, 2]), skip)).toThrow(
      'skip: "120000 ms" is not allowed; allowed: below 120000 ms',
    )
    for (const values of [[], [0, 0], [NAN]])
      expect(() => seriesCurve('shop', series(values), PLAIN)).toThrow(/is not allowed/)
  })
})

describe('arrivals', () => {
  const curve = workloadCurve('bot-attack', 3, { ...PLAIN, skipMs: 6 * 3_600_000 })

  it('are the same for the same seed, and others for another', () => {
    expect(timesOf(replayOf(curve))).toEqual(timesOf(replayOf(curve)))
    expect(timesOf(replayOf(curve))).not.toEqual(timesOf(replayOf(curve, { seed: 2 })))
  })

  it('of a longer replay begin with those of a shorter one', () => {
    const short = timesOf(replayOf(curve, { durationMs: 60_000 }))
    expect(timesOf(replayOf(curve)).slice(0, short.length)).toEqual(short)
  })

  it('ascend, and none is at or after the end', () => {
    const times = timesOf(replayOf(curve, { durationMs: 30_500 }))
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(times.at(-1)).toBeLessThan(30_500)
  })

  it.each(['bursty', 'noisy', 'night-cycle', 'long-tail', 'bot-attack', 'failures'] as const)(
    'of %s keep to its rates as Poisson counts do',
    (name) => {
      const schedule = replayOf(workloadCurve(name, 5, { peakRps: 400, compress: 288, skipMs: 0 }))
      const counts = new Float64Array(300)
      for (const at of timesOf(schedule)) counts[Math.floor(at / 1000)]!++
      // expected counts by the midpoint rule; only seconds with enough for a χ² test
      const pairs = [...counts].flatMap((count, s) => {
        const moments = Array.from({ length: 50 }, (_, k) =>
          schedule.curve.rpsAt(1000 * (s + (k + 0.5) / 50)),
        )
        const expected = moments.reduce((sum, rps) => sum + rps, 0) / 50
        return expected >= 5 ? [{ count, expected }] : []
      })
      const chi = pairs.reduce(
        (sum, { count, expected }) => sum + (count - expected) ** 2 / expected,
        0,
      )
      expect(pairs.length).toBeGreaterThan(50)
      // χ² of n: mean n, variance 2n and a little more for small counts; five deviations
      expect(Math.abs(chi - pairs.length)).toBeLessThan(5 * Math.sqrt(2.2 * pairs.length))
    },
  )
})

describe('stages', () => {
  it('part the replay evenly, and their means sum to what is sent', () => {
    const schedule = replayOf(workloadCurve('weekday', 1, { ...PLAIN, compress: 288 }))
    const stages = stagesOf(schedule)
    expect(stages).toHaveLength(10)
    expect(stages[0]!.fromMs).toBe(0)
    expect(stages.at(-1)!.toMs).toBe(schedule.durationMs)
    const planned = stages.reduce((sum, s) => sum + (s.meanRps * (s.toMs - s.fromMs)) / 1000, 0)
    expect(Math.abs(timesOf(schedule).length - planned)).toBeLessThan(5 * Math.sqrt(planned))
  })

  it('are not shorter than a second', () => {
    expect(
      stagesOf(replayOf(workloadCurve('steady', 1, PLAIN), { durationMs: 2500 })),
    ).toHaveLength(2)
    expect(stagesOf(replayOf(workloadCurve('steady', 1, PLAIN), { durationMs: 300 }))).toHaveLength(
      1,
    )
  })
})

describe('the rate limit', () => {
  it('never admits more than so many within any second, and all that fits', () => {
    const gaps = fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { maxLength: 200 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), gaps, (most, waits) => {
        const limit = createRateLimit(most)
        const sent: number[] = []
        let now = 0
        for (const wait of waits) {
          now += wait
          const within = sent.filter((at) => now - at < 1000).length
          const admitted = limit.admit(now)
          expect(admitted).toBe(within < most)
          if (admitted) sent.push(now)
        }
      }),
    )
  })
})

describe('the target', () => {
  it.each(['localhost', '127.0.0.1', '127.1', '127.255.0.9', '[::1]'])(
    '%s is this machine',
    (host) => {
      expect(readTargetUrl(`http://${host}:3000/x`, false).port).toBe('3000')
    },
  )

  it.each([
    'example.com',
    '10.0.0.1',
    '0.0.0.0',
    '128.0.0.1',
    'localhost.example.com',
    '127.0.0.1.example.com',
    '[::ffff:127.0.0.1]',
  ])('%s needs to be allowed', (host) => {
    expect(() => readTargetUrl(`http://${host}/`, false)).toThrow(/--allow-remote/)
    expect(readTargetUrl(`http://${host}/`, true).protocol).toBe('http:')
    expect(isLoopback(new URL(`http://${host}/`).hostname)).toBe(false)
  })

  it.each(['ftp://127.0.0.1', 'nonsense', '/work', 'http://me:pw@127.0.0.1/'])(
    '%s is refused',
    (text) => {
      expect(() => readTargetUrl(text, true)).toThrow(/^target: ".*" is not allowed; allowed:/)
    },
  )

  it('takes headers, but none of the connection itself, and repeats no value', () => {
    expect(readHeaders(['X-Key: a: b ', 'accept:*/*'])).toEqual({ 'x-key': 'a: b', accept: '*/*' })
    for (const line of ['nonsense', ': x', 'Content-Length: 3', 'a b: c', 'x-key: one\r\ntwo: 2'])
      expect(() => readHeaders([line])).toThrow(/^header: /)
    expect(() => readHeaders(['x key: secret'])).not.toThrow(/secret/)
  })
})
