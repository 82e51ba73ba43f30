/** `forescale up`: starts everything that the configuration names, in the foreground. */
import { type Command, Option } from 'commander'
import { PART_NAMES } from '../../up/part-names.ts'
import { act, configFileOf, configOption, DEMO_CONFIG } from '../context.ts'
import type { Surroundings } from '../terminal.ts'

const EXAMPLES = `
Examples:
  forescale up                                   ./forescale.yaml, else the demo shop
  forescale up --config deploy/forescale.example.yaml
  FORESCALE_PORT=9090 forescale up               on another port
  forescale up --only host gateway collector     the shop alone; the rest runs elsewhere (docker-compose.yml)`

export function addUp(program: Command, around: Surroundings, done: (code: number) => void): void {
  const command = program
    .command('up')
    .helpGroup('Run:')
    .description(
      'start the controller, and with the demo its shop, gateway, load and collector; Ctrl-C stops it all',
    )
    .addOption(configOption())
    .addOption(
      new Option(
        '--only <part...>',
        'these parts alone; the others are found by their URLs',
      ).choices(PART_NAMES),
    )
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal }, { config, only }) => {
    const chosen = new Set<unknown>(Array.isArray(only) ? only : PART_NAMES)
    const configFile = configFileOf(config, around.env)
    if (configFile === DEMO_CONFIG)
      terminal.say('no forescale.yaml here: starting the demo shop, which enforces')
    const { runUp } = await import('../../up/up.ts')
    return runUp({
      configFile,
      env: { ...around.env },
      stdout: process.stdout,
      only: PART_NAMES.filter((name) => chosen.has(name)),
    })
  })
}
