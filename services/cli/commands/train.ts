/** `forescale train`: trains learned policies on simulated services. What it does lies in experiments/learning/. */
import type { Command } from 'commander'
import { act, jsonOption } from '../context.ts'
import type { Surroundings } from '../terminal.ts'

const EXAMPLES = `
Examples:
  forescale train smoke                    a shipped training, by name; a minute
  forescale train mine.yaml --out trained

Interrupted, it goes on where it was: run it again with the same --out. --out holds policy.json (the best policy so far),
checkpoint.json, curve.csv, report.html and tensorboard/. With variants and seeds in the file each has a folder of its own.`

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
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal }, { out, json }, [file = '']) => {
    const { trainPolicies } = await import('../../../experiments/learning/command.ts')
    const folder = out === undefined ? undefined : String(out)
    return trainPolicies(terminal, { file, out: folder, json: json === true })
  })
}
