/** `forescale backtest` over a real store: what it prints and writes, and how it ends, also as a process. */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestFolder, syntheticDays, type TestFolder } from '../backtest/test-store.ts'
import { runCommand } from './test-run.ts'

const LAUNCHER = path.resolve('services/cli/forescale.js')
const FAST = ['--horizons', '4,12', '--origins', '6']

let home: TestFolder
let bare: TestFolder
let files: { readonly filled: string; readonly bare: string }
beforeAll(async () => {
  home = await createTestFolder()
  bare = await createTestFolder()
  await home.fill([...syntheticDays('search', 6, 1), ...syntheticDays('auth', 1, 2).slice(0, 9)])
  const written = ({ folder, configText }: TestFolder): string => {
    const file = path.join(folder, 'forescale.yaml')
    writeFileSync(file, configText)
    return file
  }
  files = { filled: written(home), bare: written(bare) }
})
afterAll(async () => {
  await home?.remove()
  await bare?.remove()
})

const run = (...argv: string[]) =>
  runCommand(['backtest', ...argv], { nowMs: () => Date.UTC(2026, 10, 21) })

describe('backtest', () => {
  it('prints a table a service with the choice, and what could not be tested', async () => {
    const { code, out, err } = await run('-c', files.filled, ...FAST)
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(
      /^search\n576 steps, the last 173 tested from 6 issue times; seasons \(steps\): 96/,
    )
    expect(out).toMatch(/MODEL +SPL ≤4 +MASE +IN 90 % +SPL ≤12 +MASE +IN 90 % +FIT +FORECAST/)
    const chosen = /^choice: (\S+) \(scaled pinball loss/m.exec(out)?.[1]
    expect(out).toMatch(new RegExp(`^→ ${chosen} `, 'm'))
    expect(out.match(/→/g)?.length).toBe(1)
    expect(out).toContain('auth: not tested: 9 steps are too few')
    expect(out).toContain('payment: not tested: the store holds no requests_per_second of it')
  })

  it('--json prints what --out writes; the page holds the same choice', async () => {
    const folder = path.join(home.folder, 'new', 'report')
    const { code, out, err } = await run(
      '-c',
      files.filled,
      'search',
      '--json',
      '--out',
      folder,
      ...FAST,
    )
    expect(code).toBe(0)
    expect(err).toBe(`wrote ${path.join(folder, 'report.html')} and results.json beside it\n`)
    expect(readdirSync(folder).sort()).toEqual(['report.html', 'results.json'])
    const printed = JSON.parse(out)
    expect(JSON.parse(readFileSync(path.join(folder, 'results.json'), 'utf8'))).toEqual(printed)
    const page = readFileSync(path.join(folder, 'report.html'), 'utf8')
    expect(page).toContain(`<strong>Choice: ${printed.services[0].chosen}</strong>`)
  })

  it('refuses a service that is not configured, naming those that are', async () => {
    const { code, out, err } = await run('-c', files.filled, 'serach')
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('service "serach" is not configured; allowed: search, auth, payment')
    expect((await run('-c', files.filled, 'constructor')).code).toBe(2)
  })

  it.each([
    ['--horizons', '0'],
    ['--horizons', '5,x'],
    ['--horizons', '2001'],
    ['--origins', '1'],
    ['--days', '0'],
  ])('refuses %s %s', async (option, value) => {
    const { code, err } = await run('-c', files.filled, option, value)
    expect(code).toBe(2)
    expect(err).toContain('is not allowed; allowed:')
  })

  it('ends with 5 when nothing could be tested', async () => {
    const { code, out } = await run('-c', files.filled, 'auth', 'payment')
    expect(code).toBe(5)
    expect(out).toContain('auth: not tested')
  })

  it('finds no store where there is none, and makes none', async () => {
    const { code, out, err } = await run('-c', files.bare)
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain(`there is no sample store in ${path.join(bare.folder, 'state')}`)
    expect(err).toContain('FORESCALE_STATE_DIR')
    expect(existsSync(path.join(bare.folder, 'state'))).toBe(false)
  })

  it('says so when the file is no store', async () => {
    const broken = await createTestFolder()
    const file = path.join(broken.folder, 'forescale.yaml')
    writeFileSync(file, broken.configText)
    await mkdir(path.join(broken.folder, 'state'))
    writeFileSync(path.join(broken.folder, 'state', 'series.db'), 'a letter, not a database\n')
    const { code, err } = await run('-c', file)
    expect(code).toBe(1)
    expect(err).toMatch(/series\.db is no database/)
    expect(err).not.toContain('    at ')
    await broken.remove()
  })
})

describe('backtest as a process', () => {
  const forescale = (...argv: string[]) =>
    new Promise<{ code: number | null; out: string; err: string }>((done) => {
      const args = [LAUNCHER, 'backtest', ...argv]
      const options = { env: { PATH: process.env.PATH ?? '' } }
      const child = execFile(process.execPath, args, options, (_error, out, err) =>
        done({ code: child.exitCode, out, err }),
      )
    })

  it('ends by itself with 0 and nothing on stderr, its thread and store closed', async () => {
    const { code, out, err } = await forescale('-c', files.filled, ...FAST)
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('choice: ')
  })

  it.each([
    [1, () => ['-c', files.bare]],
    [2, () => ['-c', files.filled, 'nope']],
    [3, () => ['-c', '/no/such.yaml']],
    [5, () => ['-c', files.filled, 'payment']],
  ])('ends with %i, a sentence and no stack', async (code, argv) => {
    const result = await forescale(...argv())
    expect(result.code).toBe(code)
    expect(result.out + result.err).not.toMatch(/\n {4}at /)
  })
})
