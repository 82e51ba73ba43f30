/**
 * `npm run compare:agents`: agents of several services that learn together under one budget (arms.ts), beside the plain
 * predictive rule of the environment and beside Forescale's own tick at several objectives, on the same episodes of days
 * that nobody learned from. A row a budget and arm; intervals over trainings and episodes. `-- --json` for one object a line.
 */
import { Command, InvalidArgumentError } from 'commander'
import { seededRandom } from '../../../datasets/random.ts'
import { pairedEstimate } from '../paired.ts'
import {
  ARMS,
  type Arm,
  clusterFor,
  fixedStretch,
  isFeudal,
  trainArm,
  type Worlds,
} from './arms.ts'
import { type CreateCluster, judge, judgeController, type Outcome } from './outcome.ts'
import { createWorlds, EPISODE_TICKS, RATES } from './worlds.ts'

const OBJECTIVES = [0.95, 0.99, 0.999] as const
const COPIES = 12
/** No seed of training is so large. */
const JUDGING_SEED = 1_000_000

const whole = (least: number, most: number) => (text: string) => {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  const allowed = `a whole number from ${least} to ${most}`
  throw new InvalidArgumentError(`${text} is not allowed; allowed: ${allowed}`)
}

const options = new Command('compare:agents')
  .option('--arms <names>', 'some arms alone', readArms, ARMS)
  .option('--seeds <n>', 'trainings of each arm', whole(1, 100), 3)
  .option('--ticks <n>', 'of each of 12 copies, in a training', whole(EPISODE_TICKS, 1e6), 7200)
  .option('--episodes <n>', 'to be judged on', whole(2, 1000), 12)
  .option('--json', 'one object a line', false)
  .parse()
  .opts<{ arms: readonly Arm[]; seeds: number; ticks: number; episodes: number; json: boolean }>()

interface Row {
  readonly budget: number
  readonly arm: string
  readonly costPerHour: number
  readonly violations: number
  readonly reward: number
  /** Reward minus the plain rule's on the same episodes. */
  readonly better: { readonly mean: number; readonly low: number; readonly high: number }
}

const worlds = await createWorlds(process.env)
const sample = { episodes: options.episodes, seed: JUDGING_SEED }
/** outcomes.get(arm)![budget][seed][episode] */
const outcomes = new Map<string, Outcome[][][]>()
outcomes.set(
  'plain',
  judgeAll(worlds.flat, (world) => [judge(world, fixedStretch(1), sample)]),
)
for (const objective of OBJECTIVES)
  outcomes.set(
    `Forescale ${objective}`,
    judgeAll(worlds.flat, (world) => [
      judgeController(world, { kind: 'forescale', params: { objective } }, sample),
    ]),
  )
for (const arm of options.arms) outcomes.set(arm, trainAndJudge(arm, worlds))

const rows = RATES.flatMap((_, b) => [...outcomes.keys()].map((arm) => rowOf(arm, b)))
if (options.json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
else print(rows)

function judgeAll(
  all: Worlds['flat'],
  by: (world: Worlds['flat'][number]) => Outcome[][],
): Outcome[][][] {
  return all.map(by)
}

function trainAndJudge(arm: Arm, worlds: Worlds): Outcome[][][] {
  const judged = isFeudal(arm) ? worlds.feudal : worlds.flat
  const byBudget: Outcome[][][] = judged.map(() => [])
  for (let seed = 1; seed <= options.seeds; seed++) {
    const deciding = trainArm(arm, worlds, {
      ...{ copies: COPIES, steps: options.ticks, seed },
      onUpdate: ({ decisions, reward }) => {
        process.stderr.write(
          `\r${arm}, seed ${seed}: ${decisions} decisions, ${reward.toFixed(3)} `,
        )
      },
    })
    process.stderr.write('\n')
    judged.forEach((world, b) => {
      const create: CreateCluster = (variants, given) =>
        clusterFor(arm, variants, { ...given, tick: worlds.tick })
      byBudget[b]!.push(judge(world, deciding, sample, create))
    })
  }
  return byBudget
}

function rowOf(arm: string, b: number): Row {
  const table = outcomes.get(arm)![b]!
  const [plain] = outcomes.get('plain')![b]!
  const all = table.flat()
  const sum = (figure: (outcome: Outcome) => number): number =>
    all.reduce((total, outcome) => total + figure(outcome), 0)
  const differences = table.map((seed) =>
    seed.map(({ reward }, episode) => reward - plain![episode]!.reward),
  )
  return {
    budget: RATES[b]!,
    arm,
    costPerHour: sum(({ cost }) => cost) / sum(({ hours }) => hours),
    violations: sum(({ violations }) => violations) / sum(({ arrivals }) => arrivals),
    reward: sum(({ reward }) => reward) / all.length,
    better: pairedEstimate(differences, seededRandom('compare:agents', arm, b)),
  }
}

function print(rows: readonly Row[]): void {
  const lines = rows.map(({ budget, arm, costPerHour, violations, reward, better }) =>
    [
      budget.toFixed(2),
      arm,
      costPerHour.toFixed(3),
      `${(100 * violations).toFixed(3)} %`,
      reward.toFixed(3),
      `${better.mean.toFixed(3)} [${better.low.toFixed(3)}, ${better.high.toFixed(3)}]`,
    ].join(' | '),
  )
  const head = 'budget, $/h | arm | cost, $/h | outside SLO | reward | minus plain, 95 %'
  process.stdout.write(`| ${head} |\n|---|---|---|---|---|---|\n`)
  for (const line of lines) process.stdout.write(`| ${line} |\n`)
  const decisions = (options.ticks * COPIES * 3).toLocaleString('en')
  process.stdout.write(
    `\n${options.seeds} trainings of ${decisions} decisions each; ${options.episodes} episodes of ${EPISODE_TICKS} ticks of a minute; synthetic load.\n`,
  )
}

function readArms(text: string): readonly Arm[] {
  return text.split(',').map((name) => {
    const arm = ARMS.find((one) => one === name)
    if (arm) return arm
    throw new InvalidArgumentError(`${name} is no arm; allowed: ${ARMS.join(', ')}`)
  })
}
