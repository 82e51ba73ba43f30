/** Cleaning and resampling against a plain reference, and what each rule must keep true for any readings. */
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { clean, resample } from './clean.ts'
import { AGGREGATIONS, type Aggregation, describeColumn, groupCells } from './danfo.ts'
import { markOutliers } from './outliers.ts'
import type { Readings } from './readings.ts'

// danfojs takes seconds to load
beforeAll(() => import('danfojs-node'), 60_000)

const STEP_MS = 1000
const readingsOf = (rows: readonly (readonly [number, number])[]): Readings => ({
  service: 'a',
  metric: 'm',
  atMs: Float64Array.from(rows, ([at]) => at),
  values: Float64Array.from(rows, ([, value]) => value),
})
const value = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 1000 }).map((v) => v / 8) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, -1, Number.POSITIVE_INFINITY, 1e305, 0) },
)
const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), value), {
  minLength: 1,
  maxLength: 60,
})
const RUNS = { numRuns: 60 }

/** What the rules say, written as plainly as possible. */
function reference(input: readonly (readonly [number, number])[], by: Aggregation) {
  const largest = new Map<number, number>()
  for (const [at, v] of input) {
    if (v >= 0 && v <= 1e300) largest.set(at, Math.max(v, largest.get(at) ?? 0))
  }
  const sorted = [...largest].sort(([a], [b]) => a - b)
  const start = Math.floor(sorted[0]![0] / STEP_MS)
  const cells: number[][] = []
  for (const [at, v] of sorted) {
    const cell = Math.floor(at / STEP_MS) - start
    cells[cell] = [...(cells[cell] ?? []), v]
  }
  const join: Record<Aggregation, (cell: number[]) => number> = {
    mean: (cell) => cell.reduce((sum, v) => sum + v, 0) / cell.length,
    sum: (cell) => cell.reduce((sum, v) => sum + v, 0),
    max: (cell) => Math.max(...cell),
    last: (cell) => cell.at(-1)!,
  }
  return {
    startMs: start * STEP_MS,
    values: Array.from(cells, (cell) => (cell ? join[by](cell) : Number.NaN)),
  }
}

describe('cleaning', () => {
  it.each(AGGREGATIONS)('by %s is what the rules say, in any order of arrival', async (by) => {
    await fc.assert(
      fc.asyncProperty(rows, async (input) => {
        fc.pre(input.some(([, v]) => v >= 0 && v <= 1e300))
        const { series } = await clean(readingsOf(input), { stepMs: STEP_MS, by })
        const expected = reference(input, by)
        expect(series.startMs).toBe(expected.startMs)
        expect([...series.values]).toEqual(expected.values)
        const turned = await clean(readingsOf(input.toReversed()), { stepMs: STEP_MS, by })
        expect(turned.series).toEqual(series)
      }),
      RUNS,
    )
  })

  it('accounts for every reading and every step', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (input) => {
        fc.pre(input.some(([, v]) => v >= 0 && v <= 1e300))
        const { series, outliers, report } = await clean(readingsOf(input), { stepMs: STEP_MS })
        const { untimed, missing, infinite, negative, duplicates, kept, merged } = report
        expect(report.readings).toBe(input.length)
        expect(untimed + missing + infinite + negative + duplicates + kept).toBe(input.length)
        expect(merged + report.steps - report.gaps).toBe(kept)
        expect(report.steps).toBe(series.values.length)
        expect(report.gaps).toBe(series.values.filter(Number.isNaN).length)
        expect(report.outliers).toBe(outliers.filter((mark) => mark === 1).length)
        expect(missing).toBe(input.filter(([, v]) => Number.isNaN(v)).length)
        expect(negative).toBe(input.filter(([, v]) => v < 0).length)
        expect(infinite).toBe(input.filter(([, v]) => v > 1e300).length)
      }),
      RUNS,
    )
  })

  it('counts each kind of fault once, as in this file of faults', async () => {
    const { series, report } = await clean(
      readingsOf([
        [0, 4],
        [3000, 8],
        [1000, 6], // out of order
        [3000, 9], // duplicate: the larger stays
        [3400, 3], // merged into the step of 3000
        [4000, Number.NaN],
        [5000, -2],
        [6000, Number.POSITIVE_INFINITY],
        [Number.NaN, 7],
        [7999, 1],
      ]),
      { stepMs: STEP_MS },
    )
    expect([...series.values]).toEqual([4, 6, NaN, 6, NaN, NaN, NaN, 1])
    expect(report).toMatchObject({
      readings: 10,
      untimed: 1,
      missing: 1,
      infinite: 1,
      negative: 1,
      duplicates: 1,
      outOfOrder: 1,
      kept: 5,
      merged: 1,
      steps: 8,
      gaps: 4,
      outliers: 0,
    })
    expect(report.summary).toMatchObject({ count: 4, mean: 4.25, min: 1, median: 5, max: 6 })
  })

  it('leaves a clean series as it is', async () => {
    const input = Array.from({ length: 50 }, (_, i) => [i * STEP_MS, 5 + Math.sin(i)] as const)
    for (const by of AGGREGATIONS) {
      const { series } = await clean(readingsOf(input), { stepMs: STEP_MS, by })
      expect([...series.values]).toEqual(input.map(([, v]) => v))
    }
  })

  it('is linear: a cell may span blocks of rows, and 40,000 rows take no minute', async () => {
    const n = 40_000
    const values = Float64Array.from({ length: n }, (_, i) => i % 97)
    const cells = Float64Array.from({ length: n }, (_, i) => (i < 9000 ? 0 : Math.floor(i / 5)))
    const cellCount = n / 5
    const first = values.subarray(0, 9000)
    const firstSum = first.reduce((sum, v) => sum + v, 0)
    const of = async (by: Aggregation) => (await groupCells(cells, values, { by, cellCount }))[0]
    const started = performance.now()
    expect(await of('sum')).toBe(firstSum)
    expect(performance.now() - started).toBeLessThan(15_000)
    expect(await of('mean')).toBeCloseTo(firstSum / 9000, 9)
    expect(await of('max')).toBe(96)
    expect(await of('last')).toBe(first.at(-1))
  }, 90_000)

  it.each([
    [[[0, -1]], {}, /m: "no usable reading"/],
    [[[0, 1]], { stepMs: 0 }, /stepMs: "0" .*at least 1 ms/],
    [[[0, 1]], { by: 'median' }, /by: "median" .*mean, max, sum, last/],
    [
      [
        [0, 1],
        [1e15, 1],
      ],
      {},
      /time: .*at most 5000000 steps/,
    ],
  ])('of %j with %j is refused', async (input, change, message) => {
    const options = { stepMs: STEP_MS, ...change } as { stepMs: number; by?: Aggregation }
    const cleaning = clean(readingsOf(input as [number, number][]), options)
    await expect(cleaning).rejects.toThrow(message)
  })
})

describe('resampling', () => {
  const series = {
    service: 'a',
    metric: 'm',
    startMs: 0,
    stepMs: STEP_MS,
    values: Float64Array.of(1, 3, NaN, 5, 2, 2),
  }

  it('is the mean, greatest or last of what is there; a sum with a gap is a gap', async () => {
    const of = async (by: Aggregation) => {
      const { series: long } = await resample(series, { stepMs: 2 * STEP_MS, by })
      return [...long.values]
    }
    expect(await of('mean')).toEqual([2, 5, 2])
    expect(await of('max')).toEqual([3, 5, 2])
    expect(await of('last')).toEqual([3, 5, 2])
    expect(await of('sum')).toEqual([4, NaN, 4])
    expect((await resample(series, { stepMs: 2 * STEP_MS, by: 'sum' })).report.gaps).toBe(1)
  })

  it('in two goes is the same as in one, where nothing is missing', async () => {
    const whole = fc.array(fc.integer({ min: 0, max: 999 }), { minLength: 12, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(whole, fc.constantFrom(...AGGREGATIONS), async (values, by) => {
        const short = { ...series, values: Float64Array.from(values) }
        const once = await resample(short, { stepMs: 6 * STEP_MS, by })
        const half = await resample(short, { stepMs: 3 * STEP_MS, by })
        const twice = await resample(half.series, { stepMs: 6 * STEP_MS, by })
        twice.series.values.forEach((v, i) => {
          expect(v).toBeCloseTo(once.series.values[i]!, 9)
        })
      }),
      { numRuns: 25 },
    )
  })

  it.each([500, 1500, Number.NaN])('to %d ms is refused', async (stepMs) => {
    await expect(resample(series, { stepMs })).rejects.toThrow(/stepMs: .*multiple .*1000 ms/)
  })
})

describe('outliers', () => {
  const wave = Float64Array.from({ length: 200 }, (_, i) => 100 + 20 * Math.sin(i / 15) + (i % 7))

  it('are marked where a value leaves its neighbourhood, and nowhere else', () => {
    expect(markOutliers(wave).includes(1)).toBe(false)
    const spiked = wave.map((v, i) => (i === 80 ? 500 : i === 120 ? 0 : v))
    const marks = markOutliers(spiked)
    expect([...marks].flatMap((mark, i) => (mark ? [i] : []))).toEqual([80, 120])
  })

  it('are found in a flat series too, and a flat series has none', () => {
    const flat = new Float64Array(100).fill(7)
    expect(markOutliers(flat).includes(1)).toBe(false)
    flat[50] = 8
    expect(markOutliers(flat).indexOf(1)).toBe(50)
  })

  it('do not change with scale and shift', () => {
    const noisy = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 10, maxLength: 80 })
    fc.assert(
      fc.property(noisy, (values) => {
        const base = Float64Array.from(values)
        expect(markOutliers(base.map((v) => 4 * v + 64))).toEqual(markOutliers(base))
      }),
    )
  })
})

describe('a summary', () => {
  it('leaves out what is missing, where danfojs alone would say NaN', async () => {
    // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, sum of squares 32, so the sample variance is 32/7
    const values = Float64Array.of(2, 4, NaN, 4, 4, 5, 5, 7, 9)
    const summary = await describeColumn(values)
    expect(summary).toMatchObject({ count: 8, mean: 5, min: 2, median: 4.5, max: 9 })
    expect(summary?.std).toBeCloseTo(Math.sqrt(32 / 7), 12)
    expect(await describeColumn(Float64Array.of(1, NaN))).toBeUndefined()
  })
})
