/** What every command works with, and the options that several of them share. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Api } from './api.ts'
import { CommandFailure, EXIT } from './exit-codes.ts'
import { createTerminal, type Surroundings, type Terminal } from './terminal.ts'

export const DEMO_CONFIG = fileURLToPath(new URL('../shop/demo.yaml', import.meta.url))
const DEFAULT_CONFIG = 'forescale.yaml'
const DEFAULT_PORT = '8080'

interface GlobalOptions {
  readonly url: string
  readonly timeout: number
  readonly keyFile?: string | undefined
  readonly color: boolean
}

export interface Context {
  readonly terminal: Terminal
  readonly api: Api
  /** True when a person or the environment named the controller, rather than the default address. */
  readonly urlGiven: boolean
}

/** A command's body. What it returns is the exit code; nothing means 0. */
export type Action = (
  context: Context,
  options: Record<string, unknown>,
  args: readonly string[],
) => Promise<number | undefined>

/** Ties `action` to `command`; the code it ends with is told to `done`. */
export function act(
  command: Command,
  around: Surroundings,
  done: (code: number) => void,
  action: Action,
): void {
  command.action(async () => {
    const { url, timeout, keyFile, color }: GlobalOptions = command.optsWithGlobals()
    const terminal = createTerminal(around, color)
    const key = keyOf(keyFile, around.env)
    const timeoutMs = timeout * 1000
    const { createApi } = await import('./api.ts') // --version and --help have no use for it
    const api = createApi({ url: url.replace(/\/+$/, ''), timeoutMs, key }, terminal)
    const urlGiven = command.parent?.getOptionValueSourceWithGlobals('url') !== 'default'
    done((await action({ terminal, api, urlGiven }, command.opts(), command.args)) ?? 0)
  })
}

export function addGlobalOptions(program: Command, { env }: Surroundings): void {
  program
    .addOption(
      new Option('--url <url>', 'address of the controller (FORESCALE_URL)')
        .argParser(httpUrl)
        .default(`http://127.0.0.1:${env.FORESCALE_PORT || DEFAULT_PORT}`),
    )
    .addOption(
      new Option('--timeout <seconds>', 'longest wait for an answer')
        .argParser(positive)
        .default(10),
    )
    .option(
      '--key-file <file>',
      'file that holds the API key (FORESCALE_API_KEY holds the key itself)',
    )
    .option('--no-color', 'no colours (NO_COLOR)')
  if (env.FORESCALE_URL) program.setOptionValueWithSource('url', httpUrl(env.FORESCALE_URL), 'env')
}

/** Never an option itself: other users see a process's arguments. */
function keyOf(file: string | undefined, env: Surroundings['env']): string | undefined {
  if (file === undefined) return env.FORESCALE_API_KEY || undefined
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new CommandFailure(
      EXIT.usage,
      `--key-file: "${file}" cannot be read; allowed: a readable file that holds an API key`,
      undefined,
      { cause },
    )
  }
}

export function jsonOption(): Option {
  return new Option('--json', 'print the answer as JSON')
}

export function configOption(): Option {
  return new Option(
    '-c, --config <file>',
    'configuration file (FORESCALE_CONFIG; else ./forescale.yaml, else the demo)',
  )
}

/** The file meant by an option or argument, the environment, the folder, or else the demo. */
export function configFileOf(given: unknown, env: Surroundings['env']): string {
  if (typeof given === 'string' && given !== '') return given
  if (env.FORESCALE_CONFIG) return env.FORESCALE_CONFIG
  return existsSync(DEFAULT_CONFIG) ? DEFAULT_CONFIG : DEMO_CONFIG
}

export function httpUrl(text: string): string {
  const url = URL.parse(text)
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return text
  throw new InvalidArgumentError(`"${text}" is no address; allowed: http://… or https://…`)
}

export function positive(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value
  throw new InvalidArgumentError(`"${text}" is not allowed; allowed: a number above 0`)
}

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(
      `"${text}" is not allowed; allowed: a whole number from ${min} to ${max}`,
    )
  }
}

/** `?a=1&b=2` of what is set; empty when nothing is. */
export function queryOf(fields: Readonly<Record<string, unknown>>): string {
  const set = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined || value === false ? [] : [[key, String(value)] as [string, string]],
  )
  return set.length === 0 ? '' : `?${new URLSearchParams(set).toString()}`
}
