/**
 * The field's own libraries, each in its own process (`../peers/*.py`): inputs written as one file an issue time, so that
 * nothing later can be seen; forecasts read back, cut at zero and put in order as ours are. Where a peer fails,
 * the naive forecast of yesterday stands in, and the failure is counted.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { LEVELS } from '../../../forecaster/forecast.ts'
import { type Case, naiveQuantiles } from './entrants.ts'
import type { Entrant } from './field.ts'
import { runPeerProcesses } from './peer-process.ts'
import { type Score, scoreQuantiles } from './score.ts'

const PEERS_FOLDER = fileURLToPath(new URL('../peers', import.meta.url))

export interface PeerModel {
  readonly model: string
  readonly script: string
  /** Which Python runs it: of the folder that `install.sh` filled, or the one that has torch. */
  readonly python: 'venv' | 'torch'
  /** It learns from all traces at once, so that its forecasts hang on every trace's past. */
  readonly global: boolean
}

const statsforecast = (model: string): PeerModel => ({
  model,
  script: 'statsforecast_peer.py',
  python: 'venv',
  global: false,
})

/** Slowest first, so that the processes end together. */
export const PEERS: readonly PeerModel[] = [
  { model: 'LSTM', script: 'lstm_peer.py', python: 'torch', global: true },
  statsforecast('AutoARIMA'),
  statsforecast('MSTL AutoARIMA'),
  { model: 'Prophet', script: 'prophet_peer.py', python: 'venv', global: false },
  statsforecast('AutoTheta'),
  statsforecast('MSTL AutoETS'),
  statsforecast('AutoETS'),
  statsforecast('SeasonalNaive week'),
  statsforecast('SeasonalNaive day'),
]

/** What is kept beside a file of forecasts. */
const PeerNote = z.object({ seconds: z.number(), failures: z.array(z.string()) })

export interface PeerRun {
  readonly model: string
  /** Wall time over all traces. */
  readonly seconds: number
  /** Issue times at which the naive forecast stood in. */
  readonly replaced: number
  readonly issued: number
  /** What the failures said, each text once. */
  readonly reasons: readonly string[]
}

export interface Peers {
  readonly entrants: readonly Entrant[]
  readonly runs: readonly PeerRun[]
}

export interface PeerOptions {
  /** Forecasts of earlier runs are looked for here, new ones are put here. */
  readonly folder: string
  /** Models that run side by side. */
  readonly threads: number
  readonly pythonOf: (python: PeerModel['python']) => string
  readonly log: (line: string) => void
}

/** Every file that the peers get; `job.json` names the others. */
export function writeInputs(folder: string, cases: readonly Case[]): void {
  mkdirSync(folder, { recursive: true })
  const traces = cases.map(({ trace, split }) => ({
    id: trace.id,
    stepSeconds: trace.stepMs / 1000,
    reach: split.reach,
    horizons: split.horizons.map(({ steps }) => steps),
    seasons: split.seasons,
    origins: split.origins.map((origin) => {
      const file = `${trace.id}-${origin}.f64`
      writeFileSync(join(folder, file), bytesOf(trace.values.subarray(0, origin)))
      return { file, startSeconds: trace.startMs / 1000 }
    }),
  }))
  writeFileSync(join(folder, 'job.json'), JSON.stringify({ levels: LEVELS, traces }))
}

/** `known`: all traces of the folder, from which a global peer learns even where only some are scored. */
export async function runPeers(
  cases: readonly Case[],
  known: readonly Case[],
  models: readonly PeerModel[],
  options: PeerOptions,
): Promise<Peers> {
  const inputs = join(options.folder, `inputs-${hashOf(known.map(keyOf))}`)
  writeInputs(inputs, known)
  const files = new Map(models.map((model) => [model, filesOf(model, cases, known, options)]))
  const waiting = [...models]
  const lane = async () => {
    for (let model = waiting.shift(); model; model = waiting.shift())
      await runMissing(model, files.get(model)!, inputs, options)
  }
  await Promise.all(Array.from({ length: options.threads }, lane))
  return collect(models, files)
}

/** One process a model, all its traces one after the other. */
async function runMissing(
  { model, script, python }: PeerModel,
  files: ReadonlyMap<Case, string>,
  inputs: string,
  { folder, pythonOf, log }: PeerOptions,
): Promise<void> {
  const missing = [...files].filter(([, file]) => !existsSync(`${file}.json`))
  if (missing.length === 0) return
  mkdirSync(join(folder, fileName(model)), { recursive: true })
  await runPeerProcesses({
    python: pythonOf(python),
    script: join(PEERS_FOLDER, script),
    processes: 1,
    tasks: missing.map(([one, file]) => ({
      task: { model, trace: one.trace.id, inputs, out: `${file}.part` },
      done: ({ seconds, failures }) => {
        renameSync(`${file}.part`, `${file}.f32`)
        writeFileSync(`${file}.json`, JSON.stringify({ seconds, failures }))
        log(`${model} on ${one.trace.id}: ${seconds.toFixed(1)} s`)
      },
      failed: (reason) => {
        const cells = one.split.origins.length * LEVELS.length * one.split.reach
        writeFileSync(`${file}.f32`, bytesOf(new Float32Array(cells).fill(Number.NaN)))
        writeFileSync(`${file}.json`, JSON.stringify({ seconds: 0, failures: [reason] }))
        log(`${model} on ${one.trace.id}: FAILED, ${reason}`)
      },
    })),
  })
}

function collect(
  models: readonly PeerModel[],
  files: ReadonlyMap<PeerModel, ReadonlyMap<Case, string>>,
): Peers {
  const entrants: Entrant[] = []
  const runs: PeerRun[] = []
  for (const model of models) {
    const scores = new Map<string, readonly Score[]>()
    const run = {
      model: model.model,
      seconds: 0,
      replaced: 0,
      issued: 0,
      reasons: new Set<string>(),
    }
    for (const [one, file] of files.get(model)!) {
      const note = PeerNote.parse(JSON.parse(readFileSync(`${file}.json`, 'utf8')))
      const raw = readFileSync(`${file}.f32`)
      const quantiles = new Float32Array(
        raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length),
      )
      run.replaced += mend(quantiles, one)
      run.issued += one.split.origins.length
      run.seconds += note.seconds
      for (const reason of note.failures) run.reasons.add(reason)
      scores.set(one.trace.id, scoreQuantiles(quantiles, one.trace.values, one.split))
    }
    entrants.push({ model: model.model, side: 'peer', scores })
    runs.push({ ...run, reasons: [...run.reasons] })
  }
  return { entrants, runs }
}

/** A median above this multiple of the largest load so far is taken for a failure, as ours is; other quantiles are cut there. */
const ABSURD = 10
const MEDIAN = LEVELS.indexOf(0.5)

/** Cuts and orders, and puts the naive forecast in for each origin with anything not finite or absurd; counts those. */
export function mend(quantiles: Float32Array, one: Omit<Case, 'entry'>): number {
  const { origins, reach, seasons } = one.split
  const size = LEVELS.length * reach
  let naive: Float32Array | undefined
  let replaced = 0
  const row = new Float32Array(LEVELS.length)
  for (let o = 0; o < origins.length; o++) {
    const part = quantiles.subarray(o * size, (o + 1) * size)
    const limit = ABSURD * largestBefore(one.trace.values, origins[o]!)
    const medians = part.subarray(MEDIAN * reach, (MEDIAN + 1) * reach)
    if (!part.every(Number.isFinite) || medians.some((median) => median > limit)) {
      naive ??= naiveQuantiles(one, seasons[0] ?? 1)
      part.set(naive.subarray(o * size, (o + 1) * size))
      replaced++
      continue
    }
    for (let k = 0; k < reach; k++) {
      for (let level = 0; level < LEVELS.length; level++)
        row[level] = Math.min(Math.max(0, part[level * reach + k]!), limit)
      row.sort()
      for (let level = 0; level < LEVELS.length; level++) part[level * reach + k] = row[level]!
    }
  }
  return replaced
}

function largestBefore(values: Float64Array, origin: number): number {
  let largest = 0
  for (let i = 0; i < origin; i++) if (values[i]! > largest) largest = values[i]!
  return largest
}

/** A name for each trace's forecasts that changes with all they hang on: data, split, levels, the peer's program. */
function filesOf(
  { model, script, global }: PeerModel,
  cases: readonly Case[],
  known: readonly Case[],
  { folder }: PeerOptions,
): Map<Case, string> {
  const program = ['peer.py', script].map((file) => readFileSync(join(PEERS_FOLDER, file), 'utf8'))
  const all = global ? known.map(keyOf) : []
  return new Map(
    cases.map((one) => {
      const parts = [model, LEVELS, program, keyOf(one), all]
      return [one, join(folder, fileName(model), `${one.trace.id}-${hashOf(parts)}`)]
    }),
  )
}

function keyOf({ trace, split }: Case): string {
  const { origins, reach, seasons } = split
  const known = bytesOf(trace.values.subarray(0, origins.at(-1)!))
  const plan = JSON.stringify([trace.id, trace.startMs, trace.stepMs, origins, reach, seasons])
  return createHash('sha256').update(plan).update(known).digest('hex')
}

const hashOf = (parts: readonly unknown[]) =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)

const fileName = (model: string) => model.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')

function bytesOf(values: Float64Array | Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
