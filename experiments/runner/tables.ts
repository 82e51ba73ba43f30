/** The runs as tables for other tools: CSV and Parquet of the same rows. */
import type { ColumnSource } from 'hyparquet-writer'
import { csvCell } from '../../datasets/csv.ts'
import { canonicalJson } from '../../services/config-file.ts'
import type { Run } from './results.ts'

export type Cell = string | number | boolean
export interface Table {
  readonly name: string
  readonly titles: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

export function tablesOf(runs: readonly Run[]): Table[] {
  const keys = ['dataset', 'arm', 'setting', 'seed']
  const keysOf = ({ dataset, arm, setting, seed }: Run): Cell[] => [dataset, arm, setting, seed]
  const figures = Object.keys(runs[0]?.total ?? {})
  const blockFigures = Object.keys(runs[0]?.blocks[0] ?? {})
  return [
    {
      name: 'runs',
      titles: [...keys, 'kind', 'params', 'seesFuture', ...figures],
      rows: runs.map((run) => [
        ...keysOf(run),
        run.kind,
        canonicalJson(run.params),
        run.seesFuture,
        ...Object.values(run.total),
      ]),
    },
    {
      name: 'services',
      titles: [...keys, 'service', ...figures],
      rows: runs.flatMap((run) =>
        Object.entries(run.services).map(([service, own]) => [
          ...keysOf(run),
          service,
          ...Object.values(own),
        ]),
      ),
    },
    {
      name: 'blocks',
      titles: [...keys, 'block', ...blockFigures],
      rows: runs.flatMap((run) =>
        run.blocks.map((block, k) => [...keysOf(run), k, ...Object.values(block)]),
      ),
    },
  ]
}

export function csvOf({ titles, rows }: Table): string {
  return (
    [titles, ...rows].map((row) => row.map((cell) => csvCell(String(cell))).join()).join('\n') +
    '\n'
  )
}

export async function parquetOf({ titles, rows }: Table): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer')
  const columnData = titles.map((name, c): ColumnSource => {
    const data = rows.map((row) => row[c]!)
    const type =
      typeof data[0] === 'boolean' ? 'BOOLEAN' : typeof data[0] === 'string' ? 'STRING' : 'DOUBLE'
    return { name, data, type, nullable: false }
  })
  return new Uint8Array(parquetWriteBuffer({ columnData }))
}
