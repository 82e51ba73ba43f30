/** What `forescale train` does; loaded by services/cli/commands/train.ts when it is called. */
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { CommandFailure, EXIT } from '../../services/cli/exit-codes.ts'
import { type Column, table } from '../../services/cli/format.ts'
import type { Terminal } from '../../services/cli/terminal.ts'
import { ConfigError } from '../../services/config-error.ts'
import type { TrainingEvent, TrainingRound } from '../../services/trainings/progress.ts'
import { commandOf, PlanRefused, plannedRun, trainingsOf, type WhatToTrain } from './plan.ts'
import { readCheckpoint, writeTraining } from './training/folder.ts'
import { type Checkpoint, endOf, firstCheckpoint, train } from './training/train.ts'
import { configHashOf, trainingOf } from './training/training.ts'
import type { Training } from './training/training-file.ts'

export interface TrainInput extends WhatToTrain {
  readonly out: string | undefined
  readonly json: boolean
  /** One JSON line an event (services/trainings/progress.ts) in place of anything else on stdout. */
  readonly events: boolean
  /** Nothing is trained: what would be is said. */
  readonly plan: boolean
}

interface Trained {
  readonly folder: string
  readonly seed: number
  readonly rounds: number
  readonly steps: number
  readonly bestRound: number
  readonly gain: number
  /** Why it ended. */
  readonly end: string
}

/** The exit code. Throws ConfigError and CommandFailure. */
export async function trainPolicies(terminal: Terminal, input: TrainInput): Promise<number> {
  const tell = (event: TrainingEvent): void => {
    if (input.events) terminal.print(JSON.stringify(event))
  }
  try {
    const trainings = trainingsOf(input)
    const runs = trainings.map(plannedRun)
    tell({ kind: 'plan', name: trainings[0]!.config.name, runs })
    if (input.plan) return showPlan(terminal, input, runs)
    return await trainAll(terminal, input, trainings, tell)
  } catch (error) {
    const faults = faultsIn(error)
    if (faults) tell({ kind: 'refused', faults })
    throw error
  }
}

async function trainAll(
  terminal: Terminal,
  input: TrainInput,
  trainings: readonly Training[],
  tell: (event: TrainingEvent) => void,
): Promise<number> {
  const out = input.out ?? path.join('results', 'training', trainings[0]!.config.name)
  const signal = terminal.takeInterrupts?.()
  const done: Trained[] = []
  for (const training of trainings) {
    const folder = path.join(out, training.folder)
    const trained = await trainOne(terminal, training, { folder, input, signal, tell })
    if (trained === undefined) {
      terminal.say(`interrupted; the same command goes on with what is in ${folder}`)
      return EXIT.interrupted
    }
    done.push(trained)
  }
  if (input.json) terminal.printJson({ out, trainings: done })
  else if (!input.events) show(terminal, done)
  return EXIT.ok
}

interface One {
  readonly folder: string
  readonly input: TrainInput
  readonly signal: AbortSignal | undefined
  readonly tell: (event: TrainingEvent) => void
}

/** Undefined when it was interrupted. */
async function trainOne(
  terminal: Terminal,
  training: Training,
  { folder, input, signal, tell }: One,
): Promise<Trained | undefined> {
  const { config } = training
  const begun = begunIn(folder, configHashOf(config))
  const tellRound = (round: TrainingRound) =>
    tell({ kind: 'round', folder: training.folder, round })
  begun?.curve.forEach(tellRound)
  let now = begun
  if (begun === undefined || endOf(config, begun) === undefined) {
    const deps = trainingOf(config, { command: commandOf(input), revision: revision() })
    now ??= firstCheckpoint(deps.configHash, deps.learner)
    for (const checkpoint of train(deps, now)) {
      now = checkpoint
      writeTraining(folder, config, checkpoint)
      const round = checkpoint.curve.at(-1)!
      tellRound(round)
      if (!input.events) terminal.say(`${folder}: ${roundLine(round, config.rounds)}`)
      // signals are heard between rounds
      await nextTurn()
      if (signal?.aborted) return undefined
    }
  }
  const trained = { ...endedAs(now!), end: endOf(config, now!)! }
  const { bestRound: round, gain, end } = trained
  tell({ kind: 'ended', folder: training.folder, end, best: { round, gain } })
  return { ...trained, folder, seed: config.seed }
}

/** Of a training that has at least one round behind it. */
function endedAs({ curve, best }: Checkpoint) {
  const { round, gain } = best!
  return { rounds: curve.length, steps: curve.at(-1)!.steps, bestRound: round, gain }
}

function showPlan(
  terminal: Terminal,
  { json, events }: TrainInput,
  runs: readonly ReturnType<typeof plannedRun>[],
): number {
  if (json) terminal.printJson({ runs })
  else if (!events) for (const line of table(PLAN_COLUMNS, runs)) terminal.print(line)
  return EXIT.ok
}

const PLAN_COLUMNS: readonly Column<ReturnType<typeof plannedRun>>[] = [
  { title: 'folder', text: ({ folder }) => folder },
  { title: 'learner', text: ({ learner }) => learner },
  { title: 'seed', right: true, text: ({ seed }) => String(seed) },
  { title: 'rounds', right: true, text: ({ rounds }) => String(rounds) },
  {
    title: 'decisions',
    right: true,
    text: ({ rounds, roundSteps }) => String(rounds * roundSteps),
  },
]

/** What a refusal says to a program; undefined of what is none. */
function faultsIn(
  error: unknown,
): Extract<TrainingEvent, { kind: 'refused' }>['faults'] | undefined {
  if (error instanceof PlanRefused) {
    const { field, value, allowed } = error
    return [{ path: field, value: JSON.stringify(value), allowed }]
  }
  if (!(error instanceof ConfigError)) return undefined
  return error.faults.map(({ path: at, value, allowed, message }) => ({
    ...{ path: at, value },
    allowed: allowed ?? message,
  }))
}

function begunIn(folder: string, configHash: string) {
  try {
    return readCheckpoint(folder, configHash)
  } catch (cause) {
    throw new CommandFailure(EXIT.conflict, (cause as Error).message, undefined, { cause })
  }
}

function roundLine(
  { round, steps, explored, gain, costRatio, violations }: TrainingRound,
  of: number,
) {
  const figures = `reward ${explored.toFixed(3)}, gain ${(100 * gain).toFixed(1)} %, cost ×${costRatio.toFixed(3)}`
  return `round ${round}/${of}, ${steps} decisions: ${figures}, violating ${(100 * violations).toFixed(3)} %`
}

const COLUMNS: readonly Column<Trained>[] = [
  { title: 'folder', text: ({ folder }) => folder },
  { title: 'rounds', right: true, text: ({ rounds }) => String(rounds) },
  { title: 'decisions', right: true, text: ({ steps }) => String(steps) },
  { title: 'best round', right: true, text: ({ bestRound }) => String(bestRound) },
  { title: 'gain', right: true, text: ({ gain }) => `${(100 * gain).toFixed(2)} %` },
  { title: 'ended by', text: ({ end }) => end },
]

function show(terminal: Terminal, done: readonly Trained[]): void {
  for (const line of table(COLUMNS, done)) terminal.print(line)
}

function revision(): string {
  try {
    const cwd = fileURLToPath(new URL('.', import.meta.url))
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd, encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}
