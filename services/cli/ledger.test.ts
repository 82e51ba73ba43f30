/** `forescale ledger` on real files: what it says, what it refuses, and how it ends. */
import '../http/app.ts'

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadConfigFile } from '../config-file.ts'
import { openLedger } from '../ledger/registry.ts'
import { decisionOf, tickOf } from '../ledger/test-rows.ts'
import { runCommand } from './test-run.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-cli-ledger-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function configured(name: string): Promise<string> {
  const file = path.join(folder, `${name}.yaml`)
  await writeFile(file, `stateDir: ${path.join(folder, name)}\nservices: { a: {} }\n`)
  return file
}

async function fill(file: string, ticks: readonly number[]): Promise<void> {
  const config = loadConfigFile(file, {})
  const ledger = await openLedger(config, config.stateDir)
  for (const n of ticks) await ledger.openTick(tickOf(n), [decisionOf(n, 'a')], [])
  await ledger.close()
}

const run = (...argv: string[]) => runCommand(['ledger', ...argv])

it('backs up, verifies, restores elsewhere, and finds the same there', async () => {
  const [from, to] = [await configured('from'), await configured('to')]
  await fill(from, [1, 2, 3])
  const file = path.join(folder, 'ledger.gz')
  const { code, out } = await run('backup', file, '-c', from, '--json')
  const { sha256 } = JSON.parse(out)
  expect(code).toBe(0)
  expect(await run('verify', file, '-c', from)).toMatchObject({ code: 0, err: '' })
  expect((await run('restore', file, '-c', to)).code).toBe(0)
  const check = await run('check', '-c', to, '--json')
  expect([check.code, JSON.parse(check.out)]).toMatchObject([
    0,
    { sha256, firstTick: 1, lastTick: 3, missingTicks: 0, pendingDecisions: 3 },
  ])
  const again = await run('restore', file, '-c', to)
  expect(again).toMatchObject({ code: 1, out: '' })
  expect(again.err).toMatch(/not empty/)
})

it('check ends with 5 when a tick is missing, and says so', async () => {
  const file = await configured('gap')
  await fill(file, [1, 2, 4])
  const { code, out } = await run('check', '-c', file)
  expect(code).toBe(5)
  expect(out).toMatch(/ticks 1 to 4, 1 missing/)
})

it('names a damaged backup, and a ledger that does not answer ends with 4', async () => {
  const file = await configured('x')
  await fill(file, [1])
  const backup = path.join(folder, 'ledger.gz')
  await run('backup', backup, '-c', file)
  await writeFile(backup, (await readFile(backup)).subarray(0, 40))
  const damaged = await run('verify', backup, '-c', file)
  expect(damaged.code).toBe(1)
  expect(damaged.err).toContain(backup)
  const away = path.join(folder, 'away.yaml')
  const url = path.join(folder, 'url')
  await writeFile(url, 'postgresql://u@127.0.0.1:1/x')
  await writeFile(away, `ledger: { kind: postgresql, urlFile: ${url} }\nservices: { a: {} }\n`)
  expect((await run('migrate', '-c', away)).code).toBe(4)
})
