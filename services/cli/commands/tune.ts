/** `forescale tune [SERVICE…]`: policies from the services' own stored load. What it does lies in experiments/learning/history. */
import path from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { floorToStep, LOAD_METRIC, type Series } from '../../../forecaster/series.ts'
import type { AppConfig } from '../../config.ts'
import { loadConfigFile } from '../../config-file.ts'
import { openStore } from '../../stores/registry.ts'
import { checkSampleStore } from '../checks/local.ts'
import { act, configFileOf, configOption, jsonOption, positive, wholeNumber } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import type { Surroundings } from '../terminal.ts'

const DAY_MS = 24 * 60 * 60 * 1000

const EXAMPLES = `
Examples:
  forescale tune                              every service of the configuration, on its own past
  forescale tune checkout --days 21 --out checkout.policy.json
  forescale policies import checkout.policy.json --why "tuned on three weeks"

The second half of the past is replayed in the simulator under the predictive policy and under tunings of it; each service
gets the cheapest that kept its objective in every third of that time, or none (exit 5 where no service gets one). It acts
for nobody until it is imported and rolled out; rollouts compare it with what acts now.`

export function addTune(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = program
    .command('tune')
    .helpGroup('Try out:')
    .description('learn a policy for services from their own stored load')
    .argument('[service...]', 'services to tune (all)')
    .addOption(configOption())
    .option('--days <number>', 'how far back, days', positive, 14)
    .option('--evaluations <n>', 'tunings to try of each service', wholeNumber(1, 10_000), 100)
    .option('--error-budget <share>', 'of it, that a tuning may use up on the past', share, 0.5)
    .option('--name <name>', 'of the policy', 'own-past')
    .option('-o, --out <file>', 'where the policy goes', 'tuned.policy.json')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal }, options, services) => {
    const config = loadConfigFile(configFileOf(options.config, around.env), around.env)
    const wanted = services.length > 0 ? services : Object.keys(config.services)
    const series = await readPasts(config, wanted, Number(options.days) * DAY_MS)
    const { tune } = await import('../../../experiments/learning/history/command.ts')
    return tune(terminal, {
      config,
      series,
      evaluations: Number(options.evaluations),
      errorBudgetShare: Number(options.errorBudget),
      name: String(options.name),
      out: String(options.out),
      json: options.json === true,
      command: `npx forescale tune ${services.join(' ')} --days ${options.days} --evaluations ${options.evaluations} --error-budget ${options.errorBudget}`,
    })
  })
}

function share(text: string): number {
  const value = positive(text)
  if (value <= 1) return value
  throw new InvalidArgumentError(`${text} is not allowed; allowed: above 0, at most 1`)
}

/** Throws CommandFailure for a service that is not configured or of which nothing is stored. */
async function readPasts(
  config: AppConfig,
  wanted: readonly string[],
  lengthMs: number,
): Promise<Series[]> {
  const { status, detail, hint } = checkSampleStore(config)
  if (status !== 'ok') throw new CommandFailure(EXIT.failure, detail, hint ?? undefined)
  const { stepMs, stateDir } = config
  const store = await openStore(config, path.resolve(stateDir))
  try {
    const known = (await store.inventory()).filter(({ metric }) => metric === LOAD_METRIC)
    const all: Series[] = []
    for (const service of wanted) {
      if (!Object.hasOwn(config.services, service)) {
        const allowed = Object.keys(config.services).join(', ')
        throw new CommandFailure(
          EXIT.usage,
          `service "${service}" is not configured; allowed: ${allowed}`,
        )
      }
      const row = known.find((one) => one.service === service)
      if (!row) throw new CommandFailure(EXIT.failure, `the store holds no load of ${service}`)
      const toMs = floorToStep(row.lastMs, stepMs) + stepMs
      const startMs = Math.max(
        floorToStep(row.firstMs, stepMs),
        floorToStep(toMs - lengthMs, stepMs),
      )
      const grid = { metric: LOAD_METRIC, services: [service], fromMs: startMs, toMs, stepMs }
      all.push({ service, metric: LOAD_METRIC, startMs, stepMs, values: await store.grid(grid) })
    }
    return all
  } finally {
    await store.close()
  }
}
