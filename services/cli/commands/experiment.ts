/**
 * `forescale experiment`: runs, compares and lists experiments. What they do lies in experiments/runner/ and is loaded
 * when one of them is called.
 */
import { availableParallelism } from 'node:os'
import { type Command, Option } from 'commander'
import { act, jsonOption, wholeNumber } from '../context.ts'
import type { Surroundings } from '../terminal.ts'

const MOST_WORKERS = 256

const EXAMPLES = `
Examples:
  forescale experiment list
  forescale experiment run smoke
  forescale experiment compare results/before results/after`

const LIST_EXAMPLES = `
Examples:
  forescale experiment list --json`

const RUN_EXAMPLES = `
Examples:
  forescale experiment run smoke                        a shipped one, by name
  forescale experiment run mine.yaml --workers 4 --out results/mine
  forescale experiment run frontier --queue redis://127.0.0.1:6379     on all workers there

Interrupted, it goes on where it was: run it again with the same --out. What is finished is not run again while
experiment, data and code are the same. --out holds results.json, runs, services and blocks as CSV and Parquet,
report.html, tensorboard/ and, apart from them, timing.json: wall-clock times, which differ from run to run.`

const COMPARE_EXAMPLES = `
Examples:
  forescale experiment compare results/before results/after
  forescale experiment compare results/smoke results/smoke       its reference against every other arm
  forescale experiment compare results/smoke results/smoke --arms forescale,hpa --json`

type Done = (code: number) => void

export function addExperiment(program: Command, around: Surroundings, done: Done): void {
  const command = program
    .command('experiment')
    .helpGroup('Try out:')
    .description('run experiments on simulated clusters: data sets × controllers × seeds')
    .addHelpText('after', EXAMPLES)
  addRun(command, around, done)
  addCompare(command, around, done)
  const list = command
    .command('list')
    .description('the shipped experiments')
    .addOption(jsonOption())
    .addHelpText('after', LIST_EXAMPLES)
  act(list, around, done, async ({ terminal }, { json }) => {
    const { listShipped } = await import('../../../experiments/runner/command.ts')
    return listShipped(terminal, json === true)
  })
}

function workersOption(): Option {
  return new Option('-w, --workers <n>', 'runs side by side (the cores of this machine)').argParser(
    wholeNumber(1, MOST_WORKERS),
  )
}

function queueOption(): Option {
  return new Option('--queue <url>', 'redis://… with the workers to run on (FORESCALE_REDIS)')
}

function addRun(parent: Command, around: Surroundings, done: Done): void {
  const command = parent
    .command('run')
    .description('run an experiment, or the rest of one')
    .argument('<file>', 'YAML file, or name of a shipped one')
    .addOption(workersOption())
    .option('-o, --out <folder>', 'where results go (results/NAME)')
    .addOption(queueOption())
    .addOption(jsonOption())
    .addHelpText('after', RUN_EXAMPLES)
  act(command, around, done, async ({ terminal }, options, [file = '']) => {
    const { runExperiment } = await import('../../../experiments/runner/command.ts')
    const { out, queue, json } = options
    return runExperiment(terminal, {
      file,
      workers: Number(options.workers ?? availableParallelism()),
      out: textOf(out),
      queue: textOf(queue) ?? (around.env.FORESCALE_REDIS || undefined),
      json: json === true,
    })
  })
}

function addCompare(parent: Command, around: Surroundings, done: Done): void {
  const command = parent
    .command('compare')
    .description('who wins on what, with intervals: paired block bootstrap over time and seeds')
    .argument('<a>', 'folder of results')
    .argument('<b>', 'folder of results')
    .option('--arms <ours,theirs>', 'an arm of A and one of B')
    .addOption(jsonOption())
    .addHelpText('after', COMPARE_EXAMPLES)
  act(command, around, done, async ({ terminal }, { arms, json }, [a = '', b = '']) => {
    const { compareFolders } = await import('../../../experiments/runner/command.ts')
    return compareFolders(terminal, { a, b, arms: textOf(arms), json: json === true })
  })
}

const textOf = (value: unknown): string | undefined =>
  value === undefined ? undefined : String(value)
