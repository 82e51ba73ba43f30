/**
 * `npm run compare:learners`: our learners beside Stable-Baselines3's on CartPole, Pendulum and FrozenLake: the same
 * settings, the same number of steps, several seeds, in turns; then episodes with what each knows best. Speeds are steps by
 * processor time, each on one thread. `-- --only ppo-pendulum,dqn-cartpole` some rows alone, `-- --seeds 3`, `-- --json`.
 */
import { Command, InvalidArgumentError } from 'commander'
import { difference, type Estimate, estimate, meanOf } from './interval.ts'
import { returnsOf, trainOn } from './play.ts'
import { type ComparisonRow, ROWS } from './rows.ts'
import { type StableBaselines, startStableBaselines } from './stable-baselines.ts'

/** Episodes that a trained learner is judged by. */
const EPISODES = 100
/** No seed of training is so large. */
const JUDGING_SEED = 1_000_000

interface Compared {
  readonly name: string
  readonly steps: number
  readonly version: string
  readonly ours: Estimate
  readonly theirs: Estimate
  readonly difference: Estimate
  readonly ourStepsPerSecond: number
  readonly theirStepsPerSecond: number
}

const { json, only, seeds } = new Command('compare:learners')
  .option('--json', 'one object a line', false)
  .option('--only <names>', 'some rows alone', readNames, ROWS)
  .option('--seeds <n>', 'seeds of each', readSeeds, 5)
  .parse()
  .opts<{ json: boolean; only: readonly ComparisonRow[]; seeds: number }>()

const peer = startStableBaselines()
try {
  const compared: Compared[] = []
  for (const row of only) {
    compared.push(await compare(row, peer))
    if (json) process.stdout.write(`${JSON.stringify(compared.at(-1))}\n`)
  }
  if (!json) print(compared)
} finally {
  peer.close()
}

async function compare(row: ComparisonRow, peer: StableBaselines): Promise<Compared> {
  const ours: number[] = []
  const theirs: number[] = []
  const seconds = { ours: Number.POSITIVE_INFINITY, theirs: Number.POSITIVE_INFINITY }
  let version = ''
  for (let seed = 0; seed < seeds; seed++) {
    const training = trainOn(row.game, row.ours, { ...row, seed })
    ours.push(meanOf(returnsOf(row.game, training.learner, EPISODES, JUDGING_SEED + seed)))
    const answer = await peer.train(row, { seed, episodes: EPISODES })
    theirs.push(meanOf(answer.returns))
    version = answer.version
    // the least: what else the machine does only adds
    seconds.ours = Math.min(seconds.ours, training.seconds)
    seconds.theirs = Math.min(seconds.theirs, answer.seconds)
    process.stderr.write(`${row.name}, seed ${seed}: ${ours.at(-1)} and ${theirs.at(-1)}\n`)
  }
  return {
    name: row.name,
    steps: row.steps,
    version,
    ours: estimate(ours),
    theirs: estimate(theirs),
    difference: difference(ours, theirs),
    ourStepsPerSecond: row.steps / seconds.ours,
    theirStepsPerSecond: row.steps / seconds.theirs,
  }
}

function print(compared: readonly Compared[]): void {
  const shown = ({ mean, half }: Estimate): string => `${mean.toFixed(2)} ± ${half.toFixed(2)}`
  console.table(
    compared.map((row) => ({
      name: row.name,
      steps: row.steps,
      'return, ours': shown(row.ours),
      [`Stable-Baselines3 ${row.version}`]: shown(row.theirs),
      difference: shown(row.difference),
      'steps/s, ours': Math.round(row.ourStepsPerSecond),
      theirs: Math.round(row.theirStepsPerSecond),
      ratio: (row.ourStepsPerSecond / row.theirStepsPerSecond).toFixed(1),
    })),
  )
  process.stdout.write(
    `Means over ${seeds} seeds of ${EPISODES} episodes each, ± half of the 95 % interval.\n`,
  )
}

function readNames(text: string): readonly ComparisonRow[] {
  return text.split(',').map((name) => {
    const row = ROWS.find((one) => one.name === name)
    if (row) return row
    const known = ROWS.map((one) => one.name).join(', ')
    throw new InvalidArgumentError(`${name} is no row; allowed: ${known}`)
  })
}

function readSeeds(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 2 && value <= 100) return value
  throw new InvalidArgumentError(`${text} is not allowed; allowed: a whole number from 2 to 100`)
}
