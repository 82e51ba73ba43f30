/** What `forescale experiment …` does; loaded by services/cli/commands/experiment.ts when it is called. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { CommandFailure, EXIT } from '../../services/cli/exit-codes.ts'
import { table } from '../../services/cli/format.ts'
import type { Terminal } from '../../services/cli/terminal.ts'
import type { JobHandler } from '../../services/jobs/job-queue.ts'
import { hidden } from '../../services/jobs/redis-address.ts'
import { type ArmPair, compareResults, usualPairs } from './compare.ts'
import { readExperimentFile } from './config-file.ts'
import { writeOutput } from './output.ts'
import { createPool, type Pool, RunFailed } from './pool.ts'
import { createProgress } from './progress.ts'
import { createRemotePool, experimentHandler } from './queue.ts'
import { fromJson, type Results } from './results.ts'
import { runJobs } from './run.ts'
import { sayCost, sayDominance } from './wording.ts'

const SHIPPED = fileURLToPath(new URL('../configs', import.meta.url))

export interface RunInput {
  readonly file: string
  readonly workers: number
  readonly out: string | undefined
  readonly queue: string | undefined
  readonly json: boolean
}

/** Resolves to the exit code. Throws ConfigError, DatasetError and CommandFailure. */
export async function runExperiment(terminal: Terminal, input: RunInput): Promise<number> {
  const { file, workers, queue, json } = input
  const experiment = readExperimentFile(fileOf(file))
  const out = input.out ?? path.join('results', experiment.config.name)
  const signal = terminal.takeInterrupts?.()
  const pool = queue === undefined ? createPool(workers, terminal.env) : await remotePool(queue)
  const progress = createProgress(experiment.config.name, terminal)
  try {
    const library = { env: terminal.env }
    const ran = await runJobs(experiment, { out, library, pool, signal, onProgress: progress.show })
    progress.end()
    if (ran === undefined) {
      terminal.say(`interrupted; the same command goes on with what is in ${out}`)
      return EXIT.interrupted
    }
    const results = await writeOutput(out, experiment, ran)
    if (json) terminal.printJson({ out, datasets: results.datasets })
    else show(results, terminal)
    terminal.say(`${out}: ${ran.done.length} runs, ${ran.reused} of them of earlier calls`)
    return EXIT.ok
  } catch (error) {
    if (!(error instanceof RunFailed)) throw error
    throw new CommandFailure(EXIT.failure, error.message, undefined, { cause: error })
  } finally {
    progress.end()
    await pool.close()
  }
}

async function remotePool(queue: string): Promise<Pool> {
  try {
    return await createRemotePool(queue)
  } catch (cause) {
    throw queueFailure(queue, cause)
  }
}

function queueFailure(queue: string, cause: unknown): CommandFailure {
  const why = cause instanceof Error ? cause.message : String(cause)
  const code = cause instanceof RangeError ? EXIT.usage : EXIT.unreachable
  const said = cause instanceof RangeError ? why : `queue ${hidden(queue)} cannot be used: ${why}`
  return new CommandFailure(code, said, undefined, { cause })
}

/** For `forescale worker`: what it does with runs of experiments, on threads that are started when there are some. */
export function openExperimentWork(
  threads: number,
  env: Terminal['env'],
): { readonly handler: JobHandler; close(): Promise<void> } {
  const pool = createPool(threads, env)
  return { handler: experimentHandler(pool), close: pool.close }
}

interface CompareInput {
  readonly a: string
  readonly b: string
  readonly arms: string | undefined
  readonly json: boolean
}

export async function compareFolders(
  terminal: Terminal,
  { a, b, arms, json }: CompareInput,
): Promise<number> {
  const [inA, inB] = [readResults(a), readResults(b)]
  const pairs = arms === undefined ? usualPairs(inA, inB, sameFolder(a, b)) : [pairOf(arms)]
  if (pairs.length === 0) throw new CommandFailure(EXIT.failure, `${a} and ${b} share no arm`)
  const comparison = comparisonOf(inA, inB, pairs)
  if (json) terminal.printJson(comparison)
  else {
    for (const { dataset, synthetic, words, dominanceWords } of comparison.lines)
      terminal.print(`${dataset}${synthetic ? ' (synthetic)' : ''}: ${words}; ${dominanceWords}`)
    for (const { ours, theirs, words } of comparison.overall)
      terminal.print(`all, ${ours} against ${theirs}: ${words}`)
  }
  for (const { dataset, reason } of comparison.left) terminal.say(`${dataset} left out: ${reason}`)
  if (comparison.lines.length > 0) return EXIT.ok
  throw new CommandFailure(EXIT.failure, `${a} and ${b} share no data set that was simulated alike`)
}

function comparisonOf(a: Results, b: Results, pairs: readonly ArmPair[]) {
  try {
    return compareResults(a, b, pairs)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new CommandFailure(EXIT.usage, cause.message, undefined, { cause })
  }
}

function pairOf(arms: string): ArmPair {
  const [ours, theirs, ...more] = arms.split(',')
  if (ours && theirs && more.length === 0) return { ours, theirs }
  throw new CommandFailure(EXIT.usage, `--arms "${arms}" is not allowed; allowed: OURS,THEIRS`)
}

const sameFolder = (a: string, b: string) => path.resolve(a) === path.resolve(b)

function readResults(folder: string): Results {
  const file = path.join(folder, 'results.json')
  try {
    return fromJson(readFileSync(file, 'utf8'))
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause)
    const allowed = 'allowed: the --out folder of a finished experiment'
    throw new CommandFailure(EXIT.usage, `${file} cannot be used: ${why}; ${allowed}`, undefined, {
      cause,
    })
  }
}

export function listShipped(terminal: Terminal, json: boolean): number {
  const shipped = shippedNames().map((name) => {
    const { config, arms } = readExperimentFile(path.join(SHIPPED, `${name}.yaml`))
    return {
      name,
      description: config.description,
      controllers: config.controllers.length,
      settings: arms.length,
    }
  })
  if (json) terminal.printJson(shipped)
  else
    for (const line of table(
      [
        { title: 'experiment', text: (row) => row.name },
        { title: 'settings', right: true, text: (row) => String(row.settings) },
        { title: 'what it settles', text: (row) => row.description },
      ],
      shipped,
    ))
      terminal.print(line)
  return EXIT.ok
}

function shippedNames(): string[] {
  return globSync('*.yaml', { cwd: SHIPPED })
    .map((file) => path.basename(file, '.yaml'))
    .sort()
}

/** A path, or the name of a shipped one. */
function fileOf(given: string): string {
  if (existsSync(given) || !/^[\w-]+$/.test(given)) return given
  const names = shippedNames()
  if (names.includes(given)) return path.join(SHIPPED, `${given}.yaml`)
  const allowed = `allowed: a YAML file, or ${names.join(', ')}`
  throw new CommandFailure(EXIT.usage, `experiment "${given}" is not there; ${allowed}`)
}

function show(results: Results, terminal: Terminal): void {
  const where = `≤ ${100 * results.atViolation} % violating`
  for (const { dataset, synthetic, frontiers, comparisons } of results.datasets) {
    terminal.print(terminal.paint('bold', `${dataset}${synthetic ? ' (synthetic load)' : ''}`))
    const rows = frontiers.map((frontier) => {
      const { cost, violationRatio } = frontier.points[frontier.best]!
      const comparison = comparisons.find(({ theirs }) => theirs === frontier.arm)
      const words = comparison
        ? `${sayCost(comparison, comparison.costRatio, where).words}; ${sayDominance(comparison, comparison)}`
        : ''
      const arm = `${frontier.arm}${frontier.seesFuture ? ' (sees the future)' : ''}`
      return { arm, cost, violationRatio, settings: frontier.points.length, words }
    })
    const columns = [
      { title: 'controller', text: (row: (typeof rows)[number]) => row.arm },
      {
        title: 'settings',
        right: true,
        text: (row: (typeof rows)[number]) => String(row.settings),
      },
      { title: '$/h', right: true, text: (row: (typeof rows)[number]) => row.cost.toFixed(3) },
      {
        title: 'violating',
        right: true,
        text: (row: (typeof rows)[number]) => `${(100 * row.violationRatio).toFixed(4)} %`,
      },
      { title: '', text: (row: (typeof rows)[number]) => row.words },
    ]
    for (const line of table(columns, rows)) terminal.print(line)
    terminal.print()
  }
}
