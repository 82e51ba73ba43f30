/** `forescale config`: check a file, show it with every default, print its JSON Schema. */
import type { Command } from 'commander'
import { stringify } from 'yaml'
import { ConfigError } from '../../config-error.ts'
import { configHash, loadConfigFile } from '../../config-file.ts'
import { configJsonSchema } from '../../config-schema.ts'
import { openHolidays } from '../../covariates/holidays.ts'
import { secrets } from '../../telemetry/secrets.ts'
import { act, configFileOf, jsonOption } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import type { Surroundings } from '../terminal.ts'

const FILE_HELP = 'configuration file (FORESCALE_CONFIG; else ./forescale.yaml, else the demo)'

export function addConfig(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const group = program
    .command('config')
    .helpGroup('Prepare:')
    .description('check a configuration file, show it with every default, print its schema')
  const check = group
    .command('check')
    .description('say everything that is wrong with a file; ends with 3 when something is')
    .argument('[file]', FILE_HELP)
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale config check forescale.yaml')
  act(check, around, done, async ({ terminal }, { json }, [given]) => {
    const file = configFileOf(given, around.env)
    try {
      const config = loadConfigFile(file, around.env)
      // of which places holidays are known the schema does not say
      if (config.covariates.holidays) openHolidays(config.covariates.holidays)
      const report = {
        file,
        ok: true,
        hash: configHash(config),
        services: Object.keys(config.services),
      }
      if (json) terminal.printJson({ ...report, faults: [] })
      else {
        terminal.print(`${file} is valid: mode ${config.mode}, ${report.services.length} services`)
        if (config.mode === 'enforce') terminal.say('mode enforce: replicas will be changed')
      }
      return EXIT.ok
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      if (json)
        terminal.printJson({ file, ok: false, hash: null, services: [], faults: error.faults })
      else terminal.say(error.message)
      return EXIT.configInvalid
    }
  })

  const show = group
    .command('show')
    .description('print the settings in force, defaults and environment included')
    .argument('[file]', FILE_HELP)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  forescale config show\n  FORESCALE_MODE=off forescale config show --json',
    )
  act(show, around, done, async ({ terminal }, { json }, [given]) => {
    const config = loadConfigFile(configFileOf(given, around.env), around.env)
    const shown = JSON.parse(secrets.hide(JSON.stringify(config)))
    if (json) terminal.printJson(shown)
    else terminal.print(stringify(shown, { aliasDuplicateObjects: false }).trimEnd())
    return undefined
  })

  const schema = group
    .command('schema')
    .description('print the JSON Schema of the file')
    .addHelpText('after', '\nExamples:\n  forescale config schema > forescale.schema.json')
  act(schema, around, done, async ({ terminal }) => {
    terminal.printJson(configJsonSchema())
    return undefined
  })
}
