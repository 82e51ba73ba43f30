/**
 * `npm run bench:forecast`: our forecaster against the field on recorded load, with the same splits on the same machine
 * in the same run. README.md tells the protocol. `-- --json`: one figure a line.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { benchNeural } from '../neural.ts'
import type { Figure } from '../timing.ts'
import { DEFAULT, naiveEntrants, type Ours, oursEntrants, YESTERDAY } from './entrants.ts'
import type { Entrant } from './field.ts'
import { denseOf, figuresOf } from './figures.ts'
import { trainNetworks } from './networks.ts'
import {
  type Cases,
  type Options,
  peersOf,
  pythonOf,
  readCases,
  readOptions,
  singlesOf,
} from './options.ts'
import { type PeerRun, type Peers, runPeers } from './peers.ts'
import { recoveryFigures } from './recovery.ts'
import { fitFigures, serviceFigures } from './speed.ts'
import {
  coverageTable,
  figureTable,
  levelTable,
  modelTable,
  peerTable,
  traceTable,
} from './tables.ts'

const log = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

const PYTHONS = ['venv', 'torch'] as const

async function main(): Promise<void> {
  const options = readOptions()
  // said before anything is run, not after
  if (options.peers && !options.quick) for (const python of PYTHONS) pythonOf(python)
  const startedMs = performance.now()
  const cases = readCases(options)
  for (const line of cases.skipped) log(line)
  const traces = cases.cases.map(({ trace }) => trace.id)
  const peers = await comparePeers(options, cases)
  const { origins, refits, threads } = options
  const ours = await oursEntrants(cases.cases, {
    folder: resolve(options.traces),
    origins,
    refits,
    threads,
    neural: await trainNetworks(cases.known, log),
    singles: singlesOf(options),
    log,
  })
  const field = [...ours.entrants, ...naiveEntrants(cases.cases), ...peers.entrants]
  const figures = [
    ...figuresOf({ field, traces, walks: ours.walks }),
    ...(await machineFigures(options, cases)),
  ]
  if (options.json) for (const row of figures) process.stdout.write(`${JSON.stringify(row)}\n`)
  else {
    printTables(field, ours, peers.runs, traces)
    process.stdout.write(
      `\n${figureTable(figures.filter(({ name }) => !name.includes('.model.')))}\n`,
    )
  }
  if (options.out)
    writeResults(options.out, { figures, field, peers: peers.runs, errors: ours.errors })
  const seconds = (performance.now() - startedMs) / 1000
  log(`${seconds.toFixed(0)} s; ${ours.errors.length} failures of ours`)
  for (const error of ours.errors) log(error)
}

/** Recovery after a change, time and memory; of `--quick` only what takes seconds. */
async function machineFigures(options: Options, { cases }: Cases): Promise<Figure[]> {
  const figures = await serviceFigures(cases)
  if (options.quick) return figures
  log('recovery after a synthetic regime change')
  figures.push(...recoveryFigures())
  if (!options.peers) return figures
  log('fits against statsforecast')
  figures.push(...(await fitFigures(cases, pythonOf('venv'))))
  log('training of LSTM and GRU against PyTorch')
  return [...figures, ...benchNeural(pythonOf('torch'))]
}

/** Peers' forecasts are kept where the caller says, and else only for this run. */
async function comparePeers(options: Options, { cases, known }: Cases): Promise<Peers> {
  const models = peersOf(options)
  if (models.length === 0) return { entrants: [], runs: [] }
  const folder = options.peersFrom ?? mkdtempSync(join(tmpdir(), 'forescale-peers-'))
  try {
    const { threads } = options
    return await runPeers(cases, known, models, { folder: resolve(folder), threads, pythonOf, log })
  } finally {
    if (options.peersFrom === undefined) rmSync(folder, { recursive: true })
  }
}

function printTables(
  field: readonly Entrant[],
  ours: Ours,
  peers: readonly PeerRun[],
  traces: readonly string[],
): void {
  const print = (title: string, text: string) => process.stdout.write(`\n${title}\n\n${text}\n`)
  print(`All horizons, ${traces.length} traces`, modelTable(field, traces))
  for (const horizon of ['5', '15', '60', 'day'])
    print(`Horizon ${horizon}`, modelTable(field, traces, horizon))
  if (peers.length > 0) print('Peers', peerTable(peers))
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
  readonly peers: readonly PeerRun[]
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
