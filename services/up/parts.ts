/** Which processes `forescale up` runs, in the order in which they start, and what each of them is told. */
import { mkdirSync, statSync, truncateSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import getPort from 'get-port'
import type { AppConfig } from '../config.ts'
import { PART_NAMES, type PartName } from './part-names.ts'
import type { Runtime } from './runtime-file.ts'
import type { PartSpec } from './supervised.ts'

const FILES = {
  host: '../shop/host-main.ts',
  gateway: '../gateway/main.ts',
  load: '../load/main.ts',
  collector: '../collector/main.ts',
  controller: '../loops/main.ts',
}
const LARGEST_LOG_BYTES = 5_000_000

export interface Plan {
  readonly parts: readonly PartSpec[]
  readonly urls: Runtime['urls']
}

export interface PlanInput {
  readonly config: AppConfig
  readonly configFile: string
  readonly stateDir: string
  readonly env: NodeJS.ProcessEnv
  /** Parts to run; without a shop there is only the controller. */
  readonly only: readonly PartName[]
}

/**
 * Chooses the ports once, so that addresses survive the restart of a part. Addresses in the environment win: parts
 * that run elsewhere (in containers of their own) are found there.
 */
export async function planParts(input: PlanInput): Promise<Plan> {
  const { config, configFile, stateDir, env, only } = input
  const { host, port } = config.http
  const controllerPort = port === 0 ? await getPort({ host }) : port
  const urls: Runtime['urls'] = {
    dashboard: `${config.http.tls ? 'https' : 'http'}://${urlHost(host)}:${controllerPort}/`,
  }
  if (config.shop) {
    const loopback = async () => `http://127.0.0.1:${await getPort({ host: '127.0.0.1' })}`
    urls.host = env.FORESCALE_HOST_URL || (await loopback())
    urls.gateway = env.FORESCALE_GATEWAY_URL || (await loopback())
    urls.load = env.FORESCALE_LOAD_URL || (await loopback())
  }
  const common: NodeJS.ProcessEnv = {
    ...env,
    FORESCALE_CONFIG: configFile,
    FORESCALE_STATE_DIR: stateDir,
    FORESCALE_HOST_URL: urls.host,
    FORESCALE_GATEWAY_URL: urls.gateway,
    FORESCALE_LOAD_URL: urls.load,
    FORESCALE_PORT: String(controllerPort),
  }
  const logDir = path.join(stateDir, 'logs')
  mkdirSync(logDir, { recursive: true })
  const there = PART_NAMES.filter((name) => config.shop || name === 'controller')
  return {
    urls,
    parts: there
      .filter((name) => only.includes(name))
      .map((name) => ({
        name,
        file: fileURLToPath(new URL(FILES[name], import.meta.url)),
        env: common,
        logFile: freshLog(path.join(logDir, `${name}.log`)),
      })),
  }
}

/** A loopback or any-address host as a person types it. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

function freshLog(file: string): string {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size > LARGEST_LOG_BYTES) truncateSync(file)
  return file
}
