/**
 * danfojs, in one place: grouping rows and describing a column. Its import takes seconds, so it is loaded when first
 * used. What it must be spared: groupby, sortValues, dropDuplicates and loc take time that grows with the square of the
 * rows (so rows come in blocks), aggregates and describe are NaN where one row is NaN (so rows without a value are left
 * out before), and an empty frame throws.
 */

/** Rows a block: grouping stays linear in the rows. */
const BLOCK_ROWS = 2000

export const AGGREGATIONS = ['mean', 'max', 'sum', 'last'] as const
export type Aggregation = (typeof AGGREGATIONS)[number]

const load = () => import('danfojs-node')

/**
 * One value a cell: its rows' mean, greatest, sum or last. `cells` ascend, values are finite. NaN where a cell of 0 …
 * `cellCount` − 1 has no row.
 */
export async function groupCells(
  cells: Float64Array,
  values: Float64Array,
  { by, cellCount }: { readonly by: Aggregation; readonly cellCount: number },
): Promise<Float64Array> {
  const { DataFrame } = await load()
  const grouped = new Float64Array(cellCount).fill(Number.NaN)
  const counts = new Float64Array(cellCount)
  for (const cell of cells) counts[cell]!++
  for (let from = 0; from < cells.length; from += BLOCK_ROWS) {
    const to = Math.min(cells.length, from + BLOCK_ROWS)
    const frame = new DataFrame({
      cell: [...cells.subarray(from, to)],
      value: [...values.subarray(from, to)],
    })
    const column = frame.groupby(['cell']).col(['value'])
    const rows: unknown = (by === 'mean' ? column.sum() : column[by]()).values
    for (const [cell, value] of readRows(rows)) grouped[cell] = joined(grouped[cell]!, value, by)
  }
  return by === 'mean' ? grouped.map((sum, cell) => sum / counts[cell]!) : grouped
}

/** A cell may go on from one block into the next. */
function joined(before: number, value: number, by: Aggregation): number {
  if (Number.isNaN(before) || by === 'last') return value
  return by === 'max' ? Math.max(before, value) : before + value
}

function readRows(rows: unknown): [cell: number, value: number][] {
  if (!Array.isArray(rows)) throw new TypeError('danfojs: a group has no rows')
  return rows.map((row: unknown) => {
    const [cell, value] = Array.isArray(row) ? row.map(Number) : []
    if (cell === undefined || value === undefined) throw new TypeError('danfojs: a row is no pair')
    return [cell, value]
  })
}

export interface ColumnSummary {
  readonly count: number
  readonly mean: number
  /** Sample standard deviation. */
  readonly std: number
  readonly min: number
  readonly median: number
  readonly max: number
}

/** Of the values that are there; undefined when there are fewer than two. */
export async function describeColumn(values: Float64Array): Promise<ColumnSummary | undefined> {
  const present = [...values.filter((value) => !Number.isNaN(value))]
  if (present.length < 2) return undefined
  const { Series } = await load()
  const described = new Series(present).describe()
  const figure = (name: string): number =>
    Number(described.values[described.index.indexOf(name)] ?? Number.NaN)
  return {
    count: present.length,
    mean: figure('mean'),
    std: figure('std'),
    min: figure('min'),
    median: figure('median'),
    max: figure('max'),
  }
}
