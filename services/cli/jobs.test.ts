/** `forescale jobs` and `forescale worker` against a real HTTP server: what is asked, printed, and how it ends. */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../http/app.ts'

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import getPort from 'get-port'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as examples from '../http/examples-jobs.ts'
import { AWAY_JOB } from '../http/test-jobs.ts'
import { startTestApi, type TestApi } from './test-api.ts'
import { runCommand } from './test-run.ts'

let api: TestApi
beforeEach(async () => {
  api = await startTestApi()
})
afterEach(() => api.close())

const run = (...argv: string[]) =>
  runCommand(argv, {
    env: { FORESCALE_URL: api.url },
    nowMs: () => examples.dead.askedAtMs + 120_000,
  })

const { id } = examples.dead

describe('forescale jobs', () => {
  it('lists them, all or those of a kind and state', async () => {
    const { code, out } = await run('jobs', 'list')
    expect(code).toBe(0)
    expect(out).toMatch(
      new RegExp(`${id} +fit +dead +3 +1 +2 min ago +a model for payment +out of`),
    )
    expect(out).toContain('training 3: --out 3/out smoke')
    const some = await run('jobs', 'list', '--kind', 'training', '--state', 'waiting', '--json')
    expect(JSON.parse(some.out)).toEqual({ items: [examples.waiting] })
    expect((await run('jobs', 'list', '--state', 'done', '--limit', '7')).err).toBe('no jobs\n')
    expect(api.jobsAsked).toEqual([
      'list all all 50',
      'list training waiting 50',
      'list all done 7',
    ])
  })

  it('shows what was asked for and every error', async () => {
    const { out } = await run('jobs', 'show', id)
    expect(out).toContain(`fit ${id}: dead`)
    expect(out).toContain('3 failed, 1 times its worker was lost, last at worker-2.17')
    expect(out).toContain('"values":{"length":5760,"first":[41.5,40.25]}')
    expect(out).toContain('error 1    Error: out of memory\n    at fit')
    expect(JSON.parse((await run('jobs', 'show', id, '--json')).out)).toEqual(examples.view)
  })

  it('begins a dead one anew, and discards one', async () => {
    expect((await run('jobs', 'retry', id)).out).toContain(`fit ${id}: waiting`)
    expect((await run('jobs', 'discard', id)).err).toBe(`job ${id} is gone\n`)
    expect(api.jobsAsked).toEqual([`retry ${id}`, `discard ${id}`])
    expect((await run('jobs', 'retry', examples.waiting.id)).code).toBe(6)
    for (const step of ['show', 'retry', 'discard'])
      expect((await run('jobs', step, '0'.repeat(32))).code).toBe(1)
    expect((await run('jobs', 'show', AWAY_JOB)).err).toContain('the queue does not answer')
    const wrong = await run('jobs', 'show', '12')
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('32 hexadecimal digits')])
  })

  it('says where a queue is that cannot be reached, without its password', async () => {
    const port = await getPort({ host: '127.0.0.1' })
    const address = `redis://me:geheim@127.0.0.1:${port}`
    const { code, err } = await run('jobs', 'list', '--queue', address)
    expect(code).toBe(4)
    expect(err).toContain(`queue redis://127.0.0.1:${port} cannot be used`)
    expect(err).not.toContain('geheim')
    const wrong = await run('jobs', 'list', '--queue', 'http://me:geheim@cache')
    expect(wrong.code).toBe(2)
    expect(wrong.err).toContain('queue http://cache is not allowed; allowed: redis://host:port')
  })
})

describe('forescale worker', () => {
  it('wants to know which queue, and only what there is', async () => {
    const nowhere = await run('worker', '--config', 'services/shop/demo.yaml')
    expect([nowhere.code, nowhere.err]).toEqual([2, expect.stringContaining('no queue is named')])
    const kinds = await run('worker', '--queue', 'redis://cache', '--kinds', 'fit,chores')
    expect([kinds.code, kinds.err]).toEqual([
      2,
      expect.stringContaining('"fit,chores" is not allowed; allowed: fit, backtest, experiment'),
    ])
  })

  it('reads its configuration again at SIGHUP; a wrong one changes nothing, and neither ends it', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'forescale-cli-worker-'))
    const file = path.join(folder, 'forescale.yaml')
    const port = await getPort({ host: '127.0.0.1' })
    const write = (jobs: string) =>
      writeFileSync(
        file,
        `services: { a: {} }\njobs: { redis: "redis://127.0.0.1:${port}", ${jobs} }\n`,
      )
    write('backoffMs: 10')
    const interrupt = new AbortController()
    const takeHangups = (reread: () => void) => {
      write('backoffMs: 20')
      reread()
      write('backoffMs: none')
      reread()
      interrupt.abort()
    }
    const { code, err } = await runCommand(['worker', '--config', file, '--kinds', 'fit'], {
      signals: { takeInterrupts: () => interrupt.signal, takeHangups },
    })
    rmSync(folder, { recursive: true })
    expect(code).toBe(0)
    expect(err).toMatch(
      /read the configuration again[\s\S]*the configuration stays as it was: .*backoffMs/,
    )
  }, 30_000)
})
