/** `forescale train`: trains learned policies on simulated services. What it does lies in experiments/learning/. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { act, jsonOption, wholeNumber } from '../context.ts'
import type { Surroundings } from '../terminal.ts'

const EXAMPLES = `
Examples:
  forescale train smoke                    a shipped training, by name; a minute
  forescale train mine.yaml --out trained
  forescale train sweep --plan             what it would train: variants, seeds, decisions
  forescale train sweep --seeds 1,2,3 --steps 200000

Interrupted, it goes on where it was: run it again with the same --out. --out holds policy.json (the best policy so far),
checkpoint.json, curve.csv, report.html and tensorboard/. With variants and seeds in the file each has a folder of its own. \`forescale trainings\` has the controller train instead.`

const MOST_STEPS = 999_999_999
const MOST_SEED = 999_999_999
const seed = wholeNumber(0, MOST_SEED)

/** `1,2,3` */
export function seedList(text: string): number[] {
  const seeds = text.split(',').map((one) => seed(one.trim()))
  if (new Set(seeds).size === seeds.length) return seeds
  throw new InvalidArgumentError(`"${text}" is not allowed; allowed: each seed once`)
}

export const seedsOption = () =>
  new Option('--seeds <list>', 'in place of those of the file, as 1,2,3').argParser(seedList)
export const stepsOption = () =>
  new Option(
    '--steps <n>',
    'decisions that each run may learn from, in place of rounds in the file',
  ).argParser(wholeNumber(1, MOST_STEPS))

interface TrainOptions {
  readonly out?: string
  readonly seeds?: readonly number[]
  readonly steps?: number
  readonly json?: boolean
  readonly events?: boolean
  readonly plan?: boolean
}

export function addTrain(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = program
    .command('train')
    .helpGroup('Try out:')
    .description('train a policy on simulated services, and judge it on others')
    .argument('<file>', 'YAML file, or name of a shipped one')
    .option('-o, --out <folder>', 'where results go (results/training/NAME)')
    .addOption(seedsOption())
    .addOption(stepsOption())
    .option('--plan', 'say what would be trained, and train nothing')
    .addOption(
      new Option('--events', 'one JSON line for the plan, each round, each end; for programs'),
    )
    .addOption(jsonOption().conflicts('events'))
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal }, options, [file = '']) => {
    const { trainPolicies } = await import('../../../experiments/learning/command.ts')
    const { out, seeds, steps, json, events, plan } = options as TrainOptions
    const flags = { json: json === true, events: events === true, plan: plan === true }
    return trainPolicies(terminal, { file, out, seeds, steps, ...flags })
  })
}
