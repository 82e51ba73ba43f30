/**
 * From the origin's own file to ours: `timestamp,value` or `t,value`, a row a step. Only what a few lines can say; the
 * checksum decides whether it came out right. Each form was read off the files at the commits that the manifest names.
 */
import { readCsv } from '../csv.ts'
import { DatasetError } from '../dataset-error.ts'
import { readTimesMs } from '../time.ts'

/**
 * - `timestamped-csv`: columns timestamp and value, others are dropped; times without a zone are UTC; floored to the step.
 * - `value-a-line`: one value a line, one line a step from second 0 on.
 * - `first-column`: a CSV without times; its first column, seven digits, one row a step from second 0 on.
 * - `letters-a-line`: `seconds letter,letter,|,…`; how often the letter that ends the trace's id stands in each line.
 */
export const ORIGIN_FORMS = [
  'timestamped-csv',
  'value-a-line',
  'first-column',
  'letters-a-line',
] as const
export type OriginForm = (typeof ORIGIN_FORMS)[number]

export interface FormOptions {
  readonly id: string
  readonly stepSeconds: number
}

/** The text of our file. Throws DatasetError when the origin's files are not of this form. */
export function fromOrigin(
  form: OriginForm,
  files: readonly string[],
  options: FormOptions,
): string {
  switch (form) {
    case 'first-column':
      return withSeconds(firstColumn(files.join('')), options.stepSeconds)
    case 'letters-a-line':
      return lettersALine(files.join('\n'), options.id)
    case 'timestamped-csv':
      return timestamped(files.join(''), options)
    case 'value-a-line':
      return withSeconds(lines(files.join('')), options.stepSeconds)
  }
}

const SIGNIFICANT_DIGITS = 7

function timestamped(text: string, { id, stepSeconds }: FormOptions): string {
  const { titles, columns } = readCsv(text, `the origin of ${id}`)
  const [time, value] = [columns[titles.indexOf('timestamp')], columns[titles.indexOf('value')]]
  if (time === undefined || value === undefined) {
    throw new DatasetError(`the origin of ${id}`, titles.join(','), 'columns timestamp and value')
  }
  const stepMs = stepSeconds * 1000
  const rows = Array.from(readTimesMs(time, 'iso', 'timestamp'), (atMs, i) => {
    const floored = new Date(Math.floor(atMs / stepMs) * stepMs)
    return `${floored.toISOString().replace('.000Z', 'Z')},${Number(value[i])}`
  })
  return `timestamp,value\n${rows.join('\n')}\n`
}

function withSeconds(values: readonly string[], stepSeconds: number): string {
  return `t,value\n${values.map((value, i) => `${i * stepSeconds},${value}`).join('\n')}\n`
}

function firstColumn(text: string): string[] {
  const [, ...rows] = lines(text)
  return rows.map((row) =>
    String(Number(Number(row.split(',')[0]).toPrecision(SIGNIFICANT_DIGITS))),
  )
}

function lettersALine(text: string, id: string): string {
  const letter = id.at(-1)
  const rows = lines(text).map((line) => {
    const space = line.indexOf(' ')
    const seconds = space < 0 ? line : line.slice(0, space)
    const count = line
      .slice(seconds.length + 1)
      .split(',')
      .filter((cell) => cell === letter).length
    return `${seconds},${count}`
  })
  return `t,value\n${rows.join('\n')}\n`
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
