/** `forescale rollouts` and `forescale policies` against a real HTTP server: what is asked, printed, and how it ends. */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../http/app.ts'

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as examples from '../http/examples-rollouts.ts'
import { startTestApi, type TestApi } from './test-api.ts'
import { runCommand } from './test-run.ts'

let api: TestApi
let folder: string
beforeEach(async () => {
  api = await startTestApi()
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-cli-rollouts-'))
})
afterEach(async () => {
  await api.close()
  await rm(folder, { recursive: true, force: true })
})

const run = (...argv: string[]) =>
  runCommand(argv, {
    env: { FORESCALE_URL: api.url },
    nowMs: () => examples.policy.addedAtMs + 60_000,
  })

const { version } = examples.policy

describe('forescale rollouts', () => {
  it('lists them, and says when there are none', async () => {
    const { code, out } = await run('rollouts', 'list')
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`1 +rollout +canary +learned ${version} +1 +60 s ago`))
    expect((await run('rollouts', 'list', '-s', 'payment')).err).toBe('no rollouts yet\n')
  })

  it('says what is known of each policy where rollouts are begun by themselves', async () => {
    const { code, out } = await run('rollouts', 'automatic')
    expect(code).toBe(0)
    expect(out).toContain('rollouts are begun by themselves')
    expect(out).toMatch(
      new RegExp(`${version} +cautious +import +runs +rollout 1 is in stage canary`),
    )
    expect(out).toMatch(/4be0643f1d98573b +bold +trained +worse +the log predicts no less loss/)
    expect(JSON.parse((await run('rollouts', 'automatic', '--json')).out)).toEqual(
      examples.automatic,
    )
  })

  it('shows one with what was found and how it got there', async () => {
    const { code, out } = await run('rollouts', 'show', '1')
    expect(code).toBe(0)
    for (const part of [
      `rollout 1: canary, learned ${version} against what acted before`,
      'found      61 units, 11 of them without the champion',
      'loss       1.76 against 1.82: -0.061 [-0.11, -0.012]',
      'burn       0.29 against 0.31 error budgets: -0.02 [-0.09, 0.05]',
      'the candidate loses less',
    ])
      expect(out).toContain(part)
    expect((await run('rollouts', 'show', '7')).code).toBe(1)
  })

  it('begins one, or a comparison of two, with what was asked', async () => {
    expect((await run('rollouts', 'start', version, '-s', 'search', '--why', 'to try')).code).toBe(
      0,
    )
    expect((await run('rollouts', 'start', 'reactive', '--from', 'canary')).code).toBe(0)
    expect((await run('rollouts', 'compare', 'predictive', 'reactive')).code).toBe(0)
    expect(api.rolloutsAsked).toEqual([
      'start rollout learned first http to try',
      'start rollout reactive canary http ',
      'start comparison reactive first http ',
    ])
  })

  it('moves one on, ends it and takes it back', async () => {
    expect((await run('rollouts', 'advance', '1', '--why', 'sure')).out).toContain('canary')
    expect((await run('rollouts', 'stop', '1')).out).toContain('stopped')
    expect((await run('rollouts', 'rollback')).out).toContain('rolled-back')
    expect((await run('rollouts', 'rollback', '1', '--json')).out).toContain('"number": 1')
    expect(api.rolloutsAsked).toEqual([
      'advance 1 http sure',
      'stop 1 http ',
      'rollback undefined http ',
      'rollback 1 http ',
    ])
  })

  it('refuses what is no strategy, no share, unknown or in conflict, each with its code', async () => {
    const wrong = await run('rollouts', 'start', 'best')
    expect(wrong.code).toBe(2)
    expect(wrong.err).toContain('allowed: predictive, reactive, or the version')
    expect((await run('rollouts', 'start', 'reactive', '--share', '1')).err).toContain('below 1')
    const unknown = await run('rollouts', 'start', '0000000000000000')
    expect(unknown.code).toBe(2)
    expect(unknown.err).toContain(version)
    expect((await run('rollouts', 'start', 'reactive', '-s', 'payment')).code).toBe(6)
    expect((await run('rollouts', 'stop', '9')).code).toBe(6)
  })
})

describe('forescale policies', () => {
  it('lists, exports and imports', async () => {
    expect((await run('policies', 'list')).out).toMatch(
      new RegExp(`${version} +cautious +by hand +import +60 s ago +to try`),
    )
    const file = path.join(folder, 'cautious.json')
    expect((await run('policies', 'export', version, '-o', file)).code).toBe(0)
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(examples.document)
    expect((await run('policies', 'import', file, '--why', 'again')).out).toContain(
      `cautious is ${version}`,
    )
    expect((await run('policies', 'learn', '1', '--why', 'a week')).out).toContain(
      `learned ${version}`,
    )
    expect((await run('policies', 'learn', '7')).code).toBe(1)
    expect(api.rolloutsAsked).toEqual(['add cautious http again', 'learn 1 http a week'])
  })

  it('refuses a file that is none, and a version that is not there', async () => {
    const file = path.join(folder, 'broken.json')
    await writeFile(file, 'no json')
    expect((await run('policies', 'import', file)).code).toBe(2)
    expect((await run('policies', 'import', path.join(folder, 'absent'))).code).toBe(2)
    await writeFile(file, '{}')
    expect((await run('policies', 'import', file)).err).toContain('document.')
    expect((await run('policies', 'export', '0000000000000000')).code).toBe(1)
  })
})
