/** What each synthetic workload must show, whatever the seed; and that a series is its name, seed and span. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DatasetError } from './dataset-error.ts'
import { syntheticSeries } from './synthetic.ts'
import { MOST_RATE, WorkloadName } from './workload.ts'
import { LEAST_SIZE, TAIL_INDEX } from './workloads/long-tail.ts'
import { firstChange, REGIME_DAYS } from './workloads/regime-change.ts'

const MINUTE_MS = 60_000
const FIVE_MINUTES_MS = 5 * MINUTE_MS
const DAY_STEPS = 288
const seeds = fc.integer({ min: 0, max: 1_000_000 })
const RUNS = { numRuns: 8 }

const of = (name: WorkloadName, seed: number, days: number, stepMs = FIVE_MINUTES_MS) =>
  syntheticSeries(name, { seed, stepMs, days, service: 'search' }).values
const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, v) => sum + v, 0) / values.length
const quantile = (values: Float64Array, level: number) =>
  values.toSorted()[Math.floor(level * (values.length - 1))]!

/** Sample autocorrelation at `lag` (Box & Jenkins, eq. 2.1.12). */
function autocorrelation(values: Float64Array, lag: number): number {
  const m = mean(values)
  const centred = values.map((v) => v - m)
  const variance = centred.reduce((sum, v) => sum + v * v, 0)
  let product = 0
  for (let i = lag; i < centred.length; i++) product += centred[i]! * centred[i - lag]!
  return product / variance
}

/** Means of `parts` equal pieces. */
const pieces = (values: Float64Array, parts: number) =>
  Array.from({ length: parts }, (_, i) => {
    const size = values.length / parts
    return mean(values.subarray(i * size, (i + 1) * size))
  })

/** Share of the variance that the mean day explains. */
function shareOfMeanDay(values: Float64Array): number {
  const days = values.length / DAY_STEPS
  const day = Float64Array.from({ length: DAY_STEPS }, (_, k) =>
    mean(Array.from({ length: days }, (__, d) => values[d * DAY_STEPS + k]!)),
  )
  const m = mean(values)
  const total = values.reduce((sum, v) => sum + (v - m) ** 2, 0)
  return values.reduce((sum, _v, i) => sum + (day[i % DAY_STEPS]! - m) ** 2, 0) / total
}

const always = (check: (seed: number) => void) => fc.assert(fc.property(seeds, check), RUNS)

describe('a synthetic series', () => {
  const span = fc.record({
    name: fc.constantFrom(...WorkloadName.options),
    seed: seeds,
    offsetSteps: fc.integer({ min: 0, max: 500 }),
    steps: fc.integer({ min: 1, max: 300 }),
    stepMs: fc.constantFrom(15_000, MINUTE_MS, FIVE_MINUTES_MS, 3_600_000),
  })

  it('is the same bytes for the same seed, and agrees with itself wherever it is cut', () => {
    fc.assert(
      fc.property(span, ({ name, seed, offsetSteps, steps, stepMs }) => {
        const day = 86_400_000
        const startMs = Date.UTC(2024, 0, 1)
        const options = { seed, stepMs, service: 'search' }
        const whole = { ...options, startMs, days: ((offsetSteps + steps) * stepMs) / day }
        const later = startMs + offsetSteps * stepMs
        const part = syntheticSeries(name, {
          ...options,
          startMs: later,
          days: (steps * stepMs) / day,
        })
        const again = syntheticSeries(name, whole).values
        expect(again).toEqual(syntheticSeries(name, whole).values)
        expect(part.values).toEqual(again.subarray(offsetSteps))
        // a mean of four is rounded
        const most = 100 * MOST_RATE * (1 + 1e-12)
        expect(again.filter((value) => !(value >= 0 && value <= most))).toEqual(new Float64Array(0))
      }),
      { numRuns: 40 },
    )
  })

  it('differs with seed and with service', () => {
    for (const name of WorkloadName.options) {
      const base = { seed: 1, stepMs: FIVE_MINUTES_MS, days: 3 }
      const one = syntheticSeries(name, base).values
      expect(syntheticSeries(name, { ...base, seed: 2 }).values).not.toEqual(one)
      expect(syntheticSeries(name, { ...base, service: 'other' }).values).not.toEqual(one)
    }
  })

  it.each([
    ['nope', {}, /workload: "nope" .*weekday, recurring-peak/],
    ['diurnal', { seed: -1 }, /seed: "-1" .*whole number/],
    ['diurnal', { stepMs: 0 }, /stepMs: "0" .*1 to 86400000/],
    ['diurnal', { days: 1e9 }, /days: "1000000000" .*at most 17361/],
    ['diurnal', { peakRps: Number.NaN }, /peakRps/],
  ])('%s with %j is refused by field, value and what is allowed', (name, change, message) => {
    const make = () =>
      syntheticSeries(name, { seed: 1, stepMs: FIVE_MINUTES_MS, days: 1, ...change })
    expect(make).toThrow(DatasetError)
    expect(make).toThrow(message)
  })
})

describe('what each workload must show', () => {
  it('diurnal: one day explains nearly everything, and no half day does', () => {
    always((seed) => {
      const values = of('diurnal', seed, 14)
      expect(shareOfMeanDay(values)).toBeGreaterThan(0.95)
      expect(autocorrelation(values, DAY_STEPS)).toBeGreaterThan(0.85)
      expect(autocorrelation(values, DAY_STEPS / 2)).toBeLessThan(-0.7)
    })
  })

  it('weekly: a week ago is a much better guide than a day ago, and weekends are low', () => {
    always((seed) => {
      const values = of('weekly', seed, 28)
      const days = pieces(values, 28)
      const daily = Float64Array.from(days)
      // 28 days of which the last 21 have a day a week before: 0.75 is the most that this estimate can be
      expect(autocorrelation(daily, 7)).toBeGreaterThan(0.65)
      for (const lag of [2, 3, 4, 5]) {
        expect(autocorrelation(daily, lag)).toBeLessThan(autocorrelation(daily, 7) - 0.4)
      }
      // the series begins on a Monday
      for (let week = 0; week < 4; week++) {
        const [working, weekend] = [
          days.slice(7 * week, 7 * week + 5),
          days.slice(7 * week + 5, 7 * week + 7),
        ]
        expect(Math.max(...weekend)).toBeLessThan(0.7 * Math.min(...working))
      }
    })
  })

  it('noisy: there is a day in it, but most of the variance is none of its', () => {
    always((seed) => {
      const values = of('noisy', seed, 14, MINUTE_MS)
      expect(autocorrelation(values, 3)).toBeLessThan(0.5)
      const share = shareOfMeanDay(of('noisy', seed, 14))
      expect(share).toBeGreaterThan(0.1)
      expect(share).toBeLessThan(0.65)
    })
  })

  it('bursty: peaks far above the mean, soon over, and no day in them', () => {
    always((seed) => {
      const values = of('bursty', seed, 7, MINUTE_MS)
      expect(Math.max(...values) / mean(values)).toBeGreaterThan(3.5)
      expect(quantile(values, 0.5)).toBeLessThan(0.7 * mean(values))
      expect(autocorrelation(values, 1)).toBeGreaterThan(0.6)
      expect(Math.abs(autocorrelation(values, 60))).toBeLessThan(0.15)
      expect(Math.abs(autocorrelation(values, 1440))).toBeLessThan(0.15)
    })
  })

  it('flash-crowd: triples within ten minutes, and takes hours to go', () => {
    always((seed) => {
      const values = of('flash-crowd', seed, 28, MINUTE_MS)
      // the last hours are left out, so that there is an afterwards
      const rises = Array.from(values.subarray(10, -120), (v, i) => v / values[i]!)
      const rise = rises.indexOf(Math.max(...rises))
      expect(rises[rise]!).toBeGreaterThan(3)
      const falls = Array.from(values.subarray(10), (v, i) => values[i]! / v)
      expect(Math.max(...falls)).toBeLessThan(1.6)
      // an hour after its top a crowd is still there
      const top = Math.max(...values.subarray(rise, rise + 30))
      expect(values[rise + 70]!).toBeGreaterThan(0.4 * top)
      expect(quantile(values, 0.5)).toBeLessThan(35)
    })
  })

  it('bot-attack: up and down within a minute, and flat between', () => {
    always((seed) => {
      const values = of('bot-attack', seed, 21, MINUTE_MS)
      const steps = values.map((v, i) => (i === 0 ? 0 : v - values[i - 1]!))
      const isEdge = (jump: number) => Math.abs(jump) > 12
      const ups = steps.filter((jump) => jump > 12).length
      const downs = steps.filter((jump) => jump < -12).length
      expect(ups).toBeGreaterThanOrEqual(2)
      expect(downs).toBeGreaterThanOrEqual(2)
      // away from edges the load moves by less than a fiftieth of the peak in a minute
      const calm = steps.filter((jump) => !isEdge(jump))
      expect(calm.filter((jump) => Math.abs(jump) > 2).length / calm.length).toBeLessThan(0.01)
    })
  })

  it('long-tail: how often it is large falls off by the power that it is drawn with', () => {
    always((seed) => {
      const values = of('long-tail', seed, 60)
      for (const times of [3, 6, 12]) {
        const share = values.filter((v) => v > 100 * LEAST_SIZE * times).length / values.length
        // 17,280 sizes, of which neighbours are joined over a tenth of their time
        expect(share / times ** -TAIL_INDEX).toBeGreaterThan(0.8)
        expect(share / times ** -TAIL_INDEX).toBeLessThan(1.25)
      }
      expect(mean(values)).toBeGreaterThan(1.6 * quantile(values, 0.5))
    })
  })

  it('night-cycle: the night carries several times the load of the day', () => {
    always((seed) => {
      const hours = pieces(of('night-cycle', seed, 1), 24)
      const night = mean([...hours.slice(0, 4), hours[23]!])
      expect(night).toBeGreaterThan(4 * mean(hours.slice(8, 20)))
    })
  })

  it('regime-change: the means before and after are apart by many times what days differ by', () => {
    always((seed) => {
      const startMs = Date.UTC(1970, 0, 5)
      const change = Math.ceil(firstChange('search', seed))
      const days = change + REGIME_DAYS + 8
      const { values } = syntheticSeries('regime-change', {
        seed,
        startMs,
        days,
        stepMs: FIVE_MINUTES_MS,
        service: 'search',
      })
      const daily = pieces(values, days)
      const before = daily.slice(0, change - 1)
      const between = daily.slice(change, change + REGIME_DAYS - 1)
      const after = daily.slice(change + REGIME_DAYS)
      for (const [one, other] of [
        [before, between],
        [between, after],
      ] as const) {
        const spread = Math.max(...one) - Math.min(...one) + Math.max(...other) - Math.min(...other)
        expect(Math.abs(mean(one) - mean(other))).toBeGreaterThan(3 * spread)
        expect(Math.abs(mean(one) - mean(other))).toBeGreaterThan(20)
      }
    })
  })

  it('failures: nothing at all for ten minutes to an hour, then more than on any other day', () => {
    always((seed) => {
      const values = of('failures', seed, 28, MINUTE_MS)
      const zeros: { from: number; to: number }[] = []
      values.forEach((v, i) => {
        if (v > 0) return
        const last = zeros.at(-1)
        if (last?.to === i) last.to = i + 1
        else zeros.push({ from: i, to: i + 1 })
      })
      expect(zeros.length).toBeGreaterThanOrEqual(3)
      const usualDay = Array.from({ length: 1440 }, (_, k) =>
        quantile(
          Float64Array.from({ length: 28 }, (__, d) => values[d * 1440 + k]!),
          0.5,
        ),
      )
      for (const { from, to } of zeros) {
        if (from === 0 || to + 4 >= values.length) continue // begun before, or not over yet
        expect(to - from).toBeGreaterThanOrEqual(8)
        expect(to - from).toBeLessThanOrEqual(130) // two may touch
        expect(values[to + 3]! / usualDay[(to + 3) % 1440]!).toBeGreaterThan(1.2)
      }
    })
  })
})
