/** `forescale models` against a real HTTP server: what is asked, printed, and how it ends. */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../http/app.ts'

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as examples from '../http/examples-models.ts'
import { startTestApi, type TestApi } from './test-api.ts'
import { runCommand } from './test-run.ts'

let api: TestApi
let folder: string
beforeEach(async () => {
  api = await startTestApi()
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-cli-models-'))
})
afterEach(async () => {
  await api.close()
  await rm(folder, { recursive: true, force: true })
})

const run = (...argv: string[]) =>
  runCommand(['models', ...argv], {
    env: { FORESCALE_URL: api.url },
    nowMs: () => examples.challenger.fittedAtMs + 60_000,
  })

describe('forescale models', () => {
  it('lists versions, narrowed as asked, and names the next page on stderr', async () => {
    const { code, out } = await run('list')
    expect(code).toBe(0)
    expect(out).toMatch(/search +2 +challenger +ensemble +60 s ago +changepoint +0\.0390 +kept/)
    expect(out).toMatch(/search +1 +champion +ets +6 h ago +first/)
    expect((await run('list', '--status', 'champion')).out).not.toContain('challenger')
    expect((await run('list', '-s', 'payment')).err).toBe('no versions yet\n')
    expect((await run('list', '-n', '1')).err).toBe('more: --cursor 41\n')
  })

  it('shows a version with its data, score, contest and standing', async () => {
    const { code, out } = await run('show', 'search', '1')
    expect(code).toBe(0)
    for (const part of [
      'search version 1: ets, champion',
      'learned    38880 steps of 15 s, 2026-11-14 08:00:00 to 2026-11-21 02:00:00',
      'promoted   2026-11-21 02:00:00 by lifecycle: no model was at work',
      'state      kept',
      'refused: the forecast diverged',
    ])
      expect(out).toContain(part)
    expect(JSON.parse((await run('show', 'search', '1', '--json')).out)).toEqual(examples.champion)
  })

  it('compares two, with losses and p-value', async () => {
    const { code, out } = await run('compare', 'search', '1', '2')
    expect(code).toBe(0)
    expect(out).toContain('61 common issue times, 1 to 30 steps ahead')
    expect(out).toMatch(/1 {2}ets +1\.920\n +2 {2}ensemble +1\.610/)
    expect(out).toContain('Diebold–Mariano  3.40, p 0.0420')
    expect(out).toContain('the second is better')
  })

  it('promotes, rolls back and retrains, with who and why', async () => {
    expect((await run('promote', 'search', '2', '--why', 'sees it')).out).toBe(
      'version 2 of search (ensemble) forecasts from the next tick on\n',
    )
    expect((await run('rollback', 'search', '--why', 'too low')).out).toContain('back to version 1')
    await run('rollback', 'search', '1')
    expect((await run('retrain', 'search', '--why', 'release')).code).toBe(0)
    expect(api.asked).toEqual([
      'promote search 2 http sees it',
      'rollback search undefined http too low',
      'rollback search 1 http ',
      'retrain search http release',
    ])
  })

  it('exports to a file what it imports again', async () => {
    const file = path.join(folder, 'search.model.json')
    expect(await run('export', 'search', '1', '-o', file)).toMatchObject({
      code: 0,
      out: '',
      err: `written to ${file}\n`,
    })
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(examples.file)
    expect(JSON.parse((await run('export', 'search', '1')).out)).toEqual(examples.file)
    expect((await run('import', 'search', file)).out).toBe(
      'imported as version 3 of search, challenger\n',
    )
    expect(api.asked).toEqual(['import search'])
  })

  it('says which field of a foreign file is wrong, and what is allowed', async () => {
    const file = path.join(folder, 'foreign.json')
    await writeFile(file, JSON.stringify({ ...examples.file, formatVersion: 2 }))
    const { code, err } = await run('import', 'search', file)
    expect(code).toBe(2)
    expect(err).toContain('formatVersion: 2 is not allowed; allowed: 1')
    await writeFile(file, JSON.stringify({ ...examples.file, format: 'pickle' }))
    expect((await run('import', 'search', file)).err).toContain('allowed: forescale-model')
    await writeFile(file, JSON.stringify(examples.file))
    expect((await run('import', 'payment', file)).err).toContain(
      'model.service: "search" is not allowed; allowed: payment',
    )
    await writeFile(file, 'no JSON')
    expect((await run('import', 'search', file)).err).toContain('is no model file')
  })

  it.each([
    [['promote', 'search', '1'], 6, 'version 1 of search is champion'],
    [['promote', 'search', '9'], 1, 'There is no such version'],
    [['promote', 'search', 'two'], 2, 'a whole number from 1'],
    [['promote', 'nope', '1'], 1, 'There is no such service'],
    [['compare', 'search', '1'], 2, "missing required argument 'b'"],
    [['export', 'search', '2'], 6, 'no longer kept'],
    [['export', 'search', '1', '-o', '/no/such/folder/x'], 1, 'cannot be written'],
    [['import', 'search', '/no/such/file'], 2, 'cannot be read'],
    [['list', '--status', 'loser'], 2, 'champion, challenger, retired'],
    [['show', 'search', '9'], 1, 'There is no such version'],
  ])('%j ends with %i and says why', async (argv, code, message) => {
    const result = await run(...argv)
    expect(result.err).toContain(message)
    expect([result.code, result.out]).toEqual([code, ''])
  })
})
