/**
 * What a start loads. Each module costs processor time before anything is done, in every command
 * and before every readiness; 2,258 of them were loaded for `--version` before this was held. What is heavy is loaded by
 * whoever asks for it.
 */
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const LAUNCHER = path.resolve('services/cli/forescale.js')
const LOADS = new URL('./loads.fixture.ts', import.meta.url).href
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  dependencies: Record<string, string>
}

let folder: string
let env: NodeJS.ProcessEnv
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'forescale-start-'))
  env = {
    ...process.env,
    NODE_OPTIONS: `--import=${LOADS}`,
    FORESCALE_TEST_LOADS: folder,
    FORESCALE_STATE_DIR: path.join(folder, 'state'),
    FORESCALE_PORT: '0',
  }
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** The files that the process whose main file is `name` has loaded. */
function loadedBy(name: string): string[] {
  const report = readdirSync(folder).find((file) => file.startsWith(`${name}-`))
  return JSON.parse(readFileSync(path.join(folder, report ?? `${name} has not ended`), 'utf8'))
}

const packageOf = (url: string): string | undefined =>
  /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]

/** Of package.json, in its order. */
function dependenciesAmong(urls: readonly string[]): string[] {
  const packages = new Set(urls.map(packageOf))
  return Object.keys(dependencies).filter((name) => packages.has(name))
}

describe('a command', () => {
  it.each([
    // the launcher, the tree's root and what it says; commander has seven files of its own
    ['--version', 30, ['commander']],
    // and zod's hundred, by which answers are read
    ['status --help', 180, ['commander', 'zod']],
  ])('%s loads at most %i files', async (command, most, packages) => {
    await promisify(execFile)(process.execPath, [LAUNCHER, ...command.split(' ')], { env })
    const urls = loadedBy('forescale.js')
    expect(dependenciesAmong(urls)).toEqual(packages)
    expect(urls.length).toBeGreaterThan(10)
    expect(urls.length).toBeLessThanOrEqual(most)
  })

  it('finds its way through --help without the libraries of any command', async () => {
    await promisify(execFile)(process.execPath, [LAUNCHER, '--help'], { env })
    const loaded = dependenciesAmong(loadedBy('forescale.js'))
    expect(loaded).toContain('commander')
    // what the schemas of options and of the configuration are made of
    const schemas = ['commander', 'ipaddr.js', 'pure-rand', 'yaml', 'zod']
    expect(loaded.filter((name) => !schemas.includes(name))).toEqual([])
  })
})

/** Of a controller with one service and nothing else configured: everything that it uses from the first minute on. */
const NEEDED = [
  '@hono/node-server',
  '@hono/zod-openapi',
  '@libsql/client',
  '@opentelemetry/api',
  'cockatiel',
  'drizzle-orm',
  'hono',
  'ipaddr.js',
  'pino',
  'prom-client',
  'pure-rand',
  'rate-limiter-flexible',
  'ws',
  'yaml',
  'zod',
]

/** Come with a library, for what nobody asked for. */
const HEAVY = ['astronomia', 'undici', 'date-holidays', '@libsql/hrana-client', 'moment-timezone']

describe('forescale up', () => {
  it('with one service loads what one service needs', async () => {
    const config = path.join(folder, 'forescale.yaml')
    writeFileSync(config, 'version: 1\nservices:\n  checkout: {}\n')
    const up = spawn(process.execPath, [LAUNCHER, 'up', '--config', config], { env })
    const ended = new Promise((resolve) => up.once('exit', resolve))
    try {
      const url = await new Promise<string>((resolve, reject) => {
        let said = ''
        const hear = (text: Buffer) => {
          said += text
          const found = /^http:\/\/\S+\/$/m.exec(said)
          if (found) resolve(found[0])
        }
        up.stdout.on('data', hear)
        up.stderr.on('data', hear)
        up.once('exit', () => reject(new Error(said)))
      })
      expect((await fetch(new URL('readyz', url))).status).toBe(200)
    } finally {
      up.kill('SIGTERM')
      await ended
    }
    const controller = loadedBy('main.ts')
    expect(dependenciesAmong(controller)).toEqual(expect.arrayContaining(['drizzle-orm', 'zod']))
    expect(dependenciesAmong(controller).filter((name) => !NEEDED.includes(name))).toEqual([])
    const heavy = (url: string) => HEAVY.includes(packageOf(url) ?? '')
    expect([...controller, ...loadedBy('forescale.js')].filter(heavy)).toEqual([])
    // its ES modules cost ten times as much: services/ledger/drizzle.ts says why
    const drizzle = controller.filter((url) => packageOf(url) === 'drizzle-orm')
    expect(drizzle.filter((url) => !url.endsWith('.cjs'))).toEqual([])
  }, 60_000)
})
