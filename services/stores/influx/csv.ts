/**
 * The CSV that answers a Flux query, read as it comes: whole lines are handed on, nothing is kept. An answer that is no
 * such CSV, is cut, too large, or carries Flux's own error is an error, for half an answer would read as missing data.
 */
import { InfluxAnswerError } from './errors.ts'

export interface CsvOptions {
  /** Columns that every table must have, in the order in which `onRow` gets them. */
  readonly columns: readonly string[]
  readonly mostBytes: number
  onRow(cells: readonly string[]): void
}

export async function readCsv(
  chunks: AsyncIterable<Uint8Array>,
  options: CsvOptions,
): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const table = tableReader(options)
  let rest = ''
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.byteLength
    if (bytes > options.mostBytes)
      throw new InfluxAnswerError(`the answer is larger than ${options.mostBytes} bytes`)
    rest += decoder.decode(chunk, { stream: true })
    const end = rest.lastIndexOf('\n')
    if (end < 0) {
      if (rest.length > LONGEST_LINE) throw new InfluxAnswerError('the answer is no CSV')
      continue
    }
    for (const line of rest.slice(0, end).split('\n')) table.read(line)
    rest = rest.slice(end + 1)
  }
  // an empty line ends every answer; without it something was cut, which a gzipped one does not tell
  if (rest === '' && !table.isWhole())
    throw new InfluxAnswerError('the answer was cut, or is empty')
  if (rest !== '')
    throw new InfluxAnswerError(`the answer is no CSV, or ends in a line: ${shown(rest)}`)
}

const LONGEST_LINE = 1024 * 1024

function tableReader({ columns, onRow }: CsvOptions) {
  let places: readonly number[] | undefined
  let isWhole = false
  function read(raw: string): void {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
    isWhole = line === ''
    if (isWhole) places = undefined
    else if (line.startsWith('#')) return
    else if (places === undefined) places = headerOf(line, columns)
    else {
      const cells = cellsOf(line)
      // Flux tells of a failure in a table of its own
      if (places.length === 0) throw new InfluxAnswerError(`Flux: ${cells.find((c) => c !== '')}`)
      onRow(places.map((place) => cells[place] ?? ''))
    }
  }
  return { read, isWhole: () => isWhole }
}

/** Where the columns stand; none of a table that tells of an error. */
function headerOf(line: string, columns: readonly string[]): number[] {
  const cells = cellsOf(line)
  const places = columns.map((column) => cells.indexOf(column))
  if (!places.includes(-1)) return places
  if (cells.includes('error')) return []
  throw new InfluxAnswerError(`the answer is no CSV with ${columns.join(', ')}: ${shown(line)}`)
}

const cellsOf = (line: string): string[] =>
  line.includes('"') ? quotedCells(line) : line.split(',')

function quotedCells(line: string): string[] {
  const cells: string[] = []
  for (const match of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g))
    cells.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'))
  return cells
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 120))
