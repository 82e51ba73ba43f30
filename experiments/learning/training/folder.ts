/**
 * A training's folder: `checkpoint.json` to go on from, `policy.json` (the best so far), `curve.csv`, `tensorboard/` and
 * `report.html`. All of them the same bytes whenever the same configuration is trained with the same code, interrupted or
 * not. Each is written beside and put in place, so that a kill leaves the old one whole.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { TrainingRound } from '../../../services/trainings/progress.ts'
import { eventFile } from '../../runner/tensorboard.ts'
import type { TrainingConfig } from './config.ts'
import { reportHtml } from './report.ts'
import { Checkpoint } from './train.ts'

const FIGURES = [
  'explored',
  'exploredDeviation',
  'reward',
  'gain',
  'plainGain',
  'costRatio',
  'violations',
  'plainViolations',
] as const

/** Undefined where nothing was begun. Throws a RangeError for a folder that another training was begun in. */
export function readCheckpoint(folder: string, configHash: string): Checkpoint | undefined {
  const file = path.join(folder, 'checkpoint.json')
  if (!existsSync(file)) return undefined
  const read = Checkpoint.safeParse(JSON.parse(readFileSync(file, 'utf8')))
  if (!read.success) throw new RangeError(`${file} is no checkpoint; allowed: another folder`)
  if (read.data.configHash !== configHash)
    throw new RangeError(
      `${file} is of a training with other settings (${read.data.configHash}, now ${configHash}); allowed: another folder`,
    )
  return read.data
}

/** The checkpoint last: what it says is done has been written. */
export function writeTraining(
  folder: string,
  config: TrainingConfig,
  checkpoint: Checkpoint,
): void {
  const { curve, best } = checkpoint
  mkdirSync(path.join(folder, 'tensorboard'), { recursive: true })
  const write = (name: string, data: string | Uint8Array) => {
    const file = path.join(folder, name)
    writeFileSync(`${file}.new`, data)
    renameSync(`${file}.new`, file)
  }
  write('curve.csv', curveCsv(curve))
  write(`tensorboard/events.out.tfevents.0.${config.name}`, eventFile(curve.map(scalarsOf)))
  write('report.html', reportHtml(config, checkpoint))
  if (best) write('policy.json', `${JSON.stringify(best.policy, null, 1)}\n`)
  write('checkpoint.json', JSON.stringify(checkpoint))
}

function curveCsv(curve: readonly TrainingRound[]): string {
  const columns = ['round', 'steps', ...FIGURES] as const
  const rows = curve.map((round) => columns.map((column) => round[column]).join(','))
  return `${[columns.join(','), ...rows].join('\n')}\n`
}

/** Simulated time has no meaning over many loads: a step is a millisecond. */
function scalarsOf(round: TrainingRound) {
  const { steps, statistics, objectives } = round
  const values: Record<string, number> = {}
  for (const name of FIGURES) values[`policy/${name}`] = round[name]
  for (const one of objectives) values[`gain/objective ${one.objective}`] = one.gain
  for (const [name, value] of Object.entries(statistics)) values[`learner/${name}`] = value
  return { step: steps, atMs: steps, values }
}
