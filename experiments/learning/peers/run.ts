/** One training of a side of a row, in a process of its own; returns are kept, speeds are not. */
import { fileURLToPath } from 'node:url'
import { answerOf } from './process.ts'
import { findKept, hashOfCode, keptOr, type Played, type Task } from './results.ts'
import type { ComparisonRow } from './rows.ts'
import { type Peer, peerTask, playPeer } from './stable-baselines.ts'

const WORKER = fileURLToPath(new URL('./play-task.ts', import.meta.url))
const CODE = ['../../../agents/learning', '../classic'].map((folder) =>
  fileURLToPath(new URL(folder, import.meta.url)),
)

export const SIDES = ['theirs', 'ours'] as const
export type Side = (typeof SIDES)[number]

export type Run = (side: Side, row: ComparisonRow, seed: number) => Promise<Played>

export interface KeptRuns {
  /** Undefined where it was not done yet. */
  find(side: Side, row: ComparisonRow, seed: number): Played | undefined
  readonly run: Run
}

/** Returns of whole trainings, kept in `folder`. */
export function keptRuns(folder: string, peer: Peer): KeptRuns {
  const code = `forescale ${hashOfCode(CODE)}`
  const taskOf = (side: Side, row: ComparisonRow, seed: number): Task => {
    const { ours, count, steps, episodes, game } = row
    return side === 'theirs'
      ? { by: peer.version, task: peerTask(row, { seed, episodes }) }
      : { by: code, task: { game: game.name, settings: ours, count, steps, episodes, seed } }
  }
  return {
    find: (side, row, seed) => findKept(folder, taskOf(side, row, seed)),
    run: (side, row, seed) =>
      keptOr(folder, taskOf(side, row, seed), () => play(peer, side, row, { ...row, seed })),
  }
}

/** Shorter trainings for their time alone. */
export function timedRun(peer: Peer): Run {
  return (side, row, seed) => play(peer, side, row, { seed, steps: row.speedSteps, episodes: 0 })
}

interface Wanted {
  readonly seed: number
  readonly steps: number
  readonly episodes: number
}

function play(peer: Peer, side: Side, row: ComparisonRow, wanted: Wanted): Promise<Played> {
  const { seed, steps, episodes } = wanted
  const task = { seed, steps, episodes }
  return side === 'theirs'
    ? playPeer(peer, peerTask(row, task))
    : answerOf(process.execPath, [WORKER], { row: row.name, ...task })
}
