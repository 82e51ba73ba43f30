/** One arm of a live comparison: a whole demo of its own (real processes, real load) with its own state and ports. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { z } from 'zod'
import type { AppConfig } from '../../services/config.ts'
import { ensureEpochMs } from '../../services/load/epoch.ts'
import { type Runtime, readRuntime } from '../../services/up/runtime-file.ts'

const LAUNCHER = new URL('../../services/cli/forescale.js', import.meta.url).pathname
const READY_LIMIT_MS = 90_000

export interface Arm {
  readonly name: string
  readonly stateDir: string
  readonly api: string
  readonly load: string
  stop(): Promise<void>
}

/**
 * Starts `forescale up` with `config`; resolves when its first tick has been taken. Arms with the same `epochMs` live
 * the same compressed days at the same time, arrival by arrival.
 */
export async function startArm(
  name: string,
  config: AppConfig,
  folder: string,
  epochMs?: number,
): Promise<Arm> {
  const file = join(folder, `${name}.yaml`)
  const stateDir = join(folder, name)
  await writeFile(file, stringify({ ...config, stateDir, http: { ...config.http, port: 0 } }))
  if (epochMs !== undefined) {
    await mkdir(stateDir, { recursive: true })
    ensureEpochMs(stateDir, epochMs)
  }
  const child = spawn(process.execPath, [LAUNCHER, 'up', '--config', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  endWithUs(child)
  const { urls } = await awaitFirstTick(child, stateDir)
  return {
    name,
    stateDir,
    api: urls.dashboard.replace(/\/$/, ''),
    load: urls.load!,
    async stop() {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** An experiment that is broken off takes its demos with it. */
function endWithUs(child: ChildProcess): void {
  process.once('exit', () => child.kill('SIGTERM'))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
}

async function awaitFirstTick(child: ChildProcess, stateDir: string): Promise<Runtime> {
  const givenUpAtMs = Date.now() + READY_LIMIT_MS
  while (Date.now() < givenUpAtMs) {
    if (child.exitCode !== null)
      throw new Error(`forescale up ended with exit code ${child.exitCode}`)
    const runtime = readRuntime(stateDir)
    if (runtime && (await ticked(runtime.urls.dashboard))) return runtime
    await sleep(250)
  }
  child.kill('SIGTERM')
  throw new Error(`no tick within ${READY_LIMIT_MS / 1000} s`)
}

async function ticked(api: string): Promise<boolean> {
  const response = await fetch(new URL('/v1/ticks/latest', api)).catch(() => undefined)
  return response?.ok ?? false
}

/** JSON of a GET, read by `schema`. */
export async function getJson<T>(url: string, schema: z.ZodType<T>): Promise<T> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return schema.parse(await response.json())
}
