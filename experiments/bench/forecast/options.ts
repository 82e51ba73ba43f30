/** What `npm run bench:forecast` can be asked for, and which traces and Pythons that means. */
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { type Case, modelKinds } from './entrants.ts'
import { PEERS, type PeerModel } from './peers.ts'
import { splitOf } from './split.ts'
import { listTraces, readTrace } from './trace.ts'

export interface Options {
  readonly traces: string
  readonly only?: string[]
  readonly models?: string[]
  readonly origins: number
  readonly refits: number
  readonly threads: number
  readonly quick: boolean
  readonly peers: boolean
  readonly peersFrom?: string
  readonly peerModels?: string[]
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
const QUICK_REFITS = 2

function count(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('allowed: a whole number from 1 on')
  return value
}

export function readOptions(): Options {
  const options = new Command('bench:forecast')
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
    .option(
      '--quick',
      `${QUICK_TRACES.length} traces, ${QUICK_ORIGINS} issue times, no LSTM`,
      false,
    )
    .option('--no-peers', 'ours and the naive forecasts only')
    .option('--peer-models <names...>', 'these peers only')
    .option(
      '--peers-from <folder>',
      'take forecasts of the same splits that an earlier run put there; put new ones there',
    )
    .option('--json', 'one figure a line as JSON', false)
    .option('--out <folder>', 'write results.json there')
    .parse()
    .opts<Options>()
  if (!options.quick) return options
  const origins = Math.min(QUICK_ORIGINS, options.origins)
  return { ...options, origins, refits: Math.min(QUICK_REFITS, options.refits) }
}

export interface Cases {
  readonly cases: readonly Case[]
  /** Also those traces of the folder that are not scored. */
  readonly known: readonly Case[]
  /** Traces that hold no split, and why. */
  readonly skipped: readonly string[]
}

export function readCases({ traces, only = [], origins, quick }: Options): Cases {
  const folder = resolve(traces)
  const ids = listTraces(folder, only).map(({ id }) => id)
  const isQuick = quick && only.length === 0 && ids.some((id) => QUICK_TRACES.includes(id))
  const chosen = isQuick ? ids.filter((id) => QUICK_TRACES.includes(id)) : ids
  const known: Case[] = []
  const skipped: string[] = []
  for (const entry of listTraces(folder, quick ? chosen : [])) {
    const trace = readTrace(folder, entry)
    const split = splitOf(trace, origins)
    if (split) known.push({ entry, trace, split })
    else skipped.push(`${entry.id}: ${trace.values.length} steps hold no split`)
  }
  return { cases: known.filter(({ entry }) => chosen.includes(entry.id)), known, skipped }
}

export function singlesOf({ models }: Options): readonly string[] {
  if (models?.includes('none')) return []
  return chosenOf('--models', models, modelKinds())
}

export function peersOf({ peers, peerModels, quick }: Options): readonly PeerModel[] {
  if (!peers) return []
  // minutes of training, whatever the number of traces
  if (quick && peerModels === undefined) return PEERS.filter(({ global }) => !global)
  const all = PEERS.map(({ model }) => model)
  const chosen = chosenOf('--peer-models', peerModels, all)
  return PEERS.filter(({ model }) => chosen.includes(model))
}

function chosenOf(option: string, asked: string[] | undefined, all: readonly string[]) {
  const unknown = asked?.find((name) => !all.includes(name))
  if (unknown !== undefined)
    throw new Error(`${option} "${unknown}" is not known; allowed: ${all.join(', ')}`)
  return asked ?? all
}

/** The Python that `install.sh` made or found. */
export function pythonOf(python: PeerModel['python']): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const home = process.env.FORESCALE_PEERS ?? join(cache, 'forescale', 'peers')
  const note = join(home, 'torch-python')
  if (!existsSync(note))
    throw new Error(
      `no peers in ${home}: run experiments/bench/peers/install.sh first, or ask for --no-peers`,
    )
  return python === 'venv' ? join(home, 'bin', 'python') : readFileSync(note, 'utf8').trim()
}
