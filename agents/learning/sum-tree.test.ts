import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSumTree } from './sum-tree.ts'

const weights = fc.array(
  fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e3, noNaN: true })),
  {
    minLength: 1,
    maxLength: 70,
  },
)

function treeOf(values: readonly number[]) {
  const tree = createSumTree(values.length)
  for (const [index, value] of values.entries()) tree.set(index, value)
  return tree
}

describe('a sum tree', () => {
  it('knows the sum and the least positive weight', () => {
    fc.assert(
      fc.property(weights, (values) => {
        const tree = treeOf(values)
        const sum = values.reduce((a, b) => a + b, 0)
        expect(Math.abs(tree.total() - sum)).toBeLessThanOrEqual(1e-12 * sum)
        expect(tree.least()).toBe(Math.min(...values.filter((value) => value > 0)))
        expect(values.map((_, index) => tree.get(index))).toEqual(values)
      }),
    )
  })

  it('finds where the running sum passes the mass, as a walk along the weights would', () => {
    fc.assert(
      // whole weights are summed without rounding, so both ways must agree exactly
      fc.property(
        fc.array(fc.nat(9), { minLength: 1, maxLength: 70 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (values, part) => {
          const tree = treeOf(values)
          fc.pre(tree.total() > 0)
          const mass = part * tree.total()
          let passed = 0
          const expected = values.findIndex((value) => {
            passed += value
            return mass < passed
          })
          expect(tree.find(mass)).toBe(expected)
        },
      ),
    )
  })

  it('never draws a weight of 0, not even by rounding or with the whole mass', () => {
    fc.assert(
      fc.property(weights, fc.double({ min: 0, max: 1, noNaN: true }), (values, part) => {
        const tree = treeOf(values)
        fc.pre(tree.total() > 0)
        expect(tree.get(tree.find(part * tree.total()))).toBeGreaterThan(0)
      }),
    )
  })

  it('draws in proportion to the weights', () => {
    const tree = treeOf([1, 0, 2, 5])
    const draws = 8_000
    const counts = [0, 0, 0, 0]
    for (let i = 0; i < draws; i++) counts[tree.find(((i + 0.5) / draws) * tree.total())]!++
    expect(counts).toEqual([1_000, 0, 2_000, 5_000])
  })

  it('is a function of its leaves to the bit, whatever was there before and in whatever order', () => {
    fc.assert(
      fc.property(weights, weights, (before, values) => {
        const used = createSumTree(values.length)
        for (const [index, value] of before.entries()) used.set(index % values.length, value)
        for (const index of [...values.keys()].reverse()) used.set(index, values[index]!)
        const fresh = treeOf(values)
        expect([used.total(), used.least()]).toEqual([fresh.total(), fresh.least()])
      }),
    )
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('refuses the weight %d', (weight) => {
    const tree = treeOf([1, 2])
    expect(() => tree.set(0, weight)).toThrow(`weight ${weight}, must be 0 or more`)
    expect(tree.total()).toBe(3)
  })

  it('refuses a leaf that it does not have, and to draw from nothing', () => {
    const tree = createSumTree(3)
    expect(() => tree.set(3, 1)).toThrow('no leaf 3')
    expect(() => tree.find(0)).toThrow('nothing to draw from')
  })
})
