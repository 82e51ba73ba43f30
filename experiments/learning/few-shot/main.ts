/**
 * `npm run compare:few-shot`: how good an agent of a new service is after one hour of its data, from four starts: from
 * nothing, from one policy trained on all known services together, and from what Reptile and first-order MAML make of the
 * same services with as many decisions. Each start is judged as it is and after the hour, on the hours after of services
 * that no start knows, by the reward that its training pays: how much better than the predictive policy (0) in units of what
 * the load costs. `-- --json` for one object a line.
 */
import { Command, InvalidArgumentError } from 'commander'
import { metaLearn } from '../../../agents/learning/meta/meta-learn.ts'
import type { MetaKind } from '../../../agents/learning/meta/meta-step.ts'
import { seededRandom } from '../../../datasets/random.ts'
import { pairedEstimate } from '../paired.ts'
import { adaptForMeta, adaptTo, judgedReward } from './adapt.ts'
import { fewShotConfig, innerOf, JUDGED_TICKS } from './config.ts'
import { trainTogether, untrained } from './starts.ts'
import { createTasks, type ServiceTask, taskSource } from './task.ts'

const whole = (least: number, most: number) => (text: string) => {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  const allowed = `a whole number from ${least} to ${most}`
  throw new InvalidArgumentError(`${text} is not allowed; allowed: ${allowed}`)
}

const { seeds, iterations, json } = new Command('compare:few-shot')
  .option('--seeds <n>', 'of each start', whole(1, 100), 3)
  .option('--iterations <n>', 'outer steps of meta-learning', whole(1, 100_000), 40)
  .option('--json', 'one object a line', false)
  .parse()
  .opts<{ seeds: number; iterations: number; json: boolean }>()

const TASKS_PER_ITERATION = 3
const STEP_SIZE: Readonly<Record<MetaKind, number>> = { reptile: 0.5, 'first-order-maml': 2 }

const config = fewShotConfig()
const inner = innerOf(config)
const known = createTasks(taskSource(config, 'learned'))
const fresh = createTasks(taskSource(config, 'judged'))
const newServices = Array.from({ length: fresh.count }, (_, i) => fresh.at(i))

const STARTS = {
  'from nothing': (seed: number) => untrained(config, seed),
  'all services together': (seed: number) => trainTogether(config, seed, decisionsOfMeta()),
  reptile: (seed: number) => learnToLearn('reptile', seed),
  'first-order MAML': (seed: number) => learnToLearn('first-order-maml', seed),
} as const

interface Judged {
  readonly start: string
  readonly hours: number
  readonly mean: number
  readonly low: number
  readonly high: number
}

const judged: Judged[] = []
for (const [start, make] of Object.entries(STARTS)) {
  const asItIs: number[][] = []
  const afterAnHour: number[][] = []
  for (let seed = 1; seed <= seeds; seed++) {
    process.stderr.write(`${start}, seed ${seed}\n`)
    const weights = make(seed)
    asItIs.push(newServices.map((task) => rewardOf(weights, task)))
    afterAnHour.push(newServices.map((task) => rewardOf(adaptTo(weights, task, inner, seed), task)))
  }
  for (const [hours, table] of [[0, asItIs] as const, [1, afterAnHour] as const]) {
    const random = seededRandom('compare:few-shot', start, hours)
    judged.push({ start, hours, ...pairedEstimate(table, random) })
    if (json) process.stdout.write(`${JSON.stringify(judged.at(-1))}\n`)
  }
}
if (!json) print(judged)

function rewardOf(weights: Float32Array, task: ServiceTask): number {
  return judgedReward(weights, task, inner, JUDGED_TICKS)
}

/** Of the inner learners, support and query hours together. */
function decisionsOfMeta(): number {
  const perTask = inner.updates * inner.hourTicks * config.environments
  return iterations * TASKS_PER_ITERATION * perTask
}

function learnToLearn(kind: MetaKind, seed: number): Float32Array {
  const problem = {
    draw: (random: () => number) => known.at(Math.floor(random() * known.count)),
    adapt: (weights: Float32Array, task: ServiceTask, random: () => number) =>
      adaptForMeta(weights, task, inner, Math.floor(random() * 2 ** 31)),
  }
  const settings = { kind, iterations, tasksPerIteration: TASKS_PER_ITERATION }
  return metaLearn(
    untrained(config, seed),
    problem,
    { ...settings, stepSize: STEP_SIZE[kind] },
    seededRandom('compare:few-shot', kind, seed),
  )
}

function print(rows: readonly Judged[]): void {
  process.stdout.write(
    '| start | hours of its data | better than predictive, 95 % |\n|---|---|---|\n',
  )
  for (const { start, hours, mean, low, high } of rows)
    process.stdout.write(
      `| ${start} | ${hours} | ${mean.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}] |\n`,
    )
  process.stdout.write(
    `\n${newServices.length} new services and objectives, ${seeds} trainings of ${decisionsOfMeta().toLocaleString('en')} decisions; synthetic load.\n`,
  )
}
