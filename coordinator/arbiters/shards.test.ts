/** Shards that exchange only prices and spends, against the arbiter that sees all services at once. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PRICES } from '../meta/price-ladder.ts'
import { demandOf } from './demand.ts'
import { fund } from './shadow-price.ts'
import { claimOf, splitBudget } from './shards.ts'
import type { FundingRequest } from './steps.ts'

interface Row {
  readonly steps: readonly number[]
  readonly price: number
  readonly weight: number
}

const anyRow: fc.Arbitrary<Row> = fc.record({
  steps: fc.array(fc.double({ min: 0.01, max: 50, noNaN: true }), { minLength: 1, maxLength: 5 }),
  price: fc.constantFrom(0.05, 0.1, 0.25),
  weight: fc.constantFrom(1, 3),
})

function requestOf(rows: readonly Row[]): FundingRequest {
  const curves = rows.map(({ steps }) => {
    const falling = steps.toSorted((a, b) => b - a)
    let left = falling.reduce((sum, step) => sum + step, 0)
    return Float64Array.from([left, ...falling.map((step) => (left -= step))])
  })
  const none = new Int32Array(rows.length)
  return {
    from: none,
    to: Int32Array.from(rows, (row) => row.steps.length),
    held: none,
    pricePerReplicaHour: Float64Array.from(rows, (row) => row.price),
    weight: Float64Array.from(rows, (row) => row.weight),
    loss: (i) => curves[i]!,
  }
}

const lossOf = (request: FundingRequest, granted: Int32Array) =>
  granted.reduce((sum, n, i) => sum + request.weight[i]! * request.loss(i)[n]!, 0)

const demandAt = (rows: readonly Row[]) => ({
  least: 0,
  spend: demandOf([{ request: requestOf(rows) }], PRICES),
})

describe('one budget for shards', () => {
  const shards = fc.array(fc.array(anyRow, { minLength: 15, maxLength: 40 }), {
    minLength: 2,
    maxLength: 4,
  })

  it('is never overspent, and buys nearly what one arbiter over all services would', () => {
    fc.assert(
      fc.property(shards, fc.double({ min: 0.1, max: 0.9, noNaN: true }), (parts, share) => {
        const whole = requestOf(parts.flat())
        const most = parts.flat().reduce((sum, r) => sum + r.steps.length * r.price, 0)
        const budget = share * most
        const { budgets } = splitBudget(parts.map(demandAt), budget)
        expect(budgets.reduce((sum, b) => sum + b, 0)).toBeLessThanOrEqual(budget + 1e-6)

        const requests = parts.map(requestOf)
        const spent = requests.map((request, i) => fund(request, budgets[i]!))
        const loss = requests.reduce(
          (sum, request, i) => sum + lossOf(request, spent[i]!.granted),
          0,
        )
        const { granted, shadowPrice } = fund(whole, budget)
        // what cannot be had: each shard's last replica, and the ladder's coarseness about the price
        const rung = ladderRatio()
        const ceiling = Math.max(shadowPrice, ...spent.map((s) => s.shadowPrice)) * rung
        const slack = ceiling * (parts.length * 0.25 + budget * (rung - 1))
        expect(loss).toBeLessThanOrEqual(lossOf(whole, granted) + slack + 1e-6)
      }),
      { numRuns: 200 },
    )
  })

  it('goes to those whose next dollar avoids most, whatever the others are', () => {
    const rich = Array.from({ length: 10 }, (): Row => ({ steps: [50, 40], price: 0.1, weight: 1 }))
    const poor = Array.from({ length: 10 }, (): Row => ({ steps: [1, 0.5], price: 0.1, weight: 1 }))
    const { budgets } = splitBudget([demandAt(rich), demandAt(poor)], 2)
    expect(budgets[0]).toBeCloseTo(2, 9)
    expect(budgets[1]).toBeCloseTo(0, 9)
  })

  it('that all can pay is handed out whole; one below what must run leaves each its least', () => {
    const demand = (least: number) => ({ least, spend: new Float64Array(PRICES.length).fill(1) })
    expect(splitBudget([demand(1), demand(1)], 6)).toMatchObject({ budgets: [3, 3], step: 0 })
    expect(splitBudget([demand(5), demand(5)], 6).budgets).toEqual([5, 5])
  })
})

/** Of neighbouring prices on the ladder. */
function ladderRatio(): number {
  let most = 1
  for (let k = 2; k < PRICES.length; k++) most = Math.max(most, PRICES[k]! / PRICES[k - 1]!)
  return most
}

describe('claims', () => {
  it('never sum up to more than the budget, whoever is silent, in whatever order, for any demand', () => {
    const turn = fc.record({
      who: fc.integer({ min: 0, max: 2 }),
      wants: fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 3, maxLength: 3 }),
      releases: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 60 }), (turns) => {
        const budget = 9
        const held = [0, 0, 0]
        const running = [0, 0, 0]
        for (const { who, wants, releases } of turns) {
          const demands = wants.map((want) => ({
            least: 0,
            spend: PRICES.map((price) => want / (1 + price)),
          }))
          const target = splitBudget(demands, budget).budgets[who]!
          const others = held.reduce((sum, h, i) => (i === who ? sum : sum + h), 0)
          held[who] = claimOf({ target, running: running[who]!, held: held[who]!, others, budget })
          expect(held.reduce((sum, h) => sum + h, 0)).toBeLessThanOrEqual(budget + 1e-9)
          // replicas end in their own time; new ones are never more than what is held
          running[who] = Math.max(held[who]! * releases, Math.min(running[who]!, held[who]!))
          expect(running[who]).toBeLessThanOrEqual(held[who]! + 1e-9)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('of a shard that is asked to give up what it still runs goes down with its replicas', () => {
    const base = { target: 2, held: 6, others: 4, budget: 10 }
    expect(claimOf({ ...base, running: 6 })).toBe(6)
    expect(claimOf({ ...base, running: 3 })).toBe(3)
    expect(claimOf({ ...base, running: 1 })).toBe(2)
  })

  it('rises only into what nobody holds', () => {
    const base = { target: 8, running: 2, held: 2, budget: 10 }
    expect(claimOf({ ...base, others: 5 })).toBe(5)
    expect(claimOf({ ...base, others: 8 })).toBe(2)
    expect(claimOf({ ...base, others: 0 })).toBe(8)
  })
})
