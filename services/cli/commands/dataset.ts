/** `forescale dataset`: public traces and synthetic workloads by name, as tables and as files. No controller is needed. */
import { writeFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { resample } from '../../../datasets/clean.ts'
import { AGGREGATIONS, type Aggregation } from '../../../datasets/danfo.ts'
import { DatasetError } from '../../../datasets/dataset-error.ts'
import { EXPORT_FORMATS, type ExportFormat, seriesBytes } from '../../../datasets/export.ts'
import { syntheticSeries } from '../../../datasets/synthetic.ts'
import { readSpanMs } from '../../../datasets/time.ts'
import { listTraces, placeOf, traceFile } from '../../../datasets/traces/library.ts'
import { loadTrace } from '../../../datasets/traces/trace.ts'
import { WORKLOADS, WorkloadName } from '../../../datasets/workload.ts'
import type { Series } from '../../../forecaster/series.ts'
import { act, jsonOption, positive, wholeNumber } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import { table } from '../format.ts'
import type { Surroundings } from '../terminal.ts'
import { addDatasetImport } from './dataset-import.ts'
import { showTrace, showWorkload, TRACE_COLUMNS, WORKLOAD_COLUMNS } from './dataset-views.ts'

const GROUP_EXAMPLES = `
Examples:
  forescale dataset list
  forescale dataset export nab-nyc-taxi --format parquet --out taxi.parquet --resample 1h
  forescale dataset import taxi.parquet --service search --end-now`
const EXPORT_EXAMPLES = `
Examples:
  forescale dataset export nab-nyc-taxi --format csv --out taxi.csv
  forescale dataset export ms-mongo-app-01 --format parquet --out mongo.parquet --resample 5m
  forescale dataset export regime-change --format csv --out regime.csv --days 30 --seed 7`
const SYNTHETIC_STEP = '5m'
const SYNTHETIC_DAYS = 14

export function addDataset(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const group = program
    .command('dataset')
    .helpGroup('Prepare:')
    .description('public traces and synthetic workloads: list, show, fetch, export, import')
    .addHelpText('after', GROUP_EXAMPLES)
  addList(group, around, done)
  addShow(group, around, done)
  addFetch(group, around, done)
  addExport(group, around, done)
  addDatasetImport(group, around, done)
}

function folderOption(): Option {
  return new Option('--folder <dir>', 'a folder of traces with a manifest.json, before all others')
}

type Add = (group: Command, around: Surroundings, done: (code: number) => void) => void

const addList: Add = (group, around, done) => {
  const list = group
    .command('list')
    .description('every trace and workload that can be named')
    .addOption(folderOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale dataset list\n  forescale dataset list --json')
  act(list, around, done, async ({ terminal }, options) => {
    const library = { env: around.env, folder: textOf(options.folder) }
    const traces = (await listTraces(library)).map((listed) => ({
      ...listed.entry,
      from: placeOf(listed, library) ?? null,
    }))
    const workloads = WorkloadName.options.map((name) => ({
      id: name,
      description: WORKLOADS[name],
      synthetic: true,
    }))
    if (options.json) terminal.printJson({ traces, workloads })
    else {
      for (const line of table(TRACE_COLUMNS, traces)) terminal.print(line)
      terminal.print()
      for (const line of table(WORKLOAD_COLUMNS, workloads)) terminal.print(line)
    }
    return undefined
  })
}

const addShow: Add = (group, around, done) => {
  const show = group
    .command('show')
    .description('what a trace or workload is, where it comes from, under which licence')
    .argument('<name>', 'name of a trace or workload')
    .addOption(folderOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  forescale dataset show nab-nyc-taxi\n  forescale dataset show bursty --json',
    )
  act(show, around, done, async ({ terminal }, options, [name = '']) => {
    const workload = WorkloadName.safeParse(name)
    if (workload.success) {
      const facts = { id: name, description: WORKLOADS[workload.data], synthetic: true }
      if (options.json) terminal.printJson(facts)
      else showWorkload(facts, terminal)
      return
    }
    const library = { env: around.env, folder: textOf(options.folder) }
    const listed = await find(name, library)
    const from = placeOf(listed, library) ?? null
    // what would have to be downloaded is not read for a look at it
    const series =
      from === 'folder' || from === 'cache' ? (await loadTrace(name, library)).series : undefined
    if (options.json) {
      const values = series === undefined ? null : figuresOf(series)
      terminal.printJson({ ...listed.entry, from, synthetic: false, values })
    } else showTrace({ ...listed.entry, from }, series && figuresOf(series), terminal)
    return
  })
}

const addFetch: Add = (group, around, done) => {
  const fetch = group
    .command('fetch')
    .description('make sure that traces are on this machine; downloads what is not, verified')
    .argument('<names...>', 'names of traces')
    .addOption(folderOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  forescale dataset fetch nab-nyc-taxi nab-grok-asg\n  FORESCALE_TRACES=~/traces forescale dataset fetch surf-week',
    )
  act(fetch, around, done, async ({ terminal }, options, names) => {
    const library = { env: around.env, folder: textOf(options.folder) }
    const fetched: { name: string; path: string; from: string }[] = []
    for (const name of names) {
      refuseWorkload(name)
      const { path, from } = await terminal.waitFor(`fetching ${name}`, traceFile(name, library))
      fetched.push({ name, path, from })
      if (!options.json) terminal.print(`${name}  ${path}  (${from}, checksum is right)`)
    }
    if (options.json) terminal.printJson(fetched)
    return undefined
  })
}

const addExport: Add = (group, around, done) => {
  const command = group
    .command('export')
    .description('write a trace or a synthetic workload as a file')
    .argument('<name>', 'name of a trace or workload')
    .addOption(
      new Option('--format <format>', 'of the file').choices(EXPORT_FORMATS).default('csv'),
    )
    .requiredOption('-o, --out <file>', 'file to write')
    .option('--resample <step>', 'a longer step: 30s, 5m, 1h, 1d')
    .addOption(
      new Option('--by <how>', 'what a longer step becomes').choices(AGGREGATIONS).default('mean'),
    )
    .option('--per-second', 'requests/s instead of the unit of the origin (traces that are a rate)')
    .option('--seed <number>', 'of a synthetic workload (1)', wholeNumber(0, 999_999_999))
    .option('--days <days>', `of a synthetic workload (${SYNTHETIC_DAYS})`, positive)
    .option('--step <step>', `of a synthetic workload (${SYNTHETIC_STEP})`)
    .addOption(folderOption())
    .addOption(jsonOption())
    .addHelpText('after', EXPORT_EXAMPLES)
  act(command, around, done, async ({ terminal }, options, [name = '']) => {
    const named = await seriesNamed(name, options, around)
    const stepMs =
      options.resample === undefined
        ? undefined
        : readSpanMs(String(options.resample), '--resample')
    const by = options.by as Aggregation
    const series = stepMs === undefined ? named : (await resample(named, { stepMs, by })).series
    const format = options.format as ExportFormat
    const file = String(options.out)
    const bytes = await seriesBytes(series, format)
    await writeOrFail(file, bytes)
    const { metric, startMs, values } = series
    const steps = values.length
    if (options.json) {
      const written = { name, file, format, bytes: bytes.length, metric, startMs }
      terminal.printJson({ ...written, stepMs: series.stepMs, steps })
    } else
      terminal.say(`${file}: ${steps} steps of ${series.stepMs / 1000} s, ${bytes.length} bytes`)
    return undefined
  })
}

async function seriesNamed(
  name: string,
  options: Readonly<Record<string, unknown>>,
  { env }: Surroundings,
): Promise<Series> {
  if (WorkloadName.safeParse(name).success) {
    if (options.perSecond)
      throw new DatasetError('--per-second', name, 'with a trace; it is requests/s')
    const stepMs = readSpanMs(String(options.step ?? SYNTHETIC_STEP), '--step')
    const days = Number(options.days ?? SYNTHETIC_DAYS)
    return syntheticSeries(name, { seed: Number(options.seed ?? 1), stepMs, days })
  }
  const stray = ['seed', 'days', 'step'].find((option) => options[option] !== undefined)
  if (stray !== undefined) {
    throw new DatasetError(`--${stray}`, String(options[stray]), 'with a synthetic workload only')
  }
  const library = { env, folder: textOf(options.folder) }
  await find(name, library)
  const unit = options.perSecond ? 'per-second' : 'origin'
  return (await loadTrace(name, { ...library, unit })).series
}

/** The listed trace; names of workloads are among what is allowed. */
async function find(name: string, library: Parameters<typeof listTraces>[0]) {
  const listed = await listTraces(library)
  const found = listed.find(({ entry }) => entry.id === name)
  if (found !== undefined) return found
  const names = [...listed.map(({ entry }) => entry.id), ...WorkloadName.options]
  throw new DatasetError('name', name, names.join(', '))
}

function refuseWorkload(name: string): void {
  if (WorkloadName.safeParse(name).success) {
    throw new DatasetError(
      'name',
      name,
      'a trace; a synthetic workload is made, not fetched: export it',
    )
  }
}

/** Mean, least and greatest of what is there. */
function figuresOf({ startMs, stepMs, values }: Series) {
  const present = values.filter((value) => !Number.isNaN(value))
  const mean = present.reduce((sum, value) => sum + value, 0) / present.length
  const least = present.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY)
  const greatest = present.reduce((high, value) => Math.max(high, value), 0)
  const missing = values.length - present.length
  return { startMs, stepMs, steps: values.length, missing, mean, least, greatest }
}

async function writeOrFail(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(file, bytes)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CommandFailure(EXIT.failure, `${file} cannot be written: ${why}`, undefined, {
      cause,
    })
  }
}

const textOf = (value: unknown): string | undefined =>
  value === undefined ? undefined : String(value)
