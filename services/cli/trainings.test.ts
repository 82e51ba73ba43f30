/** `forescale trainings` against a real HTTP server: what is asked, printed, and how it ends. */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../http/app.ts'

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as examples from '../http/examples-trainings.ts'
import { startTestApi, type TestApi } from './test-api.ts'
import { runCommand } from './test-run.ts'

let api: TestApi
let folder: string
beforeEach(async () => {
  api = await startTestApi()
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-cli-trainings-'))
})
afterEach(async () => {
  await api.close()
  await rm(folder, { recursive: true, force: true })
})

const run = (...argv: string[]) =>
  runCommand(['trainings', ...argv], {
    env: { FORESCALE_URL: api.url },
    nowMs: () => examples.queued.askedAtMs + 120_000,
  })

describe('forescale trainings', () => {
  it('lists them, all or those of a state', async () => {
    const { code, out } = await run('list')
    expect(code).toBe(0)
    expect(out).toMatch(/1 +smoke +running +25\.0 % +3 min +2 +–/)
    expect((await run('list', '--state', 'done')).err).toBe('no trainings yet\n')
    expect((await run('list', '--state', 'paused')).code).toBe(2)
    expect(JSON.parse((await run('list', '--json')).out).items).toEqual([examples.running])
  })

  it('shows one: how far each run is, and where its files lie', async () => {
    const { code, out } = await run('show', '1')
    expect(code).toBe(0)
    for (const part of [
      'training 1 smoke: running',
      'done       25.0 % of 960 decisions, 3 min left at most',
      `files      ${examples.view.folder}`,
    ])
      expect(out).toContain(part)
    expect(out).toMatch(/seed-1 +1 +1\/2 +-0\.081 +2\.1 % +– +–/)
    expect((await run('show', '7')).code).toBe(1)
  })

  it('starts a shipped one by name, or a file with its settings', async () => {
    expect((await run('start', 'smoke', '--seeds', '1,2', '--steps', '480')).code).toBe(0)
    const file = path.join(folder, 'mine.yaml')
    await writeFile(file, 'name: mine\nlearner: { kind: ppo }\n')
    expect((await run('start', file, '--why', 'to try')).out).toContain('training 1 smoke: queued')
    expect(api.trainingsAsked).toEqual([
      'start smoke 1,2 480 http ',
      'start settings own all http to try',
    ])
    const unknown = await run('start', 'unknown')
    expect(unknown.code).toBe(2)
    expect(unknown.err).toContain('allowed: a file, or a shipped one: smoke')
    expect((await run('start', 'shipped')).code).toBe(6)
    expect((await run('start', path.join(folder, 'none.yaml'))).err).toContain('ENOENT')
    expect((await run('start', 'smoke', '--seeds', '1,1')).err).toContain('each seed once')
  })

  it('cancels, resumes and removes one', async () => {
    expect((await run('cancel', '1', '--why', 'not today')).out).toContain(
      'cancelled (cancelled: not today)',
    )
    expect((await run('resume', '1')).code).toBe(0)
    expect((await run('remove', '1')).err).toBe('training 1 is gone\n')
    expect(api.trainingsAsked).toEqual([
      'cancel 1 http not today',
      'resume 1 http',
      'remove 1 http',
    ])
    expect((await run('cancel', '9')).code).toBe(6)
    expect((await run('remove', '2')).code).toBe(1)
  })
})
