/** Stable-Baselines3, in a Python process of its own for every task: a line of JSON in, one out. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { answerOf } from './process.ts'
import type { Played } from './results.ts'
import type { ComparisonRow } from './rows.ts'

const INSTALL = fileURLToPath(new URL('../../bench/peers/install-learners.sh', import.meta.url))
const PEER = fileURLToPath(new URL('../../bench/peers/learners_peer.py', import.meta.url))
const VERSIONS = `from importlib.metadata import version as v
print(f"Stable-Baselines3 {v('stable-baselines3')}, Gymnasium {v('gymnasium')}")`

export interface Peer {
  readonly python: string
  /** What results of it are labelled with. */
  readonly version: string
}

/** What a peer is asked; all that its answer depends on. */
export interface PeerTask {
  readonly algorithm: string
  readonly arguments: Readonly<Record<string, unknown>>
  readonly environment: string
  readonly count: number
  readonly steps: number
  readonly seed: number
  readonly episodes: number
}

/** Installs it from PyPI where it is not there; throws what the shell says where it cannot be had. */
export function findStableBaselines(): Peer {
  const read = (file: string, args: readonly string[]): string =>
    execFileSync(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      .toString()
      .trim()
  const python = read('sh', [INSTALL])
  return { python, version: read(python, ['-c', VERSIONS]) }
}

export function peerTask(
  { game, count, steps, peer }: ComparisonRow,
  what: { readonly seed: number; readonly episodes: number; readonly steps?: number },
): PeerTask {
  return { ...peer, environment: game.name, count, steps, ...what }
}

/** Throws where its process fails. */
export function playPeer({ python }: Peer, task: PeerTask): Promise<Played> {
  return answerOf(python, [PEER], task)
}
