/** `forescale covariates` and `forescale explain-forecast` against a real HTTP server. */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../http/app.ts'

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { event } from '../http/examples-covariates.ts'
import { startTestApi, type TestApi } from './test-api.ts'
import { runCommand } from './test-run.ts'

let api: TestApi
let folder: string
beforeEach(async () => {
  api = await startTestApi()
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-cli-covariates-'))
})
afterEach(async () => {
  await api.close()
  await rm(folder, { recursive: true, force: true })
})

const run = (...argv: string[]) =>
  runCommand(argv, { env: { FORESCALE_URL: api.url }, nowMs: () => event.fromMs - 86_400_000 })

async function fileOf(name: string, text: string): Promise<string> {
  const file = path.join(folder, name)
  await writeFile(file, text)
  return file
}

describe('covariates', () => {
  it('list shows events by their beginning', async () => {
    const { code, out } = await run('covariates', 'list', '--from', '0', '--to', '63000000000')
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/campaign +search +2026-11-27 08:00:00 +3 h +in 24 h/),
    ])
  })

  it('add stores one, remove takes it back; a second time there is none', async () => {
    const added = await run(
      ...['covariates', 'add', 'summer sale', '--from', '2026-12-01T09:00:00Z'],
      ...['--to', '2026-12-01T10:00:00Z', '-s', 'payment', '--value', '1.5', '--after', '2h'],
    )
    expect(added).toMatchObject({ code: 0, err: '' })
    const [, id] = /stored ([0-9a-f]{16}): summer sale \(1.5\)/.exec(added.out)!
    expect(api.state.events.find((stored) => stored.id === id)).toMatchObject({
      name: 'summer sale',
      service: 'payment',
      value: 1.5,
      beforeMs: 0,
      afterMs: 7_200_000,
    })
    expect(await run('covariates', 'remove', id!)).toMatchObject({ code: 0 })
    expect(await run('covariates', 'remove', id!)).toMatchObject({
      code: 1,
      err: expect.stringContaining('There is no such event'),
    })
  })

  it('import stores a CSV or JSON file, and changes nothing when it is imported again', async () => {
    const csv = await fileOf(
      'sales.csv',
      'name,from,to,value,service\nsale,2026-11-01T08:00:00Z,2026-11-01T11:00:00Z,,\nsale,2026-11-08T08:00:00Z,2026-11-08T11:00:00Z,2,search\n',
    )
    expect((await run('covariates', 'import', csv)).out).toContain('stored 2 events')
    const stored = structuredClone(api.state.events)
    await run('covariates', 'import', csv)
    expect(api.state.events).toEqual(stored)
    const json = await fileOf(
      'more.json',
      '[{"name": "release", "from": 1795248000000, "to": 1795251600000}]',
    )
    expect((await run('covariates', 'import', json)).out).toContain('stored 1 events')
    expect(api.state.events).toHaveLength(4)
  })

  it.each([
    ['a.csv', 'name,begin\nsale,1', 2, 'allowed: name,from,to'],
    ['a.csv', 'name,from,to\nsale,1', 2, 'line 2'],
    ['a.csv', 'name,from,to\nsale,monday,tuesday', 2, 'events.0.from'],
    ['a.csv', 'name,from,to\nsale,2000,1000', 2, 'events.0.to'],
    ['a.csv', 'name,from,to\n', 2, 'holds no events'],
    ['a.json', '{}', 2, 'no JSON list'],
  ])(
    'import of %s with %j ends with %i and says what is wrong',
    async (name, text, code, message) => {
      const result = await run('covariates', 'import', await fileOf(name, text))
      expect([result.code, result.out]).toEqual([code, ''])
      expect(result.err).toContain(message)
    },
  )

  it.each([
    [['--from', '1', '--to', '2', '--value', 'x'], 'a number'],
    [['--from', '1', '--to', '2', '--before', 'soon'], '90s, 30m'],
    [['--from', '1', '--to', '2', '-s', 'nope'], 'There is no such service'],
    [['--from', '1'], '--to'],
  ])('add with %j is refused', async (options, message) => {
    const result = await run('covariates', 'add', 'sale', ...options)
    expect(result.code).not.toBe(0)
    expect(result.err).toContain(message)
  })
})

describe('explain-forecast', () => {
  it('shows the parts of each step, the models, and what each covariate does', async () => {
    const { code, out } = await run('explain-forecast', 'search')
    expect(code).toBe(0)
    expect(out).toContain('models: ets 60.0 %, linear 40.0 %')
    expect(out).toMatch(/AHEAD +FORECAST +LEVEL +TREND +SEASON OF A DAY +CORRECTION.* +CAMPAIGN/)
    expect(out).toMatch(/30 s +96\.8 +41\.5 +\+0\.40 +\+6\.00 +\+0\.50 +\+48\.4/)
    expect(out).toContain('campaign: times 2.00; loss held out: 21.0 % of that without')
    expect(out).toContain('newsletter: not used: does not make')
    const short = await run('explain-forecast', 'search', '--horizon', '1')
    expect(short.out).not.toContain('96.8')
  })

  it('importance shows what permuting an input does, and the shares of a neural model', async () => {
    const { code, out } = await run('importance', 'search')
    expect(code).toBe(0)
    expect(out).toMatch(
      /season of a day +4\.20\ncovariates +1\.70\nnewest steps +1\.30\nover 12 issue/,
    )
    expect(out).toContain('lstm says 47.9, on average 43.8 at other times')
    expect(out).toMatch(/same time a season ago +\+5\.20 +6\.10/)
    expect((await run('importance', 'payment')).err).toContain('no model of "payment"')
  })

  it('of a service without a model says so', async () => {
    expect(await run('explain-forecast', 'payment')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no model of "payment" was fitted yet'),
    })
  })
})
