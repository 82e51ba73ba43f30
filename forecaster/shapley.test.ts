/** Shapley's axioms hold, and values known in closed form come out. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from './random.ts'
import { meanImportance, rowByRow, type ShapleyOptions, shapleyValues } from './shapley.ts'

const oneByOne = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ name: `x${i}`, features: [i] }))
const sampling = (seed: number): ShapleyOptions => ({
  mostExact: 0,
  orderPairs: 200,
  random: seededRandom(seed),
})

/** Not linear, with interactions. */
const bent = (v: Float64Array): number =>
  v[0]! * v[1]! + Math.sin(v[2]!) * (v[3]! - 1) ** 2 - Math.abs(v[0]! - v[3]!)

const number = fc.double({ min: -5, max: 5, noNaN: true })
const row = fc.array(number, { minLength: 5, maxLength: 5 }).map((v) => Float64Array.from(v))
const background = fc.array(row, { minLength: 1, maxLength: 6 })
const both = fc.constantFrom<ShapleyOptions>({}, sampling(3))

describe('Shapley values', () => {
  it('sum to f(x) less the mean of f over the background, whether exact or sampled', () => {
    fc.assert(
      fc.property(row, background, both, (x, rows, options) => {
        const { output, expected, values } = shapleyValues(
          rowByRow(bent),
          x,
          rows,
          oneByOne(5),
          options,
        )
        expect(output).toBeCloseTo(bent(x), 9)
        expect(expected).toBeCloseTo(rows.reduce((sum, r) => sum + bent(r), 0) / rows.length, 9)
        expect(values.reduce((sum, v) => sum + v, 0)).toBeCloseTo(output - expected, 8)
      }),
    )
  })

  it('give nothing to an input that f does not look at', () => {
    fc.assert(
      fc.property(row, background, both, (x, rows, options) => {
        expect(shapleyValues(rowByRow(bent), x, rows, oneByOne(5), options).values[4]).toBeCloseTo(
          0,
          12,
        )
      }),
    )
  })

  it('give the same to inputs that do the same', () => {
    const f = (v: Float64Array): number => Math.exp(0.2 * (v[0]! + v[1]!)) * v[2]!
    fc.assert(
      fc.property(row, number, number, (x, a, b) => {
        x[0] = a
        x[1] = a
        const { values } = shapleyValues(
          rowByRow(f),
          x,
          [Float64Array.of(b, b, 1, 0, 0)],
          oneByOne(5),
        )
        expect(values[0]).toBeCloseTo(values[1]!, 9)
      }),
    )
  })

  it('of a linear f are coefficient · (x − mean of the background)', () => {
    const coefficients = [2, -1, 0.5, 3, 0]
    const f = (v: Float64Array): number => coefficients.reduce((sum, c, i) => sum + c * v[i]!, 7)
    fc.assert(
      fc.property(row, background, (x, rows) => {
        const { values } = shapleyValues(rowByRow(f), x, rows, oneByOne(5))
        coefficients.forEach((c, i) => {
          const mean = rows.reduce((sum, r) => sum + r[i]!, 0) / rows.length
          expect(values[i]).toBeCloseTo(c * (x[i]! - mean), 8)
        })
      }),
    )
  })

  it('of a product share the interaction evenly', () => {
    // f = ab from (0, 0) to (3, 4): each order gives all 12 to the one told last
    const { values } = shapleyValues(
      rowByRow((v) => v[0]! * v[1]!),
      Float64Array.of(3, 4),
      [new Float64Array(2)],
      oneByOne(2),
    )
    expect([...values]).toEqual([6, 6])
  })

  it('of the glove game (one left, two right) are 2/3, 1/6, 1/6', () => {
    // a pair is worth 1 (Roth 1988, The Shapley Value, ch. 1)
    const f = (v: Float64Array): number => Math.min(v[0]!, v[1]! + v[2]!)
    const { values } = shapleyValues(
      rowByRow(f),
      Float64Array.of(1, 1, 1),
      [new Float64Array(3)],
      oneByOne(3),
    )
    expect([...values]).toEqual([
      expect.closeTo(2 / 3, 12),
      expect.closeTo(1 / 6, 12),
      expect.closeTo(1 / 6, 12),
    ])
  })

  it('of groups go to the group as a whole', () => {
    const groups = [
      { name: 'pair', features: [0, 1] },
      { name: 'third', features: [2] },
    ]
    const f = (v: Float64Array): number => v[0]! * v[1]! + v[2]!
    const { values } = shapleyValues(
      rowByRow(f),
      Float64Array.of(3, 4, 5),
      [new Float64Array(3)],
      groups,
    )
    expect([...values]).toEqual([12, 5])
  })

  it('sampled come near to the exact ones, and are the same for the same seed', () => {
    const random = seededRandom(8)
    const draw = () => Float64Array.from({ length: 5 }, () => 4 * random() - 2)
    for (let i = 0; i < 20; i++) {
      const x = draw()
      const rows = [draw(), draw(), draw()]
      const exact = shapleyValues(rowByRow(bent), x, rows, oneByOne(5))
      const one = shapleyValues(rowByRow(bent), x, rows, oneByOne(5), sampling(3))
      expect(one).toEqual(shapleyValues(rowByRow(bent), x, rows, oneByOne(5), sampling(3)))
      one.values.forEach((v, g) => {
        expect(Math.abs(v - exact.values[g]!)).toBeLessThan(0.5)
      })
    }
  })

  it('need a background, and chance where there are many groups', () => {
    const x = new Float64Array(12)
    expect(() =>
      shapleyValues(
        rowByRow(() => 1),
        x,
        [],
        oneByOne(12),
      ),
    ).toThrow('background')
    expect(() =>
      shapleyValues(
        rowByRow(() => 1),
        x,
        [x],
        oneByOne(12),
      ),
    ).toThrow('chance')
  })
})

describe('importance', () => {
  it('is the mean size of the values', () => {
    const of = (...values: number[]) => ({
      output: 0,
      expected: 0,
      values: Float64Array.from(values),
    })
    expect([...meanImportance([of(1, -2), of(-3, 0)])]).toEqual([2, 1])
  })
})
