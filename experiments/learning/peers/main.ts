/**
 * `npm run compare:learners`: our learners beside Stable-Baselines3's on CartPole, Pendulum and FrozenLake: the same
 * settings, the same number of steps, several seeds; then episodes with what each knows best. Each training has a process of
 * its own, and its returns are kept, so that an interrupted comparison goes on where it was. Speeds are measured after that,
 * by turns, on one thread each. `-- --only ppo-pendulum,dqn-cartpole` some rows alone, `-- --seeds 3`, `-- --kept` what
 * is there already, `-- --json`.
 */
import { Command, InvalidArgumentError } from 'commander'
import { meanOf } from './interval.ts'
import { resultsFolder } from './results.ts'
import { type ComparisonRow, ROWS } from './rows.ts'
import { keptRuns, SIDES, type Side, timedRun } from './run.ts'
import { findStableBaselines } from './stable-baselines.ts'
import { type Compared, printMarkdown } from './table.ts'

const options = new Command('compare:learners')
  .option('--json', 'one object a line', false)
  .option('--only <names>', 'some rows alone', readNames, ROWS)
  .option('--seeds <n>', 'seeds of each', whole(2, 100), 5)
  .option('--turns <n>', 'how often speeds are measured; 0: not at all', whole(0, 100), 3)
  .option('--kept', 'train nothing: returns that are there already', false)
  .option('--workers <n>', 'trainings at a time', whole(1, 256), 1)
  .option('--folder <path>', 'where returns are kept', resultsFolder(process.env))
  .parse()
  .opts<{
    json: boolean
    only: readonly ComparisonRow[]
    seeds: number
    turns: number
    kept: boolean
    workers: number
    folder: string
  }>()

// ends by itself, and so do the processes that it has started
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const peer = findStableBaselines()
const kept = keptRuns(options.folder, peer)
if (!options.kept) await trainAll()
const compared: Compared[] = []
for (const row of options.only) {
  compared.push(await compare(row))
  if (options.json) process.stdout.write(`${JSON.stringify(compared.at(-1))}\n`)
}
if (!options.json) printMarkdown(compared, peer.version, options)

/** So that all are there; each one that is done stays done, and one that fails leaves the others alone. */
async function trainAll(): Promise<void> {
  const left = options.only.flatMap((row) =>
    seedsOf().flatMap((seed) => SIDES.map((side) => ({ row, seed, side }))),
  )
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const { row, seed, side } = next
      const said = await kept.run(side, row, seed).then(
        ({ returns }) => meanOf(returns).toFixed(2),
        (error: Error) => {
          process.exitCode = 1
          return error.message
        },
      )
      process.stderr.write(`${row.name}, seed ${seed}, ${side}: ${said}\n`)
    }
  }
  await Promise.all(Array.from({ length: options.workers }, work))
}

async function compare(row: ComparisonRow): Promise<Compared> {
  const returns = (side: Side): number[] =>
    seedsOf()
      .flatMap((seed) => kept.find(side, row, seed) ?? [])
      .map((one) => meanOf(one.returns))
  const { name, steps, best } = row
  return {
    name,
    steps,
    best,
    ours: returns('ours'),
    theirs: returns('theirs'),
    ...(await speedsOf(row)),
  }
}

/** Environment steps by second of processor time; a turn of each side after the other. */
async function speedsOf(row: ComparisonRow): Promise<Pick<Compared, 'ourSpeeds' | 'theirSpeeds'>> {
  const speeds: Record<Side, number[]> = { ours: [], theirs: [] }
  const run = timedRun(peer)
  for (let turn = 0; turn < options.turns; turn++)
    for (const side of SIDES)
      speeds[side].push(row.speedSteps / (await run(side, row, turn)).seconds)
  return { ourSpeeds: speeds.ours, theirSpeeds: speeds.theirs }
}

function seedsOf(): number[] {
  return Array.from({ length: options.seeds }, (_, seed) => seed)
}

function readNames(text: string): readonly ComparisonRow[] {
  return text.split(',').map((name) => {
    const row = ROWS.find((one) => one.name === name)
    if (row) return row
    const known = ROWS.map((one) => one.name).join(', ')
    throw new InvalidArgumentError(`${name} is no row; allowed: ${known}`)
  })
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= least && value <= most) return value
    const allowed = `a whole number from ${least} to ${most}`
    throw new InvalidArgumentError(`${text} is not allowed; allowed: ${allowed}`)
  }
}
