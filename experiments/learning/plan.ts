/** What `forescale train` is asked to do, read and counted before anything is trained. */
import { existsSync, globSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandFailure, EXIT } from '../../services/cli/exit-codes.ts'
import type { PlannedRun } from '../../services/trainings/progress.ts'
import type { TrainingConfig } from './training/config.ts'
import { readTrainingFile, type Training } from './training/training-file.ts'

const SHIPPED = fileURLToPath(new URL('./configs', import.meta.url))

/** What is asked for cannot be: which field, what it holds, what is allowed. */
export class PlanRefused extends CommandFailure {
  readonly field: string
  readonly value: unknown
  readonly allowed: string

  constructor(field: string, value: unknown, allowed: string) {
    super(EXIT.usage, `${field}: ${JSON.stringify(value)} is not allowed; allowed: ${allowed}`)
    this.field = field
    this.value = value
    this.allowed = allowed
  }
}

export interface WhatToTrain {
  /** A path, or the name of a shipped training. */
  readonly file: string
  /** In place of the file's. */
  readonly seeds: readonly number[] | undefined
  /** Decisions that each run may learn from, in place of the file's rounds. */
  readonly steps: number | undefined
}

/** Throws ConfigError and PlanRefused. */
export function trainingsOf({ file, seeds, steps }: WhatToTrain): Training[] {
  const trainings = readTrainingFile(fileOf(file), seeds)
  return steps === undefined ? trainings : trainings.map((one) => withinBudget(one, steps))
}

export function plannedRun({ folder, config }: Training): PlannedRun {
  const { learner, seed, rounds } = config
  return { folder, learner: learner.kind, seed, rounds, roundSteps: roundStepsOf(config) }
}

/** What is to be typed for the same again. */
export function commandOf({ file, seeds, steps }: WhatToTrain): string {
  const options = [
    ...(seeds ? [` --seeds ${seeds.join(',')}`] : []),
    ...(steps === undefined ? [] : [` --steps ${steps}`]),
  ]
  return `npx forescale train ${file}${options.join('')}`
}

const roundStepsOf = ({ episodeTicks, environments }: TrainingConfig) => episodeTicks * environments

function withinBudget({ folder, config }: Training, steps: number): Training {
  const rounds = Math.floor(steps / roundStepsOf(config))
  if (rounds >= 1) return { folder, config: { ...config, rounds } }
  const least = roundStepsOf(config)
  throw new PlanRefused('steps', steps, `at least ${least}, one round of ${config.name}`)
}

function fileOf(name: string): string {
  if (statSync(name, { throwIfNoEntry: false })?.isFile()) return name
  const shipped = path.join(SHIPPED, `${name}.yaml`)
  if (existsSync(shipped)) return shipped
  const names = globSync('*.yaml', { cwd: SHIPPED }).map((file) => path.basename(file, '.yaml'))
  throw new PlanRefused('training', name, `a file, or a shipped one: ${names.sort().join(', ')}`)
}
