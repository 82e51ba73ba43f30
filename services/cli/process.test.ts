/** The command line as a process: launcher, exit codes, signals, streams, and the completion scripts in real shells. */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../http/app.ts'

import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandsOf, documentedProgram } from './reference.ts'
import { REFUSED_BUDGET, startTestApi, type TestApi } from './test-api.ts'

const LAUNCHER = resolve('services/cli/forescale.js')

let api: TestApi
let folder: string
beforeAll(async () => {
  api = await startTestApi()
  folder = mkdtempSync(join(tmpdir(), 'forescale-cli-'))
})
afterAll(async () => {
  await api.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Run {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function run(
  file: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Run> {
  return new Promise((done) => {
    const options = { env: { PATH: process.env.PATH ?? '', FORESCALE_URL: api.url, ...env } }
    const child = execFile(file, args, options, (_error, out, err) =>
      done({ code: child.exitCode, out, err }),
    )
  })
}
const forescale = (...args: string[]) => run(process.execPath, [LAUNCHER, ...args])

describe('exit codes of the process', () => {
  it.each([
    [0, ['mode']],
    [1, ['replay', 'nope']],
    [2, ['nonsense']],
    [3, ['config', 'check', '/no/such.yaml']],
    [4, ['mode', '--url', 'http://127.0.0.1:9']],
    [6, ['budget', String(REFUSED_BUDGET)]],
  ])('%i: forescale %j', async (code, args) => {
    const result = await forescale(...args)
    expect(result.code).toBe(code)
    expect(code === 0 ? result.err : result.out).toBe('')
  })

  it('5: a condition that is not met', async () => {
    api.state.paused = true
    expect((await forescale('status', '--fail-on', 'paused')).code).toBe(5)
    api.state.paused = false
  })

  it('130: Ctrl-C while it waits', async () => {
    const slow = await startTestApi()
    slow.knobs.pauseMs = 3000
    const child = spawn(process.execPath, [LAUNCHER, 'pause', '--url', slow.url], {
      stdio: 'ignore',
    })
    const ended = new Promise<number | null>((done) => child.once('exit', done))
    while (!slow.knobs.pauseAsked) await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    await slow.close()
  })

  it('3: a wrong file, every fault on its line', async () => {
    const file = join(folder, 'wrong.yaml')
    writeFileSync(file, 'services:\n  a: {minReplica: 1}\nmode: on\n')
    const { code, err } = await forescale('config', 'check', file)
    expect(code).toBe(3)
    expect(err).toContain(`${file}:2:7 services.a.minReplica: there is no such setting`)
    expect(err).toContain(`${file}:3:7 mode: is not allowed`)
  })
})

describe('launcher', () => {
  const old = ['/usr/bin/node', '/usr/local/bin/node'].find(
    (file) => existsSync(file) && file !== process.execPath,
  )

  it.runIf(old)('runs from an older Node by handing over to the pinned one', async () => {
    const { code, out } = await run(old ?? '', [LAUNCHER, '--version'])
    expect(code).toBe(0)
    const [, major = '0'] = /node (\d+)\./.exec(out) ?? []
    expect(Number(major)).toBeGreaterThanOrEqual(22)
  })

  it.runIf(old)('passes on the exit code', async () => {
    expect((await run(old ?? '', [LAUNCHER, 'nonsense'])).code).toBe(2)
  })

  it('is executable', async () => {
    expect((await run(LAUNCHER, ['mode'])).out).toBe('enforce\n')
  })
})

describe('completion', async () => {
  const names = commandsOf(await documentedProgram(() => {}))
    .slice(1)
    .map((command) => command.name())

  it.each(['bash', 'zsh', 'fish'])('%s knows every command', async (shell) => {
    const { out } = await forescale('completion', shell)
    for (const name of names) expect(out).toMatch(new RegExp(`\\b${name}\\b`))
    for (const word of ['--json', 'recommend', 'enforce', '--fail-on'])
      expect(out).toContain(word.replace(/^--/, ''))
  })

  it('completes in bash: commands, subcommands, choices and options', async () => {
    const { out: script } = await forescale('completion', 'bash')
    const offered = async (...words: string[]) => {
      const quoted = ['forescale', ...words].map((w) => `'${w}'`).join(' ')
      const ask = `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _forescale; printf '%s\\n' "\${COMPREPLY[@]}"`
      const { out } = await run('bash', ['-c', `${script}\n${ask}`])
      return out.trim().split('\n')
    }
    expect(await offered('sta')).toEqual(['status'])
    expect(await offered('config', '')).toEqual(expect.arrayContaining(['check', 'show', 'schema']))
    expect(await offered('mode', 're')).toEqual(['recommend'])
    expect(await offered('decisions', '--ch')).toEqual(['--changes'])
    expect(await offered('status', '--ti')).toEqual(['--timeout'])
  })
})
