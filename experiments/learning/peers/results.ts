/**
 * Results of trainings kept in a folder, a file each, so that a comparison that was interrupted goes on where it was. A
 * file's name holds who played and a hash of all that the result depends on; inside stands what that was. Returns depend on
 * nothing else, so they may come from another day; times are of the machine as it then was.
 */
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'

export const Played = z.object({
  /** By episode, with what was known best after training; none where none was asked for. */
  returns: z.array(z.number()),
  /** Processor and wall time of training. */
  seconds: z.number().positive(),
  wallSeconds: z.number().positive(),
})
export type Played = z.infer<typeof Played>

const Kept = z.object({ by: z.string(), task: z.unknown(), played: Played })

export interface Task {
  /** Whose code, of which version. */
  readonly by: string
  /** All that it depends on but the code. */
  readonly task: object
}

/** $XDG_CACHE_HOME or ~/.cache, then forescale/learner-results. */
export function resultsFolder(environment: NodeJS.ProcessEnv): string {
  const cache = environment.XDG_CACHE_HOME || path.join(homedir(), '.cache')
  return path.join(cache, 'forescale', 'learner-results')
}

/** What was kept; undefined where nothing was, or where it cannot be read any more. */
export function findKept(folder: string, task: Task): Played | undefined {
  const file = fileOf(folder, task)
  return existsSync(file) ? Kept.safeParse(parsed(file)).data?.played : undefined
}

/** What was kept, or what `play` does now, which is kept then. */
export async function keptOr(
  folder: string,
  task: Task,
  play: () => Promise<Played>,
): Promise<Played> {
  const kept = findKept(folder, task)
  if (kept) return kept
  const played = await play()
  const file = fileOf(folder, task)
  mkdirSync(folder, { recursive: true })
  // in place at once: a kill leaves no half of a file
  writeFileSync(`${file}.part`, `${JSON.stringify({ ...task, played })}\n`)
  renameSync(`${file}.part`, file)
  return played
}

function fileOf(folder: string, { by, task }: Task): string {
  const name = by.replace(/[^\w.]+/g, '-').toLowerCase()
  return path.join(folder, `${name}-${hashOf(JSON.stringify({ by, task }))}.json`)
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // of another make or broken: it is played again
    return undefined
  }
}

/** Of all TypeScript under `folders` that is no test: results of other code are others. */
export function hashOfCode(folders: readonly string[]): string {
  const files = folders
    .flatMap((folder) =>
      globSync('**/*.ts', { cwd: folder }).map((name) => path.join(folder, name)),
    )
    .filter((name) => !name.endsWith('.test.ts'))
    .sort()
  return hashOf(files.map((file) => readFileSync(file, 'utf8')).join('\0'))
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
