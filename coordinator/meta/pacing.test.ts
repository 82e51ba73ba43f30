/** Pacing against a fleet whose demand curves are known: what a purse must never do, and what the optimum is. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { amountOf, openPurse, type Purse, pace, payFrom, tightest } from './pacing.ts'
import { demandAt, PRICES, priceFor } from './price-ladder.ts'
import { demandUntil, growthOf, learnDemand, openProfile } from './spend-profile.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const DAYS = 30
const SHARES = { reactiveShare: 0.7, tolerance: 0.1 }

/** Demand of `scale` $/hour at no price, falling smoothly to `least` about the price `bend`. */
const curve = (scale: number, least: number, bend: number) =>
  Float64Array.from(PRICES, (price) => least + (scale - least) / (1 + price / bend))

describe('the price ladder', () => {
  it('finds the price of an amount, and the amount of a price', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e4, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        (scale, bend, share) => {
          const demand = curve(scale, 0, bend)
          const money = share * scale
          expect(demandAt(demand, priceFor(demand, money))).toBeCloseTo(money, 6)
        },
      ),
    )
  })
  it('costs nothing when there is enough, and the most when there is none', () => {
    const demand = curve(10, 1, 5)
    expect(priceFor(demand, 10)).toBe(0)
    expect(priceFor(demand, 0.5)).toBe(PRICES.at(-1))
  })
})

describe('the profile of demand', () => {
  const grid = { dayMs: DAY_MS, partsADay: 24, weekDays: 7 }
  const seen = (profile = openProfile(grid), days = 1, of = (hour: number) => hour) => {
    for (let hour = 0; hour < 24 * days; hour++) {
      const demand = curve(of(hour), 0, 1)
      const when = { atMs: hour * HOUR_MS, lastedMs: HOUR_MS }
      learnDemand(profile, { reactive: demand, all: demand }, when)
    }
    return profile
  }
  it('knows nothing before anything was learned', () => {
    expect(demandUntil(openProfile(grid), 0, DAY_MS)).toBeUndefined()
  })
  it('takes an hour that it never saw from the same hour of other days', () => {
    const profile = seen(undefined, 1, (hour) => 1 + (hour % 24))
    const later = demandUntil(profile, 5 * DAY_MS, 6 * DAY_MS)!
    // 1 + 2 + … + 24 $
    expect(later.all[0]).toBeCloseTo(300, 9)
    expect(
      demandUntil(profile, 3 * DAY_MS + 5.5 * HOUR_MS, 3 * DAY_MS + 6.5 * HOUR_MS)!.all[0],
    ).toBe(6.5)
  })
  it('gives newer weeks more weight', () => {
    const now = demandUntil(
      seen(undefined, 7 * 6, (hour) => (hour < 24 * 35 ? 10 : 20)),
      ...ofHour(6 * 7 * 24),
    )!
    expect(now.all[0]!).toBeGreaterThan(12)
    expect(now.all[0]!).toBeLessThan(20)
  })
  it('knows steady growth, and asks for later hours accordingly', () => {
    const growing = (hour: number) =>
      (10 + 4 * Math.sin((2 * Math.PI * hour) / 24)) * 1.01 ** (hour / 24)
    const profile = seen(undefined, 7 * 4, growing)
    for (const hour of [28 * 24 + 5, 40 * 24 + 17])
      expect(demandUntil(profile, ...ofHour(hour))!.all[0]! / growing(hour)).toBeCloseTo(1, 1)
    expect(growthOf(profile) * DAY_MS).toBeCloseTo(Math.log(1.01), 3)
  })
  it('takes days that only scatter for no growth, and too few days too', () => {
    const scattered = (hour: number) => 10 * (1 + (0.2 * ((Math.floor(hour / 24) * 7) % 5)) / 5)
    expect(Math.abs(growthOf(seen(undefined, 7 * 5, scattered)) * DAY_MS)).toBeLessThan(0.004)
    expect(growthOf(seen(undefined, 7 + 5, (hour) => 10 + hour))).toBe(0)
  })
})

const ofHour = (hour: number) => [hour * HOUR_MS, (hour + 1) * HOUR_MS] as const

/** A month of hours in which exactly what the price buys is spent, within the limits. */
function live({
  amount,
  scaleAt,
  least,
  learned,
}: {
  amount: number
  scaleAt: (hour: number) => number
  least: number
  learned: boolean
}) {
  const period = { startMs: 0, endMs: DAYS * DAY_MS, amount }
  const profile = openProfile({ dayMs: DAY_MS, partsADay: 24, weekDays: 7 })
  const demandOf = (hour: number) => curve(Math.max(scaleAt(hour), least), least, 20)
  const learn = (hour: number) => {
    const all = demandOf(hour)
    learnDemand(
      profile,
      { reactive: all.map((x) => x / 2), all },
      {
        ...{ atMs: hour * HOUR_MS, lastedMs: HOUR_MS },
      },
    )
  }
  if (learned) for (let hour = 0; hour < 24 * 14; hour++) learn(hour)
  let purse: Purse = openPurse(period, 0)
  const prices: number[] = []
  for (let hour = 0; hour < 24 * DAYS; hour++) {
    const atMs = hour * HOUR_MS
    const given = { period, purse, profile, atMs, tickMs: HOUR_MS }
    const paced = pace({ ...given, minimumCostPerHour: least, ...SHARES })
    const wanted = demandAt(demandOf(hour), paced.directive.price)
    const cost = Math.max(least, Math.min(wanted, paced.costBudgetPerHour))
    prices.push(paced.directive.price)
    learn(hour)
    purse = payFrom(paced.purse, period, profile, {
      ...{ atMs: atMs + HOUR_MS, lastedMs: HOUR_MS, cost },
      reactiveDemand: demandOf(hour).map((x) => x / 2),
    })
  }
  return { spent: purse.spent, prices }
}

describe('pace', () => {
  it('never spends more than the amount, nor less than 98 % of it where more is wanted, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.record({
          share: fc.double({ min: 0.35, max: 0.95, noNaN: true }),
          swing: fc.double({ min: 0, max: 0.9, noNaN: true }),
          growth: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
          noise: fc.array(fc.double({ min: 0.5, max: 1.5, noNaN: true }), {
            minLength: 97,
            maxLength: 97,
          }),
          learned: fc.boolean(),
        }),
        ({ share, swing, growth, noise, learned }) => {
          const scaleAt = (hour: number) =>
            10 *
            (1 + swing * Math.sin((2 * Math.PI * hour) / 24)) *
            (1 + growth * (hour / (24 * DAYS))) *
            noise[hour % 97]!
          let unpaced = 0
          for (let hour = 0; hour < 24 * DAYS; hour++) unpaced += Math.max(0.5, scaleAt(hour))
          const amount = share * unpaced
          const { spent } = live({ amount, scaleAt, least: 0.5, learned })
          expect(spent).toBeLessThanOrEqual(amount * (1 + 1e-9))
          expect(spent).toBeGreaterThan(0.98 * amount)
        },
      ),
      { numRuns: 10 },
    )
  })

  it('holds one price where the month is as its past was: the clairvoyant one', () => {
    const scaleAt = (hour: number) => 10 + 6 * Math.sin((2 * Math.PI * hour) / 24)
    const amount = 0.8 * 10 * 24 * DAYS
    const { prices, spent } = live({ amount, scaleAt, least: 0.5, learned: true })
    // half a dollar is kept at any price: (amount − 0.5·720) / (7200 − 360) = 1 / (1 + p / 20)
    const best = 20 * ((7200 - 360) / (amount - 360) - 1)
    for (const price of prices.slice(0, -48)) expect(Math.abs(price / best - 1)).toBeLessThan(0.05)
    expect(spent / amount).toBeCloseTo(1, 3)
  })

  it('asks no price while the money lasts for everything', () => {
    const { prices, spent } = live({
      ...{ amount: 1e5, least: 0.5, learned: true },
      scaleAt: () => 10,
    })
    expect(prices.every((price) => price === 0)).toBe(true)
    expect(spent).toBeCloseTo(10 * 24 * DAYS, 6)
  })

  it('of a period that had begun already has the share that is left', () => {
    const period = { startMs: 0, endMs: 10 * DAY_MS, amount: 100 }
    expect(amountOf(period, openPurse(period, 4 * DAY_MS))).toBe(60)
  })

  it('keeps what reactive need is foreseen to take out of reach of the rest', () => {
    const period = { startMs: 0, endMs: DAY_MS, amount: 100 }
    const profile = openProfile({ dayMs: DAY_MS, partsADay: 24, weekDays: 7 })
    const [reactive, all] = [curve(2, 0, 1), curve(9, 0, 1)]
    learnDemand(profile, { reactive, all }, { atMs: 0, lastedMs: HOUR_MS })
    const purse = openPurse(period, 0)
    const given = {
      ...{ period, purse, profile, atMs: 0, tickMs: HOUR_MS, minimumCostPerHour: 0 },
      tolerance: 0.1,
    }
    const { reserve, directive } = pace({ ...given, reactiveShare: 0.7 })
    // 24 hours at 2 $, and a fifth more
    expect(reserve).toBeCloseTo(57.6, 9)
    expect(directive.extraBudgetPerHour).toBeCloseTo(42.4, 9)
    expect(directive.reactivePrice).toBeLessThanOrEqual(directive.price)
    // never more than its share of the amount
    expect(pace({ ...given, reactiveShare: 0.1 }).reserve).toBeCloseTo(10, 9)
  })

  it('two amounts at once: a tick keeps to the tightest of each limit', () => {
    const paced = (price: number, extraBudgetPerHour: number) => ({
      ...{ purse: openPurse({ startMs: 0, endMs: 1, amount: 1 }, 0), reserve: 0 },
      directive: { reactivePrice: price / 2, price, extraBudgetPerHour, tolerance: price / 100 },
      costBudgetPerHour: 3 * extraBudgetPerHour,
    })
    expect(tightest([paced(4, 5), paced(2, 1)])).toEqual({
      directive: { reactivePrice: 2, price: 4, extraBudgetPerHour: 1, tolerance: 0.02 },
      costBudgetPerHour: 3,
    })
  })
})
