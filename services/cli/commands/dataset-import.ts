/** `forescale dataset import FILE…`: a CSV or Parquet file's series into the running controller's store, by its API. */
import path from 'node:path'
import { type Command, Option } from 'commander'
import { z } from 'zod'
import type { CleaningReport } from '../../../datasets/clean.ts'
import { AGGREGATIONS, type Aggregation } from '../../../datasets/danfo.ts'
import type { DatasetSeries } from '../../../datasets/dataset.ts'
import { DatasetError } from '../../../datasets/dataset-error.ts'
import { readSpanMs } from '../../../datasets/time.ts'
import { endMs, floorToStep, type Series } from '../../../forecaster/series.ts'
import { type Api, read } from '../api.ts'
import { act, jsonOption, wholeNumber } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import type { Surroundings, Terminal } from '../terminal.ts'

const BATCH = 10_000
const EXAMPLES = `
Examples:
  forescale dataset import search.csv payment.csv --end-now
  forescale dataset import load.parquet --service search --value-column rps --metric requests_per_second
  forescale dataset import hourly.csv --service search --end-now --every 15s`
/** What is stored, and refused by reason. */
const Report = z.object({ accepted: z.number(), rejected: z.record(z.string(), z.number()) })
const HINTS: Readonly<Record<string, string>> = {
  'too-old':
    'older than the store keeps (retentionMs); --end-now moves the series so that it ends now',
  'far-future': 'ahead of the controller: --end-now moves the series so that it ends now',
  'unknown-service': 'the controller has no such service: name one with --service',
}

interface Imported {
  readonly service: string
  readonly metric: string
  readonly steps: number
  readonly sent: number
  readonly accepted: number
  readonly rejected: Readonly<Record<string, number>>
  /** What was repaired before; null where nothing had to be. */
  readonly report: CleaningReport | null
}

export function addDatasetImport(
  group: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = group
    .command('import')
    .description("push files' series into the running controller's store")
    .argument('<files...>', '.csv or .parquet: a column of times, one or more of values')
    .option('--service <name>', "service; the file's name when absent")
    .option('--metric <name>', 'metric, with one column of values; its title when absent')
    .option('--time-column <title>', 'timestamp, time, t, date or at when absent')
    .option('--value-column <titles...>', 'every other column when absent')
    .option('--step <step>', 'step of the series, 30s, 5m, 1h; that of the rows when absent')
    .addOption(
      new Option('--by <how>', 'what several rows of a step become')
        .choices(AGGREGATIONS)
        .default('mean'),
    )
    .option('--end-now', 'move the series by whole steps so that it ends now')
    .option('--every <span>', 'repeat each value so often within its step (for a finer store)')
    .option('--batch <samples>', 'samples a request', wholeNumber(1, 100_000), BATCH)
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal, api }, options, files) => {
    // every file is read before the first sample is sent: a wrong one sends nothing
    const read = await readFiles(files, options)
    const imported: { file: string; series: Imported[] }[] = []
    for (const { file, series } of read) {
      const pushed: Imported[] = []
      for (const one of series) pushed.push(await push(one, file, options, { terminal, api }))
      imported.push({ file, series: pushed })
      if (!options.json) tell(file, pushed, terminal)
    }
    if (options.json) terminal.printJson({ files: imported })
    const stored = imported.some(({ series }) => series.some(({ accepted }) => accepted > 0))
    return stored ? EXIT.ok : EXIT.failure
  })
}

async function readFiles(
  files: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<{ file: string; series: DatasetSeries[] }[]> {
  if (options.service !== undefined && files.length > 1) {
    const allowed = 'with one file; several are named after their files'
    throw new DatasetError('--service', String(options.service), allowed)
  }
  const read: { file: string; series: DatasetSeries[] }[] = []
  for (const file of files) read.push({ file, series: await readFileSeries(file, options) })
  return read
}

async function readFileSeries(
  file: string,
  options: Readonly<Record<string, unknown>>,
): Promise<DatasetSeries[]> {
  const kind = path.extname(file).toLowerCase()
  if (kind !== '.csv' && kind !== '.parquet') {
    throw new DatasetError('file', file, 'a name that ends in .csv or .parquet')
  }
  const { service, metric, timeColumn, valueColumn, step } = z
    .object({
      service: z.string().optional(),
      metric: z.string().optional(),
      timeColumn: z.string().optional(),
      valueColumn: z.array(z.string()).optional(),
      step: z.string().optional(),
    })
    .parse(options)
  // the libraries of all sources are loaded for those who import, not for every command
  const { readDataset } = await import('../../../datasets/dataset.ts')
  return readDataset(
    {
      kind: kind === '.csv' ? 'csv' : 'parquet',
      file,
      ...{ service, metric, timeColumn, valueColumns: valueColumn },
    },
    {
      stepMs: step === undefined ? undefined : readSpanMs(step, '--step'),
      by: options.by as Aggregation,
    },
  )
}

interface Sample {
  readonly service: string
  readonly metric: string
  readonly atMs: number
  readonly value: number
}

async function push(
  { series, report }: DatasetSeries,
  file: string,
  options: Readonly<Record<string, unknown>>,
  { terminal, api }: { readonly terminal: Terminal; readonly api: Api },
): Promise<Imported> {
  const everyMs = spacing(series, options.every)
  const shiftMs = options.endNow ? floorToStep(terminal.nowMs() - endMs(series), series.stepMs) : 0
  const { service, metric, stepMs } = series
  const present = series.values.filter((value) => !Number.isNaN(value)).length
  const total = present * (stepMs / everyMs)
  const rejected: Record<string, number> = {}
  let [sent, accepted] = [0, 0]
  for (const samples of batches(samplesOf(series, { shiftMs, everyMs }), Number(options.batch))) {
    const answer = await api.raw('POST', '/v1/samples', { samples })
    const stored = read(Report, answer, api.url)
    sent += samples.length
    accepted += stored.accepted
    for (const [reason, count] of Object.entries(stored.rejected))
      rejected[reason] = (rejected[reason] ?? 0) + count
    if (terminal.stderr.isTTY)
      terminal.stderr.write(
        `\r\u001b[K${file}: ${metric} of ${service}, ${sent} of ${total} samples`,
      )
  }
  if (terminal.stderr.isTTY) terminal.stderr.write('\r\u001b[K')
  return {
    service,
    metric,
    steps: series.values.length,
    sent,
    accepted,
    rejected,
    report: report ?? null,
  }
}

/** How far apart the samples of a step are: the step itself, or what was asked for. */
function spacing({ stepMs }: Series, every: unknown): number {
  if (every === undefined) return stepMs
  const everyMs = readSpanMs(String(every), '--every')
  if (everyMs <= stepMs && stepMs % everyMs === 0) return everyMs
  throw new DatasetError(
    '--every',
    String(every),
    `a whole part of the series' step, ${stepMs / 1000} s`,
  )
}

/** Stamped with the begin of its step, which is the cell that the store's grid puts it into; gaps are not sent. */
function* samplesOf(
  { service, metric, startMs, stepMs, values }: Series,
  { shiftMs, everyMs }: { readonly shiftMs: number; readonly everyMs: number },
): Generator<Sample> {
  for (const [i, value] of values.entries()) {
    if (Number.isNaN(value)) continue
    for (let within = 0; within < stepMs; within += everyMs) {
      yield { service, metric, atMs: startMs + i * stepMs + within + shiftMs, value }
    }
  }
}

function* batches(samples: Iterable<Sample>, size: number): Generator<Sample[]> {
  let batch: Sample[] = []
  for (const sample of samples) {
    batch.push(sample)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** Every repair is said, and every refusal with what can be done. */
function tell(file: string, imported: readonly Imported[], terminal: Terminal): void {
  for (const { service, metric, sent, accepted, rejected, report } of imported) {
    terminal.print(`${file}: ${metric} of ${service}, ${accepted} of ${sent} samples stored`)
    if (report !== null) terminal.say(`  ${repairs(report)}`)
    for (const [reason, count] of Object.entries(rejected))
      terminal.say(`  ${count} refused, ${reason}${HINTS[reason] ? ` (${HINTS[reason]})` : ''}`)
  }
}

function repairs(report: CleaningReport): string {
  const { readings, untimed, missing, infinite, negative, duplicates, outOfOrder } = report
  const { merged, gaps, outliers } = report
  const counts = { untimed, missing, infinite, negative, duplicates, outOfOrder, merged, gaps }
  const list = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`)
  return `cleaned ${readings} readings: ${list.join(', ') || 'nothing repaired'}; ${outliers} outliers kept`
}
