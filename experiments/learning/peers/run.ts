/** One training of a side of a row, in a process of its own; returns are kept, speeds are not. */
import { fileURLToPath } from 'node:url'
import { answerOf } from './process.ts'
import { hashOfCode, keptOr, type Played } from './results.ts'
import type { ComparisonRow } from './rows.ts'
import { type Peer, peerTask, playPeer } from './stable-baselines.ts'

const WORKER = fileURLToPath(new URL('./play-task.ts', import.meta.url))
const CODE = ['../../../agents/learning', '../classic'].map((folder) =>
  fileURLToPath(new URL(folder, import.meta.url)),
)

export interface Runs {
  ours(row: ComparisonRow, seed: number): Promise<Played>
  theirs(row: ComparisonRow, seed: number): Promise<Played>
}

/** Returns of whole trainings, kept in `folder`. */
export function keptRuns(folder: string, peer: Peer): Runs {
  const code = `forescale ${hashOfCode(CODE)}`
  return {
    ours(row, seed) {
      const { ours, count, steps, episodes, game } = row
      const task = { game: game.name, settings: ours, count, steps, episodes, seed }
      return keptOr(folder, { by: code, task }, () => playOurs(row, { seed, steps, episodes }))
    },
    theirs(row, seed) {
      const task = peerTask(row, { seed, episodes: row.episodes })
      return keptOr(folder, { by: peer.version, task }, () => playPeer(peer, task))
    },
  }
}

/** Shorter trainings for their time alone. */
export function timedRuns(peer: Peer): Runs {
  return {
    ours: (row, seed) => playOurs(row, { seed, steps: row.speedSteps, episodes: 0 }),
    theirs: (row, seed) =>
      playPeer(peer, peerTask(row, { seed, steps: row.speedSteps, episodes: 0 })),
  }
}

function playOurs(
  { name }: ComparisonRow,
  task: { readonly seed: number; readonly steps: number; readonly episodes: number },
): Promise<Played> {
  return answerOf(process.execPath, [WORKER], { row: name, ...task })
}
