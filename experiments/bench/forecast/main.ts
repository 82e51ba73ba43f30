/**
 * `npm run bench:forecast`: our forecaster against the field on recorded load, with the same splits on the same machine
 * in the same run. README.md tells the protocol. `-- --json`: one figure a line.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import type { Figure } from '../timing.ts'
import {
  type Case,
  DEFAULT,
  modelKinds,
  naiveEntrants,
  type Ours,
  oursEntrants,
  YESTERDAY,
} from './entrants.ts'
import type { Entrant } from './field.ts'
import { denseOf, figuresOf } from './figures.ts'
import { splitOf } from './split.ts'
import { coverageTable, levelTable, modelTable, traceTable } from './tables.ts'
import { listTraces, readTrace } from './trace.ts'

interface Options {
  readonly traces: string
  readonly only?: string[]
  readonly models?: string[]
  readonly origins: number
  readonly refits: number
  readonly threads: number
  readonly quick: boolean
  readonly peers: boolean
  readonly json: boolean
  readonly out?: string
}

/** Of `--quick`: one trace of each family and step. */
const QUICK_TRACES = [
  'ms-mongo-app-01',
  'ms-purchase-03',
  'nab-elb-request-count',
  'azure-llm-code',
]
const QUICK_ORIGINS = 4

function count(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('allowed: a whole number from 1 on')
  return value
}

function readOptions(): Options {
  return new Command('bench:forecast')
    .option(
      '--traces <folder>',
      'folder with manifest.json and its CSV files',
      process.env.FORESCALE_TRACES ?? '../shared/traces',
    )
    .option('--only <ids...>', 'these traces only')
    .option('--models <kinds...>', 'run these of our models alone too (default: all; "none")')
    .option('--origins <count>', 'issue times a trace', count, 12)
    .option('--refits <count>', 'fits of ours after the first, at most', count, 5)
    .option('--threads <count>', 'processes at a time', count, Math.min(2, availableParallelism()))
    .option('--quick', `${QUICK_TRACES.length} traces, ${QUICK_ORIGINS} issue times`, false)
    .option('--no-peers', 'ours and the naive forecasts only')
    .option('--json', 'one figure a line as JSON', false)
    .option('--out <folder>', 'write results.json there')
    .parse()
    .opts<Options>()
}

function readCases(options: Options): { cases: Case[]; skipped: string[] } {
  const folder = resolve(options.traces)
  const origins = options.quick ? Math.min(QUICK_ORIGINS, options.origins) : options.origins
  const listed = listTraces(folder, options.only)
  const quick = listed.filter(({ id }) => QUICK_TRACES.includes(id))
  const chosen = options.quick && !options.only && quick.length > 0 ? quick : listed
  const cases: Case[] = []
  const skipped: string[] = []
  for (const entry of chosen) {
    const trace = readTrace(folder, entry)
    const split = splitOf(trace, origins)
    if (split) cases.push({ entry, trace, split })
    else skipped.push(`${entry.id}: ${trace.values.length} steps hold no split`)
  }
  return { cases, skipped }
}

function singlesOf({ models }: Options): readonly string[] {
  const kinds = modelKinds()
  if (models === undefined) return kinds
  if (models.includes('none')) return []
  const unknown = models.find((kind) => !kinds.includes(kind))
  if (unknown !== undefined)
    throw new Error(`--models ${unknown} is not known; allowed: none, ${kinds.join(', ')}`)
  return models
}

async function main(): Promise<void> {
  const options = readOptions()
  const startedMs = performance.now()
  const log = (line: string) => process.stderr.write(`${line}\n`)
  const { cases, skipped } = readCases(options)
  for (const line of skipped) log(line)
  const traces = cases.map(({ trace }) => trace.id)
  const ours = await oursEntrants(cases, {
    folder: resolve(options.traces),
    origins: options.quick ? Math.min(QUICK_ORIGINS, options.origins) : options.origins,
    refits: options.quick ? Math.min(2, options.refits) : options.refits,
    threads: options.threads,
    singles: singlesOf(options),
    log,
  })
  const field = [...ours.entrants, ...naiveEntrants(cases)]
  const figures = figuresOf({ field, traces, walks: ours.walks })
  if (options.json) for (const row of figures) process.stdout.write(`${JSON.stringify(row)}\n`)
  else printTables(field, ours, traces)
  if (options.out) writeResults(options.out, { figures, field, errors: ours.errors })
  log(
    `${((performance.now() - startedMs) / 1000).toFixed(0)} s; ${ours.errors.length} failures of ours`,
  )
  for (const error of ours.errors) log(error)
}

function printTables(field: readonly Entrant[], ours: Ours, traces: readonly string[]): void {
  const print = (title: string, text: string) => process.stdout.write(`\n${title}\n\n${text}\n`)
  print(`All horizons, ${traces.length} traces`, modelTable(field, traces))
  for (const horizon of ['5', '15', '60', 'day'])
    print(`Horizon ${horizon}`, modelTable(field, traces, horizon))
  const own = field.find(({ model }) => model === DEFAULT)!
  const naive = field.find(({ model }) => model === YESTERDAY)!
  print('Per trace', traceTable(field, own, naive, traces))
  const dense = denseOf(ours, 'ours')
  print('Issued at every step of the test part', coverageTable(dense))
  print('Mean over traces', levelTable(dense))
}

interface Results {
  readonly field: readonly Entrant[]
  readonly figures: readonly Figure[]
  readonly errors: readonly string[]
}

function writeResults(folder: string, results: Results): void {
  mkdirSync(folder, { recursive: true })
  const field = results.field.map(({ model, side, scores }) => ({
    model,
    side,
    scores: Object.fromEntries(scores),
  }))
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify({ ...results, field }, null, 1)}\n`)
}

await main()
