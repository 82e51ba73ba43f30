/** `forescale load`: a synthetic workload, a trace or a file as real HTTP requests to a real target. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { DatasetError } from '../../../datasets/dataset-error.ts'
import { readSpanMs } from '../../../datasets/time.ts'
import { WorkloadName } from '../../../datasets/workload.ts'
import {
  type Curve,
  type CurveOptions,
  seriesCurve,
  workloadCurve,
} from '../../load/replay/curve.ts'
import {
  intervalsCsv,
  planDocument,
  replayDocument,
  type Setting,
} from '../../load/replay/document.ts'
import type { ReplayReport } from '../../load/replay/replay.ts'
import {
  Method,
  readHeaders,
  readTargetUrl,
  type Target,
  TargetError,
} from '../../load/replay/target.ts'
import { act, jsonOption, positive, wholeNumber } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import type { Surroundings, Terminal } from '../terminal.ts'
import { createProgress, showPlan, showReport } from './load-views.ts'

const MOST_RPS = 100_000
const LONGEST_MS = 7 * 86_400_000
/** Chance alone goes over a mean by more than six standard deviations less than once in 10⁸ seconds (Poisson). */
const DEVIATIONS = 6

const EXAMPLES = `
Examples:
  forescale load --target http://127.0.0.1:3000/ --workload bursty --peak 50
  forescale load --target http://localhost:3000/orders --trace nab-nyc-taxi --peak 200 --compress 2016 --for 10m --out replay
  forescale load --target http://127.0.0.1:3000/ --csv load.csv --peak 80 --plan
  forescale load --target http://127.0.0.1:3000/login --method POST --header 'content-type: application/json' --body @login.json --workload bot-attack --peak 30`

interface Options {
  readonly target: string
  readonly workload?: WorkloadName
  readonly trace?: string
  readonly csv?: string
  readonly column?: string
  readonly folder?: string
  readonly peak: number
  readonly compress: number
  readonly for: string
  readonly skip?: string
  readonly seed: number
  readonly maxRps?: number
  readonly inFlight: number
  readonly answerWithin: string
  readonly slo: string
  readonly method: string
  readonly header?: readonly string[]
  readonly body?: string
  readonly allowRemote?: boolean
  readonly plan?: boolean
  readonly out?: string
  readonly json?: boolean
}

export function addLoad(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = program
    .command('load')
    .helpGroup('Try out:')
    .description(
      'send a workload, a trace or a file of load to an HTTP target: open loop, timed from when each request was due',
    )
  addSource(command)
  addRequest(command)
  addLimits(command)
  command
    .option('--plan', 'print what would be sent, and end')
    .option('--out <folder>', 'write results.json and intervals.csv there')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal }) => {
    const options = command.opts<Options>()
    const setting = await settingOf(options, around)
    const { json = false, plan = false } = options
    if (plan && json) terminal.printJson(planDocument(setting))
    else showPlan(setting, terminal, plan)
    if (plan) return EXIT.ok
    const report = await run(setting, terminal, around)
    const document = replayDocument(setting, report)
    if (options.out !== undefined) write(options.out, document, setting, report, terminal)
    if (json) terminal.printJson(document)
    else showReport(report, setting, terminal)
    return codeOf(report, setting)
  })
}

function addSource(command: Command): void {
  const sources = ['workload', 'trace', 'csv']
  const others = (own: string) => sources.filter((name) => name !== own)
  command
    .requiredOption('-t, --target <url>', 'address that every request goes to')
    .addOption(
      new Option('-w, --workload <name>', 'a synthetic workload')
        .choices(WorkloadName.options)
        .conflicts(others('workload')),
    )
    .addOption(new Option('--trace <name>', 'a public trace').conflicts(others('trace')))
    .addOption(new Option('--csv <file>', 'a file of times and load').conflicts(others('csv')))
    .option('--column <title>', 'column of the file; needed when it has several of values')
    .option('--folder <dir>', 'a folder of traces with a manifest.json, before all others')
    .requiredOption('--peak <rps>', "requests/s at the source's peak", upTo(MOST_RPS))
    .option('--compress <factor>', 'seconds of the source that pass in one', positive, 60)
    .option('--for <span>', 'how long, like 90s, 5m, 1h; a trace or file may end before', '5m')
    .option('--skip <span>', 'begin so far into the source, like 8h')
    .option('--seed <number>', 'same seed, same requests', wholeNumber(0, 999_999_999), 1)
}

function addRequest(command: Command): void {
  const collect = (line: string, lines: readonly string[] = []) => [...lines, line]
  command
    .addOption(
      new Option('--method <name>', 'of every request').choices(Method.options).default('GET'),
    )
    .option('--header <line>', '"name: value"; may be repeated', collect)
    .option('--body <text>', 'of every request; @FILE reads it')
    .option('--allow-remote', 'allow a target that is not this machine')
}

function addLimits(command: Command): void {
  command
    .option(
      '--max-rps <number>',
      'never more requests in any second; the rest is not sent, and counted (the peak and what chance adds)',
      wholeNumber(1, MOST_RPS),
    )
    .option(
      '--in-flight <number>',
      'most requests on their way at once; others wait, and their wait counts',
      wholeNumber(1, 20_000),
      1000,
    )
    .option('--answer-within <span>', 'else a timeout, counted from when it was due', '10s')
    .option('--slo <span>', 'an answer later than this is a violation', '500ms')
}

async function settingOf(options: Options, around: Surroundings): Promise<Setting> {
  const target = targetOf(options)
  const source = {
    peakRps: options.peak,
    compress: options.compress,
    skipMs: options.skip === undefined ? 0 : readSpanMs(options.skip, 'skip'),
  }
  const { kind, curve } = await curveOf(options, source, around)
  const askedMs = readSpanMs(options.for, 'for')
  if (askedMs > LONGEST_MS) throw new DatasetError('for', options.for, 'at most 7d')
  return {
    startedAtMs: around.nowMs(),
    target,
    schedule: { curve, seed: options.seed, durationMs: Math.min(askedMs, curve.lengthMs) },
    source: { kind, ...source },
    mostPerSecond:
      options.maxRps ?? Math.ceil(curve.mostRps + DEVIATIONS * Math.sqrt(curve.mostRps)),
    mostInFlight: options.inFlight,
    timeoutMs: readSpanMs(options.answerWithin, 'answer-within'),
    sloSeconds: readSpanMs(options.slo, 'slo') / 1000,
  }
}

function targetOf({ target, allowRemote = false, method, header = [], body }: Options): Target {
  try {
    return {
      url: readTargetUrl(target, allowRemote),
      method: Method.parse(method),
      headers: readHeaders(header),
      body: body === undefined ? null : bodyOf(body),
    }
  } catch (error) {
    if (!(error instanceof TargetError)) throw error
    throw new CommandFailure(EXIT.usage, error.message, undefined, { cause: error })
  }
}

function bodyOf(text: string): Buffer {
  if (!text.startsWith('@')) return Buffer.from(text)
  const file = text.slice(1)
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new CommandFailure(EXIT.usage, `body: "${file}" cannot be read`, undefined, { cause })
  }
}

async function curveOf(
  options: Options,
  source: CurveOptions,
  around: Surroundings,
): Promise<{ readonly kind: Setting['source']['kind']; readonly curve: Curve }> {
  const { workload, trace, csv, column, folder, seed } = options
  if (workload !== undefined)
    return { kind: 'workload', curve: workloadCurve(workload, seed, source) }
  if (trace !== undefined) {
    const { loadTrace } = await import('../../../datasets/traces/trace.ts')
    const { series } = await loadTrace(trace, { env: around.env, folder })
    return { kind: 'trace', curve: seriesCurve(trace, series, source) }
  }
  if (csv === undefined)
    throw new CommandFailure(EXIT.usage, 'what to send is missing: --workload, --trace or --csv')
  const chosen = column === undefined ? {} : { valueColumns: [column] }
  const { readDataset } = await import('../../../datasets/dataset.ts')
  const read = await readDataset({ kind: 'csv', file: csv, ...chosen })
  const first = read[0]
  if (first === undefined || read.length > 1) {
    const titles = read.map(({ series }) => series.metric).join(', ')
    throw new DatasetError('column', column ?? 'absent', `one of ${titles}`)
  }
  return { kind: 'csv', curve: seriesCurve(path.basename(csv), first.series, source) }
}

async function run(
  setting: Setting,
  terminal: Terminal,
  around: Surroundings,
): Promise<ReplayReport> {
  const { runReplay } = await import('../../load/replay/replay.ts')
  const progress = createProgress(setting, terminal)
  const stop = around.takeInterrupts?.()
  try {
    return await runReplay({
      ...setting,
      ...(stop === undefined ? {} : { stop }),
      onProgress: progress.show,
    })
  } finally {
    progress.end()
  }
}

function write(
  folder: string,
  document: object,
  { schedule }: Setting,
  report: ReplayReport,
  terminal: Terminal,
): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'results.json'), `${JSON.stringify(document, null, 2)}\n`)
  writeFileSync(path.join(folder, 'intervals.csv'), intervalsCsv(schedule, report))
  terminal.say(`wrote ${path.join(folder, 'results.json')} and intervals.csv beside it`)
}

function codeOf({ ended, statuses, faults }: ReplayReport, { target }: Setting): number {
  if (ended === 'interrupted') return EXIT.interrupted
  const [fault] = Object.entries(faults).sort((a, b) => b[1] - a[1])
  if (Object.keys(statuses).length > 0 || fault === undefined) return EXIT.ok
  throw new CommandFailure(
    EXIT.unreachable,
    `${target.url.origin} never answered: ${fault[1]} requests ended with ${fault[0]}`,
  )
}

function upTo(most: number): (text: string) => number {
  return (text) => {
    const value = positive(text)
    if (value <= most) return value
    throw new InvalidArgumentError(`"${text}" is not allowed; allowed: above 0, at most ${most}`)
  }
}
