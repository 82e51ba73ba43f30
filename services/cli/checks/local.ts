/** What can be checked without a running controller: the machine, the configuration, the folder of state. */
import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { AppConfig } from '../../config.ts'
import { ConfigError } from '../../config-error.ts'
import { loadConfigFile } from '../../config-file.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { Surroundings } from '../terminal.ts'

export interface Check {
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed'
  readonly detail: string
  /** What to do about it. */
  readonly hint: string | null
  readonly exitCode: ExitCode
}

export interface CheckGroup {
  readonly name: string
  readonly checks: readonly Check[]
}

const LEAST_NODE = [22, 18] as const
/** The day this was written: a clock before it is wrong. */
const EARLIEST_MS = Date.UTC(2026, 10, 21)
const SAMPLE_STORE = 'series.db'
const DATABASES = [SAMPLE_STORE, 'ledger.db'] as const
const SQLITE_HEADER = 'SQLite format 3\0'

export function passed(name: string, detail = ''): Check {
  return { name, status: 'ok', detail, hint: null, exitCode: EXIT.ok }
}

export function failed(
  name: string,
  detail: string,
  hint: string,
  exitCode: ExitCode = EXIT.failure,
): Check {
  return { name, status: 'failed', detail, hint, exitCode }
}

export function warned(name: string, detail: string, hint: string): Check {
  return { name, status: 'warning', detail, hint, exitCode: EXIT.ok }
}

export function checkMachine(nowMs: number): CheckGroup {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const recent = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])
  const node = recent
    ? passed('node', process.versions.node)
    : failed(
        'node',
        `${process.versions.node} is too old`,
        `install Node ${LEAST_NODE.join('.')} or newer`,
      )
  const clock =
    nowMs >= EARLIEST_MS
      ? passed('clock', new Date(nowMs).toISOString())
      : failed(
          'clock',
          `${new Date(nowMs).toISOString()} is in the past`,
          'set the time of this machine (NTP)',
        )
  return { name: 'machine', checks: [node, clock] }
}

export function checkConfig(
  file: string,
  env: Surroundings['env'],
): { readonly group: CheckGroup; readonly config: AppConfig | undefined } {
  try {
    const config = loadConfigFile(file, env)
    const services = Object.keys(config.services).length
    const checks = [
      passed('configuration is valid', `${file}, mode ${config.mode}, ${services} services`),
    ]
    return { group: { name: 'configuration', checks: [...checks, budgetOf(config)] }, config }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const detail = error.message.replaceAll('\n', '\n    ')
    const hint = 'docs/config.md lists every setting'
    const check = failed('configuration is valid', detail, hint, EXIT.configInvalid)
    return { group: { name: 'configuration', checks: [check] }, config: undefined }
  }
}

function budgetOf(config: AppConfig): Check {
  let least = 0
  for (const s of Object.values(config.services)) least += s.minReplicas * s.pricePerReplicaHour
  const detail = `minimums cost $${least.toFixed(2)}/h of $${config.costBudgetPerHour.toFixed(2)}/h`
  return least <= config.costBudgetPerHour
    ? passed('budget pays for all minimums', detail)
    : warned(
        'budget pays for all minimums',
        detail,
        'raise costBudgetPerHour or lower minReplicas; minimums are kept in any case',
      )
}

export function checkState(config: AppConfig): CheckGroup {
  const folder = resolve(config.stateDir)
  return {
    name: 'state',
    checks: [writable(folder), ...DATABASES.map((name) => database(join(folder, name)))],
  }
}

/** Whether there is a sample store to read from; unlike opening it, this makes none. */
export function checkSampleStore({ stateDir }: AppConfig): Check {
  const file = join(resolve(stateDir), SAMPLE_STORE)
  if (statSync(file, { throwIfNoEntry: false })?.isFile()) return database(file)
  return failed(
    'sample store is there',
    `there is no sample store in ${resolve(stateDir)}`,
    'forescale up makes one and fills it; another folder: stateDir or FORESCALE_STATE_DIR',
  )
}

function writable(folder: string): Check {
  const there = nearestExisting(folder)
  try {
    accessSync(there, constants.W_OK | constants.X_OK)
    if (!statSync(there).isDirectory()) throw new Error(`${there} is not a folder`)
    return passed('state folder is writable', there === folder ? folder : `${folder} will be made`)
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return failed(
      'state folder is writable',
      detail,
      'choose another with stateDir or FORESCALE_STATE_DIR',
    )
  }
}

function nearestExisting(folder: string): string {
  return statSync(folder, { throwIfNoEntry: false }) || dirname(folder) === folder
    ? folder
    : nearestExisting(dirname(folder))
}

function database(file: string): Check {
  const name = `${file.endsWith(SAMPLE_STORE) ? 'sample store' : 'ledger'} opens`
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size === undefined) return passed(name, 'empty so far')
  const hint = `move ${file} away; a new one is made`
  try {
    const header = Buffer.alloc(SQLITE_HEADER.length)
    const handle = openSync(file, 'r')
    readSync(handle, header, 0, header.length, 0)
    closeSync(handle)
    if (size > 0 && header.toString('latin1') !== SQLITE_HEADER)
      return failed(name, `${file} is no database`, hint)
    return passed(name, `${(size / 1e6).toFixed(1)} MB`)
  } catch (error) {
    return failed(name, error instanceof Error ? error.message : String(error), hint)
  }
}
