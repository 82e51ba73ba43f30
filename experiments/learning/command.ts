/** What `forescale train` does; loaded by services/cli/commands/train.ts when it is called. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { CommandFailure, EXIT } from '../../services/cli/exit-codes.ts'
import { type Column, table } from '../../services/cli/format.ts'
import type { Terminal } from '../../services/cli/terminal.ts'
import { readCheckpoint, writeTraining } from './training/folder.ts'
import { endOf, firstCheckpoint, type Round, train } from './training/train.ts'
import { configHashOf, trainingOf } from './training/training.ts'
import { readTrainingFile, type Training } from './training/training-file.ts'

const SHIPPED = fileURLToPath(new URL('./configs', import.meta.url))

export interface TrainInput {
  readonly file: string
  readonly out: string | undefined
  readonly json: boolean
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
  const trainings = readTrainingFile(fileOf(input.file))
  const out = input.out ?? path.join('results', 'training', trainings[0]!.config.name)
  const signal = terminal.takeInterrupts?.()
  const done: Trained[] = []
  for (const training of trainings) {
    const folder = path.join(out, training.folder)
    const trained = await trainOne(terminal, training, { folder, input, signal })
    if (trained === undefined) {
      terminal.say(`interrupted; the same command goes on with what is in ${folder}`)
      return EXIT.interrupted
    }
    done.push(trained)
  }
  if (input.json) terminal.printJson({ out, trainings: done })
  else show(terminal, done)
  return EXIT.ok
}

interface One {
  readonly folder: string
  readonly input: TrainInput
  readonly signal: AbortSignal | undefined
}

async function trainOne(
  terminal: Terminal,
  { config }: Training,
  { folder, input, signal }: One,
): Promise<Trained | undefined> {
  const begun = begunIn(folder, configHashOf(config))
  let now = begun
  if (begun === undefined || endOf(config, begun) === undefined) {
    const command = `npx forescale train ${input.file}`
    const deps = trainingOf(config, { command, revision: revision() })
    now ??= firstCheckpoint(deps.configHash, deps.learner)
    for (const checkpoint of train(deps, now)) {
      now = checkpoint
      writeTraining(folder, config, checkpoint)
      terminal.say(`${folder}: ${roundLine(checkpoint.curve.at(-1)!, config.rounds)}`)
      // signals are heard between rounds
      await nextTurn()
      if (signal?.aborted) return undefined
    }
  }
  const { curve, best } = now!
  return {
    ...{ folder, seed: config.seed, rounds: curve.length },
    steps: curve.at(-1)?.steps ?? 0,
    bestRound: best?.round ?? 0,
    gain: best?.gain ?? Number.NaN,
    end: endOf(config, now!) ?? '',
  }
}

function begunIn(folder: string, configHash: string) {
  try {
    return readCheckpoint(folder, configHash)
  } catch (cause) {
    throw new CommandFailure(EXIT.conflict, (cause as Error).message, undefined, { cause })
  }
}

function roundLine({ round, steps, explored, gain, costRatio, violations }: Round, of: number) {
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

/** A path, or the name of a shipped training. */
function fileOf(name: string): string {
  if (existsSync(name)) return name
  const shipped = path.join(SHIPPED, `${name}.yaml`)
  if (existsSync(shipped)) return shipped
  const names = globSync('*.yaml', { cwd: SHIPPED }).map((file) => path.basename(file, '.yaml'))
  throw new CommandFailure(
    EXIT.usage,
    `training "${name}" is neither a file nor shipped; shipped are ${names.sort().join(', ')}`,
  )
}

function revision(): string {
  try {
    const cwd = fileURLToPath(new URL('.', import.meta.url))
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd, encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}
