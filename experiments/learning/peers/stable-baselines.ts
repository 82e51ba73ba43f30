/** Stable-Baselines3, in a Python of its own that lives as long as the comparison: a line of JSON a task. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { ComparisonRow } from './rows.ts'

const INSTALL = fileURLToPath(new URL('../../bench/peers/install-learners.sh', import.meta.url))
const PEER = fileURLToPath(new URL('../../bench/peers/learners_peer.py', import.meta.url))

const Answer = z.object({
  version: z.string(),
  /** By episode. */
  returns: z.array(z.number()).min(1),
  /** Processor time of training. */
  seconds: z.number(),
})
export type Answer = z.infer<typeof Answer>

export interface StableBaselines {
  train(row: ComparisonRow, task: { seed: number; episodes: number }): Promise<Answer>
  close(): void
}

/** Installs it from PyPI where it is not there; throws what the shell says where it cannot be had. */
export function startStableBaselines(): StableBaselines {
  const python = execFileSync('sh', [INSTALL], { stdio: ['ignore', 'pipe', 'inherit'] })
    .toString()
    .trim()
  const child = spawn(python, [PEER], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
  })
  const lines = createInterface({ input: child.stdout })
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`the Python of Stable-Baselines3 ended with code ${code}`)
  })
  // nobody may be waiting when it is closed
  exited.catch(() => undefined)
  return {
    async train({ game, count, steps, peer }, { seed, episodes }) {
      const task = { ...peer, environment: game.name, count, steps, seed, episodes }
      const line = once(lines, 'line')
      child.stdin.write(`${JSON.stringify(task)}\n`)
      const [answer] = await Promise.race([line, exited])
      return Answer.parse(JSON.parse(String(answer)))
    },
    close() {
      lines.close()
      child.kill()
    },
  }
}
