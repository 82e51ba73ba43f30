/** Honesty of the outlook on series whose law is known: what it promises comes as often as it says. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { daysNeeded, fitOutlook, knownDays, PARTS_A_DAY, simulateDays } from './outlook.ts'
import { seededRandom } from './random.ts'

interface Law {
  /** Growth of the load a day, as a share. */
  readonly growth: number
  /** Autocorrelation of the daily level from one day to the next. */
  readonly memory: number
  /** Standard deviation of a day's innovation, as a share. */
  readonly noise: number
  /** Load of the weekend over that of a working day. */
  readonly weekend: number
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

function daysOf({ growth, memory, noise, weekend }: Law, count: number, seed: number) {
  const random = seededRandom(seed)
  let rest = 0
  return Array.from({ length: count }, (_, d) => {
    rest = memory * rest + noise * normal(random)
    const level = 100 * (1 + growth) ** d * (d % 7 >= 5 ? weekend : 1) * Math.exp(rest)
    return Float64Array.from({ length: PARTS_A_DAY }, (_, part) => {
      const shape = 1 - 0.6 * Math.cos((2 * Math.PI * (part - 3)) / PARTS_A_DAY)
      return level * shape * Math.exp(0.03 * normal(random))
    })
  })
}

const peakOf = (parts: Float64Array): number => parts.reduce((a, b) => Math.max(a, b), 0)

/** Daily peaks of many futures, `peaks[path][day]`. */
function peaksAhead(days: readonly Float64Array[], horizonDays: number, paths: number, week = 7) {
  const model = fitOutlook(days, week)!
  const out = new Float64Array(horizonDays * PARTS_A_DAY)
  return Array.from({ length: paths }, (_, path) => {
    simulateDays(model, days.length, horizonDays, seededRandom(path + 1), out)
    return Array.from({ length: horizonDays }, (_, d) =>
      peakOf(out.subarray(d * PARTS_A_DAY, (d + 1) * PARTS_A_DAY)),
    )
  })
}

/** Share of real daily peaks that are below that of the simulated ones at each level, over many series. */
function coverageOf(law: Law, historyDays: number, horizonDays: number, levels: readonly number[]) {
  const below = levels.map(() => 0)
  let count = 0
  for (let seed = 1; seed <= 60; seed++) {
    const all = daysOf(law, historyDays + horizonDays, seed)
    const peaks = peaksAhead(all.slice(0, historyDays), horizonDays, 150)
    for (let d = 0; d < horizonDays; d++) {
      const real = peakOf(all[historyDays + d]!)
      const share = peaks.filter((path) => path[d]! < real).length / peaks.length
      levels.forEach((level, i) => {
        if (share <= level) below[i]!++
      })
      count++
    }
  }
  return below.map((n) => n / count)
}

const STEADY: Law = { growth: 0, memory: 0.3, noise: 0.08, weekend: 1 }

describe('the promised quantiles of the daily peak', () => {
  it.each([
    ['a steady service', STEADY, 28, 30],
    ['growth of 2 % a day', { ...STEADY, growth: 0.02 }, 28, 30],
    ['growth and weekends, from three weeks', { ...STEADY, growth: 0.01, weekend: 0.5 }, 21, 14],
    ['a decline with long memory', { ...STEADY, growth: -0.01, memory: 0.8 }, 42, 14],
    ['a level that wanders', { ...STEADY, memory: 1, noise: 0.05 }, 42, 14],
  ] as const)('hold: %s', (_name, law, historyDays, horizonDays) => {
    const [low, middle, high] = coverageOf(law, historyDays, horizonDays, [0.05, 0.5, 0.95])
    // sixty series of which each is off as a whole or not: a share of 0.9 is known to ± 0.08
    expect(high! - low!).toBeGreaterThan(0.82)
    expect(high! - low!).toBeLessThan(0.98)
    expect(middle!).toBeGreaterThan(0.36)
    expect(middle!).toBeLessThan(0.64)
  })

  it('make probabilities honest: of what is said to come with P, so much comes', () => {
    const law = { ...STEADY, growth: 0.015 }
    const said: { probability: number; came: boolean }[] = []
    for (let seed = 1; seed <= 80; seed++) {
      const all = daysOf(law, 35, seed)
      const peaks = peaksAhead(all.slice(0, 28), 7, 150)
      for (const limit of [220, 250, 280]) {
        for (let d = 0; d < 7; d++)
          said.push({
            probability: peaks.filter((path) => path[d]! > limit).length / peaks.length,
            came: peakOf(all[28 + d]!) > limit,
          })
      }
    }
    for (const [from, to] of [
      [0, 0.2],
      [0.2, 0.5],
      [0.5, 0.8],
      [0.8, 1.01],
    ] as const) {
      const some = said.filter(({ probability: p }) => p >= from && p < to)
      const promised = some.reduce((sum, { probability }) => sum + probability, 0) / some.length
      const came = some.filter((s) => s.came).length / some.length
      expect(some.length).toBeGreaterThan(30)
      expect(Math.abs(came - promised)).toBeLessThan(0.15)
    }
  })
})

describe('an outlook', () => {
  it('sees weekends where there are any', () => {
    const days = daysOf({ ...STEADY, noise: 0.03, weekend: 0.4 }, 28, 4)
    const peaks = peaksAhead(days, 7, 50)
    const mean = (d: number) => peaks.reduce((sum, path) => sum + path[d]!, 0) / peaks.length
    for (const workday of [0, 1, 2, 3, 4])
      for (const weekend of [5, 6]) expect(mean(weekend) / mean(workday)).toBeLessThan(0.6)
  })

  it('is not carried away by one day of outage or one flash crowd', () => {
    const days = daysOf({ ...STEADY, noise: 0.02 }, 28, 5)
    const before = peaksAhead(days, 14, 80)
    const broken = days.map((parts, d) =>
      d === 10 ? parts.map(() => 0) : d === 20 ? parts.map((load) => 8 * load) : parts,
    )
    const after = peaksAhead(broken, 14, 80)
    const middle = (peaks: number[][]) => peaks.map((p) => p[13]!).sort((a, b) => a - b)[40]!
    expect(middle(after) / middle(before)).toBeGreaterThan(0.8)
    expect(middle(after) / middle(before)).toBeLessThan(1.25)
  })

  it('bridges days that are missing, also the newest', () => {
    const days = daysOf({ ...STEADY, noise: 0.02 }, 28, 6)
    const holes = days.map((parts, d) =>
      d % 5 === 3 || d >= 26 ? parts.map(() => Number.NaN) : parts,
    )
    expect(knownDays(holes)).toBe(21)
    const ratio = peaksAhead(holes, 3, 60)[0]![2]! / peaksAhead(days, 3, 60)[0]![2]!
    expect(ratio).toBeGreaterThan(0.8)
    expect(ratio).toBeLessThan(1.25)
  })

  it('is not made from less than a week', () => {
    expect(fitOutlook(daysOf(STEADY, 6, 1), 7)).toBeUndefined()
    expect(daysNeeded(7, 7)).toBe(14)
    expect(daysNeeded(30, 7)).toBe(15)
    expect(daysNeeded(7, 1)).toBe(7)
  })

  it('of any history is finite and never negative, and the same for the same seed', () => {
    const load = fc.oneof(
      fc.constant(0),
      fc.constant(Number.NaN),
      fc.double({ min: 0, max: 1e12, noNaN: true }),
    )
    const anyDay = fc.array(load, { minLength: PARTS_A_DAY, maxLength: PARTS_A_DAY })
    fc.assert(
      fc.property(
        fc.array(anyDay, { minLength: 7, maxLength: 20 }),
        fc.constantFrom(1, 7),
        (history, weekDays) => {
          const days = history.map((parts) => Float64Array.from(parts))
          const model = fitOutlook(days, weekDays)
          if (!model) return
          const out = new Float64Array(30 * PARTS_A_DAY)
          simulateDays(model, days.length, 30, seededRandom(1), out)
          expect(out.every((value) => Number.isFinite(value) && value >= 0)).toBe(true)
          const again = new Float64Array(30 * PARTS_A_DAY)
          simulateDays(model, days.length, 30, seededRandom(1), again)
          expect(again).toEqual(out)
        },
      ),
    )
  })

  it('lets services with equal histories live the same days', () => {
    const days = daysOf(STEADY, 28, 9)
    const double = days.map((parts) => parts.map((load) => 2 * load))
    const [a, b] = [peaksAhead(days, 7, 5), peaksAhead(double, 7, 5)]
    a.forEach((path, p) => {
      path.forEach((peak, d) => {
        expect(b[p]![d]! / peak).toBeCloseTo(2, 6)
      })
    })
  })
})
