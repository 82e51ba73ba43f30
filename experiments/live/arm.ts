/** One arm of a live comparison: a whole demo of its own (real processes, real load) with its own state and ports. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { z } from 'zod'
import type { AppConfig } from '../../services/config.ts'

const LAUNCHER = new URL('../../services/cli/forescale.js', import.meta.url).pathname
const READY_LIMIT_MS = 90_000

const Runtime = z.object({ urls: z.object({ api: z.url(), load: z.url() }) })

export interface Arm {
  readonly name: string
  readonly api: string
  readonly load: string
  stop(): Promise<void>
}

/** Starts `forescale up` with `config`; resolves when its first tick has been taken. */
export async function startArm(name: string, config: AppConfig, folder: string): Promise<Arm> {
  const file = join(folder, `${name}.yaml`)
  const stateDir = join(folder, name)
  await writeFile(file, stringify({ ...config, stateDir, http: { ...config.http, port: 0 } }))
  const child = spawn(process.execPath, [LAUNCHER, 'up', '--config', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const { api, load } = await readyUrls(child, join(stateDir, 'runtime.json'))
  return {
    name,
    api,
    load,
    async stop() {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

async function readyUrls(
  child: ChildProcess,
  runtimeFile: string,
): Promise<{ api: string; load: string }> {
  const givenUpAtMs = Date.now() + READY_LIMIT_MS
  while (Date.now() < givenUpAtMs) {
    if (child.exitCode !== null)
      throw new Error(`forescale up ended with exit code ${child.exitCode}`)
    const runtime = Runtime.safeParse(
      JSON.parse(await readFile(runtimeFile, 'utf8').catch(() => 'null')),
    )
    if (runtime.success && (await ticked(runtime.data.urls.api))) return runtime.data.urls
    await sleep(250)
  }
  child.kill('SIGTERM')
  throw new Error(`no tick within ${READY_LIMIT_MS / 1000} s`)
}

async function ticked(api: string): Promise<boolean> {
  const response = await fetch(`${api}/v1/ticks/latest`).catch(() => undefined)
  return response?.ok ?? false
}

/** JSON of a GET, read by `schema`. */
export async function getJson<T>(url: string, schema: z.ZodType<T>): Promise<T> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return schema.parse(await response.json())
}
