/** `forescale config`: check a file, show it with every default, print its JSON Schema. */
import type { Command } from 'commander'
import { stringify } from 'yaml'
import { AppConfig } from '../../config.ts'
import { ConfigError } from '../../config-error.ts'
import { configHash, loadConfigFile } from '../../config-file.ts'
import { changedSettings, isTakenAtStart } from '../../config-restart.ts'
import { configJsonSchema } from '../../config-schema.ts'
import { openHolidays } from '../../covariates/holidays.ts'
import { secrets } from '../../telemetry/secrets.ts'
import type { Api } from '../api.ts'
import { act, type Context, configFileOf, jsonOption } from '../context.ts'
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
    .option('--running', 'also say what a reload of the running controller would change')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  forescale config check forescale.yaml\n  forescale config check --running      what a reload would change, and what needs a restart',
    )
  act(check, around, done, async (context, { json, running }, [given]) => {
    const { terminal } = context
    const file = configFileOf(given, around.env)
    try {
      return await tellChecked(context, file, json === true, running === true)
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

/** Throws ConfigError. */
async function tellChecked(
  { terminal, api }: Context,
  file: string,
  json: boolean,
  running: boolean,
): Promise<number> {
  const config = loadConfigFile(file, terminal.env)
  // of which places holidays are known the schema does not say
  if (config.covariates.holidays) openHolidays(config.covariates.holidays)
  const changes = running ? await changesOf(config, api) : undefined
  const services = Object.keys(config.services)
  if (json) {
    const report = { file, ok: true, hash: configHash(config), services, ...changes }
    terminal.printJson({ ...report, faults: [] })
    return EXIT.ok
  }
  terminal.print(`${file} is valid: mode ${config.mode}, ${services.length} services`)
  if (config.mode === 'enforce') terminal.say('mode enforce: replicas will be changed')
  if (changes) for (const line of changeLines(changes)) terminal.print(line)
  return EXIT.ok
}

interface Changes {
  /** Hold from a reload on. */
  readonly reload: readonly string[]
  /** Hold from the next start on. */
  readonly restart: readonly string[]
}

/** In what the file differs from the configuration in force. What is hidden there cannot be compared. */
async function changesOf(config: AppConfig, api: Api): Promise<Changes> {
  const inForce = await api.get('/v1/config', AppConfig)
  const shown = JSON.parse(secrets.hide(JSON.stringify(config))) as AppConfig
  const changed = changedSettings(inForce, shown)
  return {
    reload: changed.filter((path) => !isTakenAtStart(path)),
    restart: changed.filter(isTakenAtStart),
  }
}

function changeLines({ reload, restart }: Changes): string[] {
  if (reload.length + restart.length === 0) return ['as the running controller has it']
  return [
    ...(reload.length > 0 ? [`a reload changes ${reload.join(', ')}`] : []),
    ...(restart.length > 0 ? [`a restart is needed for ${restart.join(', ')}`] : []),
  ]
}
