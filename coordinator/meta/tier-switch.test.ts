/** When to change: never far from the best sequence of tiers in hindsight, whatever the costs and the forecasts. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dueTier, followRegret, openStanding, type TierRow } from './tier-switch.ts'

const CHANGE = 1
const MOST = 0.5

/** $ of the rule over hours of costs, changes with them. `foresee`: what it is told of the window ahead. */
function live(
  costs: readonly (readonly number[])[],
  trust: number,
  foresee: (hour: number) => readonly number[],
): { paid: number; changes: number } {
  let standing = openStanding('0', 0)
  let [paid, changes] = [0, 0]
  costs.forEach((hour, k) => {
    const ahead = foresee(k)
    const rows = hour.map(
      (seenPerHour, i): TierRow => ({
        ...{ tier: `${i}`, seenPerHour, expectedPerHour: ahead[i]! },
        switchCost: `${i}` === standing.tier ? 0 : CHANGE,
      }),
    )
    paid += hour[Number(standing.tier)]!
    standing = followRegret(standing, rows, 1)
    const to = dueTier(standing, rows, { trust, margin: 1, windowHours: 24 })
    if (to === undefined) return
    standing = openStanding(to, k)
    paid += CHANGE
    changes++
  })
  return { paid, changes }
}

/** The least that any sequence of tiers pays: by dynamic programming. */
function hindsight(costs: readonly (readonly number[])[]): number {
  let least: number[] = costs[0]!.map((_, i) => (i === 0 ? 0 : CHANGE))
  for (const hour of costs) {
    const paid = least.map((sum, i) => sum + hour[i]!)
    const cheapest = Math.min(...paid)
    least = paid.map((sum) => Math.min(sum, cheapest + CHANGE))
  }
  return Math.min(...least)
}

const twoTiers = fc.array(
  fc.tuple(
    fc.double({ min: 0, max: MOST, noNaN: true }),
    fc.double({ min: 0, max: MOST, noNaN: true }),
  ),
  { minLength: 10, maxLength: 300 },
)
const told = fc.array(fc.tuple(fc.constantFrom(0, 0.1, 1), fc.constantFrom(0, 0.1, 1)), {
  minLength: 300,
  maxLength: 300,
})

describe('a change of tier', () => {
  /*
   * Between two changes of the rule the present tier costs at most `due` (and one step) more than the other over any stretch,
   * and over two such phases any sequence pays min(CHANGE, due) for staying or going. With due from trust·CHANGE to CHANGE/trust
   * that bounds the rule by a constant times hindsight.
   */
  it('costs a bounded multiple of hindsight, whatever the forecasts say', () => {
    fc.assert(
      fc.property(twoTiers, told, fc.constantFrom(1, 0.5), (costs, ahead, trust) => {
        const { paid } = live(costs, trust, (k) => ahead[k]!)
        const due = CHANGE / trust + MOST
        const phase = trust * CHANGE
        const bound = (1 + due * (2 / phase + 1) + (2 * CHANGE) / phase) * hindsight(costs)
        expect(paid).toBeLessThanOrEqual(bound + 2 * (due + CHANGE))
      }),
    )
  })
  it('is made early where a right forecast says so, and late where it does not', () => {
    const cheaper = Array.from({ length: 100 }, () => [0.5, 0.25] as const)
    const right = live(cheaper, 0.5, () => [0.5, 0.25])
    const wrong = live(cheaper, 0.5, () => [0.25, 0.5])
    expect(right.changes).toBe(1)
    expect(wrong.changes).toBe(1)
    // half the price of a change is waited for, or twice it: 2 hours or 8 at a quarter of a dollar
    expect(right.paid).toBeCloseTo(2 * 0.5 + CHANGE + 98 * 0.25)
    expect(wrong.paid).toBeCloseTo(8 * 0.5 + CHANGE + 92 * 0.25)
  })
  it('is not made for what is cheaper for an hour, nor for what costs as much', () => {
    const inTurns = Array.from({ length: 200 }, (_, k) => (k % 2 ? [0.4, 0.2] : [0.2, 0.4]))
    expect(live(inTurns, 0.5, () => [0.3, 0.3]).changes).toBe(0)
    const same = Array.from({ length: 200 }, () => [0.3, 0.3])
    expect(live(same, 0.5, () => [1, 0]).changes).toBe(0)
  })
  it('does not hang on what is not known', () => {
    const rows = (seen: number): TierRow[] => [
      { tier: '0', seenPerHour: seen, expectedPerHour: Number.NaN, switchCost: 0 },
      { tier: '1', seenPerHour: 0, expectedPerHour: Number.NaN, switchCost: CHANGE },
    ]
    const blind = followRegret(openStanding('0', 0), rows(Number.NaN), 1)
    expect(blind.regrets).toEqual({ 1: 0 })
    // without a forecast the measured regret decides, later
    const later = followRegret(blind, rows(1), 1.9)
    expect(dueTier(later, rows(1), { trust: 0.5, margin: 1, windowHours: 24 })).toBeUndefined()
    const due = followRegret(later, rows(1), 0.2)
    expect(dueTier(due, rows(1), { trust: 0.5, margin: 1, windowHours: 24 })).toBe('1')
  })
})
