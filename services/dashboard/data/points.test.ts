import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lastValue, merge, POINTS_MAX, pointsOf, preferValue } from './points.ts'

const point = fc.record({
  t: fc.integer({ min: 0, max: 500 }),
  v: fc.option(fc.double({ noNaN: true }), { nil: null }),
})

describe('merge', () => {
  it('keeps points in time order, each time once, whatever the order they come in', () => {
    fc.assert(
      fc.property(fc.array(fc.array(point)), (batches) => {
        let kept: readonly { t: number; v: number | null }[] = []
        for (const batch of batches) kept = merge(kept, batch, 0)
        const times = kept.map(({ t }) => t)
        expect(times).toEqual([...new Set(batches.flat().map(({ t }) => t))].sort((a, b) => a - b))
      }),
    )
  })

  it('drops what is older than the window, also when nothing is added', () => {
    const points = [10, 20, 30].map((t) => ({ t, v: 1 }))
    expect(merge(points, [], 20).map(({ t }) => t)).toEqual([20, 30])
    expect(merge(points, [{ t: 40, v: 1 }], 25).map(({ t }) => t)).toEqual([30, 40])
  })

  it('never grows beyond its bound', () => {
    const many = Array.from({ length: POINTS_MAX + 50 }, (_, t) => ({ t, v: t }))
    const kept = merge([], many, 0)
    expect(kept.length).toBe(POINTS_MAX)
    expect(kept.at(-1)!.t).toBe(POINTS_MAX + 49)
  })

  it('does not let a gap overwrite a value when told to prefer values', () => {
    const kept = merge([{ t: 1, v: 5 }], [{ t: 1, v: null }], 0, preferValue)
    expect(kept).toEqual([{ t: 1, v: 5 }])
  })
})

describe('pointsOf', () => {
  it('puts a value at the end of its step and leaves out steps that have not ended', () => {
    const view = { startMs: 1000, stepMs: 100, values: [1, null, 3, 4] }
    expect(pointsOf(view, 1300)).toEqual([
      { t: 1100, v: 1 },
      { t: 1200, v: null },
      { t: 1300, v: 3 },
    ])
  })

  it('does not take "nothing yet" at either end for a gap', () => {
    const view = { startMs: 0, stepMs: 1, values: [null, 2, null, 4, null] }
    expect(pointsOf(view, 10).map(({ v }) => v)).toEqual([2, null, 4])
    expect(pointsOf({ ...view, values: [null, null] }, 10)).toEqual([])
  })
})

it('lastValue skips gaps', () => {
  expect(
    lastValue([
      { t: 1, v: 7 },
      { t: 2, v: null },
    ]),
  ).toBe(7)
  expect(lastValue([])).toBeNull()
})
