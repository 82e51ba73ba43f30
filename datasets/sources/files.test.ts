/** CSV and Parquet on a real disk: what was written comes back, and what cannot be meant is refused by name. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Series } from '../../forecaster/series.ts'
import { readDataset, type SourceInput } from '../dataset.ts'
import { EXPORT_FORMATS, seriesBytes } from '../export.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'forescale-files-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const write = (name: string, content: string | Uint8Array): string => {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}
const one = async (source: SourceInput, options = {}) => (await readDataset(source, options))[0]!

describe.each(EXPORT_FORMATS)('%s', (kind) => {
  const value = fc.oneof(fc.double({ min: 0, max: 1e15, noNaN: true }), fc.constant(Number.NaN))
  const series = fc.record({
    startMs: fc.integer({ min: 0, max: 2e9 }).map((s) => s * 1000),
    stepMs: fc.constantFrom(1000, 60_000, 3_600_000),
    // a step can be told from two times that follow one another
    values: fc.array(value, { minLength: 2, maxLength: 30 }).map((all) => Float64Array.from(all)),
  })

  it('is read as it was written, gaps included', async () => {
    await fc.assert(
      fc.asyncProperty(series, async (drawn) => {
        const written: Series = { service: 'shop-a', metric: 'requests_per_second', ...drawn }
        const file = write(`shop-a.${kind}`, await seriesBytes(written, kind))
        const { series: read, report } = await one({ kind, file })
        // -0 is written as 0
        expect({ ...read, values: read.values.map((v) => v + 0) }).toEqual({
          ...written,
          values: written.values.map((v) => v + 0),
        })
        expect(report).toBeUndefined()
      }),
      { numRuns: 40 },
    )
  })
})

describe('a CSV file', () => {
  const TWO = 'time;x,a,b\n0,1,2\n60,3,NaN\n120,,4\n'.replace('time;x', 'time')

  it('has a series a column, named after it and after the file', async () => {
    const file = write('Front End.csv', TWO)
    const read = await readDataset({ kind: 'csv', file })
    expect(read.map(({ series }) => [series.service, series.metric, [...series.values]])).toEqual([
      ['front-end', 'a', [1, 3, Number.NaN]],
      ['front-end', 'b', [2, Number.NaN, 4]],
    ])
    const chosen: SourceInput = {
      kind: 'csv',
      file,
      valueColumns: ['b'],
      service: 's',
      metric: 'm',
    }
    expect((await one(chosen)).series).toMatchObject({ service: 's', metric: 'm', stepMs: 60_000 })
  })

  it('that is irregular is cleaned, and the report says how', async () => {
    const file = write('dirty.csv', 'at,value\n0,1\n130,5\n60,3\n60,4\n61,6\n180,-1\n240,2\n')
    const { series, report } = await one({ kind: 'csv', file }, { stepMs: 60_000, by: 'max' })
    expect([...series.values]).toEqual([1, 6, 5, Number.NaN, 2])
    expect(series.metric).toBe('requests_per_second')
    expect(report).toMatchObject({
      readings: 7,
      duplicates: 1,
      outOfOrder: 3,
      negative: 1,
      merged: 1,
      gaps: 1,
    })
  }, 60_000)

  it.each([
    ['no such file', { file: '/no/such.csv' }, /file: "\/no\/such\.csv" .*CSV/],
    ['no column of times', { timeColumn: 'when' }, /timeColumn: "when" .*allowed: time, a, b/],
    ['no such column', { valueColumns: ['c'] }, /valueColumns: "c" .*allowed: a, b/],
    ['one name for two', { metric: 'm' }, /metric: "m" .*one of the columns a, b/],
    ['an unknown field', { colour: 'red' }, /source: .*colour/],
    ['a bad service', { service: 'Not A Name' }, /source: .*DNS label/],
  ])('is refused with %s', async (_what, change, message) => {
    const file = write('two.csv', TWO)
    await expect(readDataset({ kind: 'csv', file, ...change } as SourceInput)).rejects.toThrow(
      message,
    )
  })

  it('is refused with a cell that is no number, by column and row', async () => {
    const file = write('words.csv', 'time,a\n0,1\n60,many\n')
    await expect(readDataset({ kind: 'csv', file })).rejects.toThrow(/a, row 2: "many"/)
  })
})

describe('a Parquet file', () => {
  it('may have its times as text, seconds or bigint, and nulls', async () => {
    const cells = [1.5, undefined, 3]
    for (const [name, data, type] of [
      ['text', ['2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z', '2026-01-01T00:02:00Z'], 'STRING'],
      ['seconds', [1767225600, 1767225660, 1767225720], 'DOUBLE'],
      ['bigint', [1767225600000n, 1767225660000n, 1767225720000n], 'INT64'],
    ] as const) {
      const columnData = [
        { name: 'time', data: [...data], type, nullable: false },
        { name: 'v', data: cells, type: 'DOUBLE' as const, nullable: true },
      ]
      const file = write(`${name}.parquet`, new Uint8Array(parquetWriteBuffer({ columnData })))
      const { series } = await one({ kind: 'parquet', file })
      expect([series.startMs, series.stepMs]).toEqual([Date.UTC(2026, 0, 1), 60_000])
      expect([...series.values]).toEqual([1.5, Number.NaN, 3])
    }
  })

  it('that is none is refused', async () => {
    const file = write('none.parquet', 'PAR1 this is no such thing PAR1')
    await expect(readDataset({ kind: 'parquet', file })).rejects.toThrow(/file: .*Parquet/)
  })

  const hasArrow = (() => {
    try {
      return execFileSync('python3', ['-c', 'import pyarrow'], { stdio: 'pipe' }).length === 0
    } catch {
      return false
    }
  })()
  it.runIf(hasArrow)('of Apache Arrow, compressed with zstd, is read too', async () => {
    const file = join(folder, 'arrow.parquet')
    const script = `import pyarrow as pa, pyarrow.parquet as pq, datetime as d
t = [d.datetime(2026,1,1,tzinfo=d.timezone.utc)+d.timedelta(minutes=i) for i in range(1000)]
pq.write_table(pa.table({'timestamp': t, 'rps': [float(i) if i % 10 else None for i in range(1000)]}), ${JSON.stringify(file)}, compression='zstd')`
    execFileSync('python3', ['-c', script])
    expect(existsSync(file)).toBe(true)
    const { series } = await one({ kind: 'parquet', file })
    expect(series.stepMs).toBe(60_000)
    expect([...series.values.slice(0, 3), series.values[999]]).toEqual([Number.NaN, 1, 2, 999])
  })
})
