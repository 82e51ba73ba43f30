/** For tests: a small demo in a process of its own, with its state in a temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { HostedServices } from '../shop/host-api.ts'
import type { PartName } from './part-names.ts'
import { type Runtime, readRuntime } from './runtime-file.ts'

export interface TestDemo {
  readonly stateDir: string
  readonly child: ChildProcess
  readonly runtime: () => Runtime
  readonly urls: { readonly host: string; readonly gateway: string; readonly load: string }
  /** All that was printed so far. */
  output(): string
  services(): Promise<HostedServices['services']>
  order(service: string, replicas: number, decisionId: string): Promise<void>
  pidOf(part: PartName): number
  /** Processes of this demo that live: those that carry its state folder in their environment. */
  survivors(): number[]
  exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Kills what is left and removes the state. */
  cleanUp(): Promise<void>
}

const UP_FILE = new URL('./up.ts', import.meta.url).href
const TICK_MS = 25

/** `config` is the configuration as JSON, which is YAML too. Resolves when everything is ready, or it ended. */
export async function startTestDemo(options: {
  readonly config: object
  readonly only?: readonly PartName[]
  readonly stateDir?: string
  readonly env?: Record<string, string>
  readonly awaitReady?: boolean
}): Promise<TestDemo> {
  const stateDir = options.stateDir ?? mkdtempSync(path.join(tmpdir(), 'forescale-demo-'))
  const configFile = path.join(stateDir, 'test.yaml')
  writeFileSync(configFile, JSON.stringify(options.config))
  const only = options.only ?? ['host', 'gateway', 'load']
  const script = `
    const { runUp } = await import(${JSON.stringify(UP_FILE)})
    const options = ${JSON.stringify({ configFile, only })}
    try {
      process.exitCode = await runUp({ ...options, env: process.env, stdout: process.stdout })
    } catch (error) {
      console.error(error.message, error.hint ?? '')
      process.exitCode = error.exitCode ?? 1
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, FORESCALE_PORT: '0', FORESCALE_STATE_DIR: stateDir, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  )
  const isReady = () => /^http:.*\n$/m.test(output)
  if (options.awaitReady !== false) await Promise.race([exit, until(isReady)])
  return demoOf(stateDir, child, exit, () => output)
}

function demoOf(
  stateDir: string,
  child: ChildProcess,
  exit: TestDemo['exit'],
  output: () => string,
): TestDemo {
  const runtime = () => {
    const found = readRuntime(stateDir)
    if (!found) throw new Error(`nothing runs in ${stateDir}: ${output()}`)
    return found
  }
  const survivors = () => processesWith(`FORESCALE_STATE_DIR=${stateDir}`)
  const urls = {
    get host() {
      return runtime().urls.host ?? ''
    },
    get gateway() {
      return runtime().urls.gateway ?? ''
    },
    get load() {
      return runtime().urls.load ?? ''
    },
  }
  return {
    stateDir,
    child,
    exit,
    output,
    runtime,
    urls,
    survivors,
    services: async () =>
      HostedServices.parse(await (await fetch(`${urls.host}/services`)).json()).services,
    async order(service, replicas, decisionId) {
      const response = await fetch(`${urls.host}/services/${service}/replicas`, {
        method: 'PUT',
        body: JSON.stringify({ replicas, decisionId, from: 0 }),
      })
      if (!response.ok) throw new Error(await response.text())
    },
    pidOf(part) {
      const found = runtime().parts.find(({ name }) => name === part)
      if (!found) throw new Error(`${part} does not run`)
      return found.pid
    },
    async cleanUp() {
      for (const pid of survivors()) kill(pid)
      await until(() => survivors().length === 0)
      rmSync(stateDir, { recursive: true, force: true })
    },
  }
}

export async function until(
  done: () => boolean | Promise<boolean>,
  limitMs = 30_000,
): Promise<void> {
  const giveUpMs = Date.now() + limitMs
  while (!(await done())) {
    if (Date.now() > giveUpMs) throw new Error(`not within ${limitMs} ms: ${done}`)
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it ended by itself
  }
}

/** Live processes (not zombies) that have `setting` in their environment. Linux only. */
function processesWith(setting: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return false
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(setting)
      } catch {
        return false
      }
    })
    .map(Number)
}
