import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvCell, readCsv } from './csv.ts'
import { regularSeries, usualStepMs } from './readings.ts'
import { readSpanMs, readTimesMs } from './time.ts'

describe('CSV', () => {
  const cell = fc.string({
    unit: fc.constantFrom('a', ' ', ',', '"', '\n', 'é', '1'),
    maxLength: 6,
  })
  const tables = fc
    .integer({ min: 2, max: 4 })
    .chain((width) =>
      fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 5 }),
    )

  it('is read as it was written, whatever stands in a cell', () => {
    fc.assert(
      fc.property(tables, fc.constantFrom('\n', '\r\n'), (rows, lineEnd) => {
        const titles = (rows[0] ?? ['a', 'b']).map((_, i) => `t${i}`)
        // the last cell of all must not end in white space, which the file's end may lose
        const safe = rows.map((row) => [...row.slice(0, -1), `${row.at(-1)}.`])
        const text = [titles, ...safe].map((row) => row.map(csvCell).join(',')).join(lineEnd)
        const table = readCsv(text, 'x')
        expect(table.titles).toEqual(titles)
        expect(safe.map((_, i) => table.columns.map((column) => column[i]))).toEqual(safe)
      }),
    )
  })

  it('may have a byte order mark, empty lines and an empty cell at the end', () => {
    expect(readCsv('\uFEFFt,value\r\n1,2\r\n\r\n3,\r\n', 'x')).toEqual({
      titles: ['t', 'value'],
      columns: [
        ['1', '3'],
        ['2', ''],
      ],
    })
    expect(readCsv('"t",value\n1,', 'x').columns).toEqual([['1'], ['']])
  })

  it.each([
    ['nothing', '', /x: "" .*title row/],
    ['a cell too few', 't,value\n1,2\n3\n', /x, line 3: "3" .*2 cells/],
    ['a quote that is not closed', 't,value\n1,"2\n', /x, line 2: .*quotes are closed/],
    ['text after a quote', 't,value\n"1"2,3\n', /x, line 2: .*followed by a comma/],
  ])('is refused by line with %s', (_what, text, message) => {
    expect(() => readCsv(text, 'x')).toThrow(message)
  })
})

describe('times', () => {
  it.each([
    [['2026-11-21T08:00:00Z', '2026-11-21T08:05:00Z'], Date.UTC(2026, 10, 21, 8)],
    [['2026-11-21 08:00:00', '2026-11-21 08:05:00'], Date.UTC(2026, 10, 21, 8)],
    [['2026-11-21T09:00:00+01:00', '2026-11-21T09:05:00+01:00'], Date.UTC(2026, 10, 21, 8)],
    [['1795248000', '1795248300'], 1_795_248_000_000],
    [['1795248000000', '1795248300000'], 1_795_248_000_000],
    [['0', '300'], 0],
  ])('%j are understood', (cells, firstMs) => {
    expect([...readTimesMs(cells, 'auto', 'time')]).toEqual([firstMs, firstMs + 300_000])
  })

  it.each([
    [['2026-11-21', 'soon'], 'auto', /time, row 2: "soon" .*ISO 8601/],
    [['1', ''], 's', /time, row 2: "" .*number/],
    [['May 2020'], 'iso', /row 1/],
  ] as const)('%j are refused by row', (cells, unit, message) => {
    expect(() => readTimesMs(cells, unit, 'time')).toThrow(message)
  })

  it('spans have a unit', () => {
    expect(
      ['500ms', '90s', '5m', '1h', '2d', '1w'].map((text) => readSpanMs(text, 'step')),
    ).toEqual([500, 90_000, 300_000, 3_600_000, 172_800_000, 604_800_000])
    for (const text of ['5', '0m', '-1h', '1.5h', '5 m', 'm', '']) {
      expect(() => readSpanMs(text, 'step'), text).toThrow(/step: ".*" is not allowed.*like 5m/)
    }
  })
})

describe('readings', () => {
  const named = { service: 'a', metric: 'm' }
  it('on a grid are a series, with NaN where a row is left out', () => {
    const atMs = Float64Array.of(1000, 2000, 4000)
    const values = Float64Array.of(1, Number.NaN, 3)
    expect(regularSeries({ ...named, atMs, values }, 1000)).toEqual({
      ...named,
      startMs: 1000,
      stepMs: 1000,
      values: Float64Array.of(1, Number.NaN, Number.NaN, 3),
    })
  })

  it.each([
    ['twice at one time', [0, 1000, 1000], [1, 2, 3]],
    ['backwards', [0, 2000, 1000], [1, 2, 3]],
    ['between two steps', [0, 1000, 2500], [1, 2, 3]],
    ['negative', [0, 1000, 2000], [1, -2, 3]],
    ['infinite', [0, 1000, 2000], [1, Number.POSITIVE_INFINITY, 3]],
  ])('that are %s need cleaning first', (_what, atMs, values) => {
    const readings = { ...named, atMs: Float64Array.from(atMs), values: Float64Array.from(values) }
    expect(regularSeries(readings, 1000)).toBeUndefined()
  })

  it('have the step that most neighbours have', () => {
    expect(usualStepMs(Float64Array.of(0, 60, 120, 300, 360, 355))).toBe(60)
    expect(usualStepMs(Float64Array.of(5))).toBeUndefined()
  })

  it('over an absurd span are refused, not allocated', () => {
    const atMs = Float64Array.of(0, 1e15)
    expect(() => regularSeries({ ...named, atMs, values: Float64Array.of(1, 2) }, 1000)).toThrow(
      /time: "1970.*at most 5000000 steps/,
    )
  })
})
