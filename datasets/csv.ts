/** CSV as RFC 4180 has it: a title row, commas, quotes doubled inside quotes; LF or CRLF; empty lines are skipped. */
import { DatasetError } from './dataset-error.ts'

export interface Table {
  readonly titles: readonly string[]
  /** columns[title index][row], each the cell's text. */
  readonly columns: readonly (readonly string[])[]
}

/** Throws DatasetError with line and allowed form when a row has other cells than there are titles. */
export function readCsv(text: string, name: string): Table {
  const rows = text.includes('"') ? quotedRows(text, name) : plainRows(text)
  const [titles, ...body] = rows
  if (titles === undefined) throw new DatasetError(name, '', 'a title row and rows of values')
  const columns = titles.cells.map(() => new Array<string>(body.length))
  body.forEach(({ cells, line }, i) => {
    if (cells.length !== titles.cells.length) {
      const allowed = `${titles.cells.length} cells, as the title row has`
      throw new DatasetError(`${name}, line ${line}`, cells.join(','), allowed)
    }
    cells.forEach((cell, c) => {
      columns[c]![i] = cell
    })
  })
  return { titles: titles.cells.map((title) => title.trim()), columns }
}

interface Row {
  readonly cells: readonly string[]
  readonly line: number
}

function plainRows(text: string): Row[] {
  return withoutMark(text)
    .split('\n')
    .map((row, i) => ({ cells: row.trimEnd().split(','), line: i + 1 }))
    .filter(({ cells }) => cells.length > 1 || cells[0] !== '')
}

function quotedRows(text: string, name: string): Row[] {
  const source = `${withoutMark(text).trimEnd()}\n`
  const rows: Row[] = []
  let cells: string[] = []
  let line = 1
  let startLine = 1
  let at = 0
  const endRow = (): void => {
    if (cells.length > 1 || cells[0] !== '') rows.push({ cells, line: startLine })
    cells = []
    startLine = line
  }
  while (at < source.length) {
    const cell = readCell(source, at)
    if (cell === undefined) {
      const allowed =
        'cells whose quotes are closed, and followed by a comma or the end of the line'
      throw new DatasetError(`${name}, line ${startLine}`, source.slice(at).split('\n')[0], allowed)
    }
    cells.push(cell.text)
    line += cell.text.split('\n').length - 1
    at = cell.end + 1
    if (source[cell.end] === '\n') {
      line++
      endRow()
    }
  }
  return rows
}

/** The cell that begins at `from`, and where the comma or line feed after it stands. */
function readCell(source: string, from: number): { text: string; end: number } | undefined {
  if (source[from] !== '"') {
    const stop = /[,\n]/g
    stop.lastIndex = from
    const end = stop.exec(source)?.index ?? source.length
    return { text: source.slice(from, end).replace(/\r$/, ''), end }
  }
  const closing = /"(?!")/g
  let at = from + 1
  for (;;) {
    closing.lastIndex = at
    const close = closing.exec(source)?.index
    if (close === undefined) return undefined
    // an even run of quotes before it is text
    const run = quotesBefore(source, close, from + 1)
    if (run % 2 === 0) return closedCell(source, from, close)
    at = close + 1
  }
}

function quotesBefore(source: string, at: number, first: number): number {
  let run = 0
  while (at - run - 1 >= first && source[at - run - 1] === '"') run++
  return run
}

function closedCell(
  source: string,
  from: number,
  close: number,
): { text: string; end: number } | undefined {
  const end = source.startsWith('\r\n', close + 1) ? close + 2 : close + 1
  if (end < source.length && source[end] !== ',' && source[end] !== '\n') return undefined
  return { text: source.slice(from + 1, close).replaceAll('""', '"'), end }
}

/** Spreadsheets put a byte order mark before the first title. */
function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

/** The cell as it must be written. */
export function csvCell(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
