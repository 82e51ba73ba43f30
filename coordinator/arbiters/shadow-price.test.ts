import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fund as fundColumns } from './shadow-price.ts'

/** One service's row; the arbiter takes columns. */
interface Row {
  readonly from: number
  readonly to: number
  readonly held?: number
  readonly pricePerReplicaHour: number
  readonly weight: number
  readonly loss: () => Float64Array
}

const fund = (rows: readonly Row[], budget: number) =>
  fundColumns(
    {
      from: Int32Array.from(rows, (r) => r.from),
      to: Int32Array.from(rows, (r) => r.to),
      held: Int32Array.from(rows, (r) => r.held ?? r.from),
      pricePerReplicaHour: Float64Array.from(rows, (r) => r.pricePerReplicaHour),
      weight: Float64Array.from(rows, (r) => r.weight),
      loss: (i) => rows[i]!.loss(),
    },
    budget,
  )

/** A falling convex curve from its steps. */
function curve(steps: readonly number[]): Float64Array {
  const falling = [...steps].sort((a, b) => b - a)
  const total = falling.reduce((sum, s) => sum + s, 0)
  let left = total
  return Float64Array.from([total, ...falling.map((s) => (left -= s))])
}

const request = fc
  .record({
    from: fc.integer({ min: 0, max: 3 }),
    steps: fc.array(fc.double({ min: 0.001, max: 50, noNaN: true }), { maxLength: 4 }),
    pricePerReplicaHour: fc.constantFrom(0.05, 0.1, 0.25),
    weight: fc.constantFrom(1, 3),
  })
  .map(
    ({ from, steps, ...rest }): Row => ({
      ...rest,
      from,
      to: from + steps.length,
      loss: () => curve(steps),
    }),
  )

const anyCurve = request.map(({ loss, ...row }): Row => {
  const [most = 0, ...rest] = loss()
  const falls = rest.map((value, i) => (loss()[i] ?? most) - value)
  // the same falls in the other order: a flat start hides what comes later
  const turned = falls.toReversed()
  let left = most
  const values = Float64Array.from([most, ...turned.map((fall) => (left -= fall))])
  return { ...row, loss: () => values }
})

/** Least weighted loss + price · cost of one row. */
function leastAt(r: Row, price: number): number {
  const totals = Array.from(
    r.loss(),
    (loss, k) => r.weight * loss + price * k * r.pricePerReplicaHour,
  )
  return Math.min(...totals)
}

const lossAt = (r: Row, replicas: number) => r.weight * r.loss()[replicas - r.from]!

/** Least weighted loss over every affordable combination. */
function bestByTrial(requests: readonly Row[], budget: number): number {
  const [first, ...rest] = requests
  if (!first) return 0
  let best = Number.POSITIVE_INFINITY
  for (let replicas = first.from; replicas <= first.to; replicas++) {
    const cost = (replicas - first.from) * first.pricePerReplicaHour
    if (cost > budget + 1e-9) break
    best = Math.min(best, lossAt(first, replicas) + bestByTrial(rest, budget - cost))
  }
  return best
}

describe('fund', () => {
  it.each([
    ['convex curves', request],
    ['any falling curves', anyCurve],
  ])(
    'finds the best of all combinations of a few services, and never overspends: %s',
    (_, rows) => {
      fc.assert(
        fc.property(
          fc.array(rows, { maxLength: 5 }),
          fc.double({ min: 0, max: 2, noNaN: true }),
          (requests, budget) => {
            const { granted, spent } = fund(requests, budget)
            const loss = requests.reduce((sum, r, i) => sum + lossAt(r, granted[i]!), 0)
            expect(spent).toBeLessThanOrEqual(budget + 1e-6)
            expect(loss).toBeCloseTo(bestByTrial(requests, budget), 6)
          },
        ),
        { numRuns: 2000 },
      )
    },
  )

  it('loses little more than halved replicas would, where there are many services', () => {
    fc.assert(
      fc.property(
        fc.array(request, { minLength: 60, maxLength: 120 }),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        (requests, budget) => {
          const { granted, spent, shadowPrice } = fund(requests, budget)
          const loss = requests.reduce((sum, r, i) => sum + lossAt(r, granted[i]!), 0)
          // no combination is better than the Lagrangian at any price (weak duality)
          const bound = requests.reduce((sum, r) => sum + leastAt(r, shadowPrice), 0)
          const relaxed = bound - shadowPrice * budget
          const dearest = Math.max(...requests.map((r) => r.pricePerReplicaHour))
          expect(spent).toBeLessThanOrEqual(budget + 1e-6)
          expect(loss).toBeGreaterThanOrEqual(relaxed - 1e-6)
          expect(loss).toBeLessThanOrEqual(relaxed + shadowPrice * dearest + 1e-6)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('spends where the next dollar avoids most loss, and names the density of what it could not pay', () => {
    // steps avoid 30, 10 at 0.1 $/h (densities 300, 100) and 20, 5 at 0.1 $/h (200, 50); 0.25 $/h buys two
    const requests: Row[] = [
      {
        from: 1,
        to: 3,
        pricePerReplicaHour: 0.1,
        weight: 1,
        loss: () => Float64Array.of(40, 10, 0),
      },
      {
        from: 1,
        to: 3,
        pricePerReplicaHour: 0.1,
        weight: 1,
        loss: () => Float64Array.of(25, 5, 0),
      },
    ]
    const { granted, shadowPrice } = fund(requests, 0.25)
    expect([...granted]).toEqual([2, 2])
    expect(shadowPrice).toBeCloseTo(100, 9)
  })

  it('asks a price of nothing when all is paid', () => {
    const requests: Row[] = [
      { from: 0, to: 2, pricePerReplicaHour: 0.5, weight: 1, loss: () => Float64Array.of(9, 1, 0) },
    ]
    expect(fund(requests, 1)).toMatchObject({ shadowPrice: 0, spent: 1 })
  })

  it('sees a steep later step behind a flat first one', () => {
    // alone the first step of a avoids 0; pooled with the second, (0 + 100) / 2 beats b's 20
    const requests: Row[] = [
      {
        from: 0,
        to: 2,
        pricePerReplicaHour: 0.1,
        weight: 1,
        loss: () => Float64Array.of(100, 100, 0),
      },
      {
        from: 0,
        to: 2,
        pricePerReplicaHour: 0.1,
        weight: 1,
        loss: () => Float64Array.of(40, 20, 0),
      },
    ]
    expect([...fund(requests, 0.2).granted]).toEqual([2, 0])
  })

  it('does not spend on half of what saves nothing, while something whole can be had', () => {
    // a saves 90 only with all three; b saves 20 with one. 0.2 $/h carries two steps: b, and one of change
    const rows: Row[] = [
      {
        from: 1,
        to: 4,
        pricePerReplicaHour: 0.1,
        weight: 1,
        loss: () => Float64Array.of(90, 90, 90, 0),
      },
      { from: 1, to: 2, pricePerReplicaHour: 0.1, weight: 1, loss: () => Float64Array.of(20, 0) },
    ]
    expect([...fund(rows, 0.2).granted]).toEqual([2, 2])
    expect([...fund(rows, 0.3).granted]).toEqual([4, 1])
  })

  it('leaves no money that would still pay a step, whatever little it avoids: what forecasts get is what is left', () => {
    // steps that avoid nothing lie before, between and behind those that do: where bursts saturate a service
    const flat = fc
      .record({
        from: fc.integer({ min: 0, max: 3 }),
        falls: fc.array(fc.constantFrom<number[]>(0, 0, 1e-9, 0.001, 1, 20), { maxLength: 6 }),
        pricePerReplicaHour: fc.constantFrom(0.05, 0.1, 0.37),
        weight: fc.constantFrom(1, 3),
      })
      .map(({ from, falls, ...rest }): Row => {
        let left = falls.reduce((sum, fall) => sum + fall, 0)
        const values = Float64Array.from([left, ...falls.map((fall) => (left -= fall))])
        return { ...rest, from, to: from + falls.length, loss: () => values }
      })
    fc.assert(
      fc.property(
        fc.array(flat, { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0, max: 3, noNaN: true }),
        (rows, budget) => {
          const { granted, spent } = fund(rows, budget)
          const unpaid = rows.filter((row, i) => granted[i]! < row.to)
          const cheapest = Math.min(...unpaid.map((row) => row.pricePerReplicaHour))
          expect(spent + cheapest).toBeGreaterThan(budget)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('leaves a running replica where it is for a gain too small to pay a start-up', () => {
    const row = (gain: number, held: number): Row => ({
      from: 1,
      to: 2,
      held,
      pricePerReplicaHour: 0.1,
      weight: 1,
      loss: () => Float64Array.of(gain, 0),
    })
    expect([...fund([row(20, 1), row(19, 2)], 0.1).granted]).toEqual([1, 2])
    expect([...fund([row(30, 1), row(19, 2)], 0.1).granted]).toEqual([2, 1])
  })

  it('buys nothing with nothing, and nothing with debt', () => {
    const requests: Row[] = [
      {
        from: 2,
        to: 5,
        pricePerReplicaHour: 0.1,
        weight: 1,
        loss: () => Float64Array.of(3, 2, 1, 0),
      },
    ]
    expect([...fund(requests, 0).granted]).toEqual([2])
    expect([...fund(requests, -1).granted]).toEqual([2])
  })
})
