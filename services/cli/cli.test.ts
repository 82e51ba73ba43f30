/** The commands against a real HTTP server: what they print, where, and how they end. */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../http/app.ts'

import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ForecastDocument } from '../../forecaster/forecast.ts'
import * as examples from '../http/examples.ts'
import * as alertExamples from '../http/examples-alerts.ts'
import { commandsOf, documentedProgram, helpOf, withHelp } from './reference.ts'
import { REFUSED_BUDGET, startTestApi, type TestApi } from './test-api.ts'
import { runCommand } from './test-run.ts'

let api: TestApi
beforeEach(async () => {
  api = await startTestApi()
})
afterEach(() => api.close())

const run = (argv: readonly string[], env: Record<string, string> = {}, isTTY = false) =>
  runCommand(argv, {
    env: { FORESCALE_URL: api.url, ...env },
    isTTY,
    nowMs: () => examples.decision.atMs + 4000,
  })

describe('status', () => {
  it('shows mode, budget, every service and a sentence per decision', async () => {
    const { code, out, err } = await run(['status'])
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('mode enforce')
    expect(out).toContain('budget $1.60/h, spend $1.60/h (100.0 %)')
    expect(out).toMatch(/search +enforce +predictive +4\/4 \(wants 6\) +45\.2 rps +210 ms +0\.4 %/)
    expect(out).toContain(`4 s ago: ${examples.decision.rationale}`)
    expect(out).toContain('payment: no decision yet')
  })

  it('--fail-on ends with 5 and says why, without --fail-on it does not', async () => {
    api.state.services[0]!.violationRatio = 0.02
    api.state.services[1]!.fallback = true
    api.state.budget = { ...api.state.budget, feasible: false }
    expect((await run(['status'])).code).toBe(0)
    const { code, err } = await run(['status', '--fail-on', 'budget,slo,fallback,paused'])
    expect(code).toBe(5)
    expect(err).toContain('budget: the minimums alone cost $0.40/h')
    expect(err).toContain('slo: search has 2.0 %')
    expect(err).toContain('fallback: payment has no usable forecast')
    expect(err).not.toContain('paused')
  })
})

describe('forecast', () => {
  it('shows quantiles, the model, its backtest and its expiry', async () => {
    const { code, out } = await run(['forecast', 'search'])
    expect(code).toBe(0)
    expect(out).toContain('ets, issued 4 s ago, expires in 71 s')
    expect(out).toContain('MASE 0.71')
    expect(out).toMatch(/AHEAD +≤ 10 % +≤ 50 % +≤ 90 % +≤ 99 %\n +15 s +33\.6 +40\.0 +46\.4 +47\.8/)
  })

  it('passes its options on', async () => {
    const { out } = await run([
      'forecast',
      'search',
      '--horizon',
      '3',
      '--levels',
      '0.5,0.9',
      '--json',
    ])
    const { levels, quantiles } = ForecastDocument.parse(JSON.parse(out))
    expect(levels).toEqual([0.5, 0.9])
    expect(quantiles.map((row) => row.length)).toEqual([3, 3])
  })

  it('shows the forecast of an earlier time', async () => {
    const { code, err } = await run(['forecast', 'search', '--at', '2020-01-01T00:00:00Z'])
    expect(code).toBe(1)
    expect(err).toContain('There is no such forecast')
    expect((await run(['forecast', 'search', '--at', '2026-11-21T08:01:00Z'])).out).toContain(
      '46.0',
    )
  })

  it('ends with 1 and says nothing on stdout when there is no usable one', async () => {
    const { code, out } = await run(['forecast', 'payment'])
    expect([code, out]).toEqual([1, ''])
  })
})

describe('decisions, explain, replay', () => {
  it('lists decisions with what became of them, and names the next page on stderr', async () => {
    const { code, out, err } = await run(['decisions', '-s', 'search', '--changes', '-n', '1'])
    expect(code).toBe(0)
    expect(out).toContain(
      `2026-11-21 08:00:00  ${examples.decision.id}  applied  ${examples.decision.rationale}`,
    )
    expect(err).toBe('more: --cursor 41\n')
    expect(
      (await run(['decisions', '--from', '2026-11-21T08:00:00Z', '--cursor', '41'])).code,
    ).toBe(0)
  })

  it.each([[examples.decision.id], ['search']])('explains %s', async (what) => {
    const { code, out } = await run(['explain', what])
    expect(code).toBe(0)
    expect(out).toContain(examples.decision.rationale)
    expect(out).toMatch(/6 +\$0\.60\/h +0\.42 {2}← decided/)
    expect(out).toContain('to carry   50 %: ≤ 50.3, 99 %: ≤ 71.9 rps')
    expect(out).toContain('with $1.00/h more: 7 replicas')
    expect(out).toContain('times 1.10: 7 replicas in place of 6, money aside')
    expect(out).toMatch(/\+1\.5 {2}×1\.15 {2}how unsure the forecast is upwards/)
  })

  it('knows a misspelt service', async () => {
    const { code, err } = await run(['explain', 'serach'])
    expect(code).toBe(1)
    expect(err).toContain('did you mean search?')
  })

  it('says that a service has no decision yet', async () => {
    expect((await run(['explain', 'payment'])).err).toContain('no decision for payment yet')
  })

  it('replays: 0 when identical, 1 when not', async () => {
    const same = await run(['replay', examples.decision.id])
    expect([same.code, same.out.split('\n')[0]]).toEqual([
      0,
      `identical: ${examples.decision.rationale}`,
    ])
    api.knobs.identical = false
    const other = await run(['replay', examples.decision.id])
    expect(other.code).toBe(1)
    expect(other.out).toContain('different')
  })
})

describe('pause, resume, mode, budget', () => {
  it('pause and resume', async () => {
    expect((await run(['pause'])).out).toBe('enforce, paused: nothing is changed\n')
    expect(api.state.paused).toBe(true)
    expect((await run(['resume'])).out).toBe('enforce\n')
    expect(api.state.paused).toBe(false)
  })

  it('mode of all and of one service', async () => {
    expect((await run(['mode'])).out).toBe('enforce\n')
    expect((await run(['mode', 'recommend'])).out).toBe('recommend\n')
    expect((await run(['mode', 'off', '--service', 'search'])).out).toBe('search: off\n')
    expect((await run(['mode', '--service', 'search'])).out).toBe('search: off\n')
    expect((await run(['mode', '--service', 'nope'])).code).toBe(1)
  })

  it('budget: shown, changed, and 5 when the minimums cost more', async () => {
    expect((await run(['budget'])).out).toContain('budget        $1.60/h')
    expect((await run(['budget', '2.5'])).out).toContain('budget        $2.50/h')
    api.state.budget = { ...api.state.budget, feasible: false }
    expect(await run(['budget'])).toMatchObject({
      code: 5,
      err: expect.stringContaining('$0.40/h'),
    })
  })
})

describe('alerts and outlook', () => {
  it('shows what is open, with its severity and what it is', async () => {
    const { code, out } = await run(['alerts'])
    expect(code).toBe(0)
    expect(out).toMatch(/1b7c9a52d0e4f683 +warning +\d+ s ago +open +search: 131 req\/s, where/)
    expect(out).not.toContain('payment')
    expect((await run(['alerts', '--all'])).out).toMatch(/info .* over +payment: its load/)
    expect((await run(['alerts', '--severity', 'critical'])).out).toBe('nothing is amiss\n')
  })

  it('acknowledges one, and says which', async () => {
    const { code, out } = await run(['alerts', '--ack', '1b7c9a52d0e4f683'])
    expect([code, out.slice(0, 24)]).toEqual([0, 'acknowledged: search: 13'])
    expect(api.state.alerts.open[0]).toMatchObject({ acknowledgedBy: 'http' })
    expect(await run(['alerts', '--ack', 'nope'])).toMatchObject({ code: 1, out: '' })
  })

  it('says what will not hold, and each day beside it', async () => {
    const { code, out } = await run(['outlook', '--days', '2'])
    expect(code).toBe(0)
    expect(out).toMatch(
      /^the budget of 1\.60 \$\/h will not carry search on Sun,? 22 Nov \(P = 0\.62/,
    )
    expect(out).toMatch(/DAY +\$ A DAY +\$\/h AT THE PEAK +OVER BUDGET\n/)
    expect(out).toMatch(/22 Nov +28\.4 \(25\.0–33\.2\) +1\.70 \(1\.40–2\.00\) +62\.0 %/)
  })

  it('of one service shows replicas, and without history no figure', async () => {
    expect((await run(['outlook', 'search', '--days', '2'])).out).toMatch(/REPLICAS +\$ A DAY/)
    const row = { service: 'search', historyDays: 3, neededDays: 14, demand: null }
    api.state.outlook = { ...api.state.outlook, fleet: null, services: [row], risks: [] }
    const { out } = await run(['outlook', 'search'])
    expect(out).toBe('no outlook over 7 days for search yet: 3 of 14 days of history are there\n')
    expect(await run(['outlook', 'nope'])).toMatchObject({ code: 1 })
  })
})

describe('--json', () => {
  it.each([
    [['status'], ['budget', 'mode', 'services']],
    [['alerts'], ['items', 'next']],
    [['outlook'], Object.keys(alertExamples.outlook)],
    [['forecast', 'search'], Object.keys(examples.forecast)],
    [['decisions'], ['items', 'next']],
    [['explain', 'search'], Object.keys(examples.explanation)],
    [['replay', examples.decision.id], Object.keys(examples.replay)],
    [['pause'], ['mode', 'paused']],
    [['mode'], ['mode', 'paused']],
    [['budget'], Object.keys(examples.budget)],
    [['check'], ['ok', 'groups']],
    [['config', 'show', 'services/shop/demo.yaml'], undefined],
    [
      ['config', 'check', 'services/shop/demo.yaml'],
      ['faults', 'file', 'hash', 'ok', 'services'],
    ],
    [
      ['config', 'check', 'services/shop/demo.yaml', '--running'],
      ['faults', 'file', 'hash', 'ok', 'reload', 'restart', 'services'],
    ],
  ])('%j is one JSON document on stdout and nothing on stderr', async (argv, keys) => {
    const { code, out, err } = await run([...argv, '--json'])
    expect([code, err]).toEqual([0, ''])
    const answer = z.record(z.string(), z.unknown()).parse(JSON.parse(out))
    if (keys) expect(Object.keys(answer).sort()).toEqual([...keys].sort())
  })
})

describe('config check --running', () => {
  it('says what a reload would change, and what needs a restart', async () => {
    const { code, out } = await run(['config', 'check', 'services/shop/demo.yaml', '--running'])
    expect(code).toBe(0)
    expect(out).toMatch(/^a reload changes .*\bcostBudgetPerHour\b.*\bservices\.auth\b/m)
    expect(out).toMatch(/^a restart is needed for .*\btickMs\b/m)
    expect(out).not.toMatch(/^a restart is needed for .*costBudgetPerHour/m)
  })
})

describe('check', () => {
  it('groups what is well, and ends with 0', async () => {
    const { code, out } = await run(['check'])
    expect(code).toBe(0)
    for (const group of ['machine', 'configuration', `controller at ${api.url}`])
      expect(out).toContain(group)
    expect(out).toContain('√ forecasts are fresh')
    expect(out).not.toContain('state folder') // the controller named is not of this machine
    expect(out).toContain('all is well')
  })

  it('warns with a hint and still ends with 0', async () => {
    api.state.paused = true
    api.state.services[1]!.fallback = true
    api.state.services[1]!.freshness = 'stale'
    const { code, out } = await run(['check'])
    expect(code).toBe(0)
    expect(out).toMatch(/‼ changes are allowed: paused\n {4}forescale resume/)
    expect(out).toContain('‼ forecasts are fresh: none for payment')
    expect(out).toContain('‼ load is measured: old or missing for payment')
  })

  it('ends with 1 when the controller is not ready, and shows which of its parts', async () => {
    api.state.health = [{ name: 'ledger', ok: false, detail: 'database is locked' }]
    const { code, out } = await run(['check'])
    expect(code).toBe(1)
    expect(out).toContain('× ledger: database is locked')
  })
})

describe('faults', () => {
  it.each([
    [[], 2, 'Usage: forescale'],
    [['statu'], 2, 'Did you mean status?'],
    [['status', '--jsno'], 2, 'Did you mean --json?'],
    [['status', 'extra'], 2, 'too many arguments'],
    [['forecast'], 2, "missing required argument 'service'"],
    [['decisions', '--limit', '0'], 2, 'a whole number from 1 to 500'],
    [['decisions', '--limit', 'x'], 2, 'a whole number from 1 to 500'],
    [['mode', 'enforced'], 2, 'Allowed choices are off, recommend, enforce'],
    [['budget', '-1'], 2, ''],
    [['budget', '0'], 2, 'a number above 0'],
    [['budget', '1e10'], 2, 'costBudgetPerHour'],
    [['forecast', 'search', '--levels', '0.55'], 2, 'levels: "0.55" is not allowed'],
    [['budget', String(REFUSED_BUDGET)], 6, 'another controller holds the lease'],
    [['status', '--fail-on', 'weather'], 2, 'budget, slo, fallback, paused'],
    [['completion', 'tcsh'], 2, 'Allowed choices are bash, zsh, fish'],
    [['status', '--timeout', '0'], 2, 'a number above 0'],
    [['status', '--url', 'localhost'], 2, 'http://…'],
    [['config'], 2, 'Usage: forescale config'],
    [['config', 'check', '/no/such.yaml'], 3, '/no/such.yaml cannot be read'],
    [['config', 'show', '/no/such.yaml'], 3, '/no/such.yaml cannot be read'],
    [['check', '--config', '/no/such.yaml'], 3, ''],
    [['forecast', 'nope'], 1, 'There is no such service'],
    [['replay', 'nope'], 1, 'There is no such decision'],
    [['status', '--url', 'http://127.0.0.1:9'], 4, 'cannot be reached'],
    [['check', '--url', 'http://127.0.0.1:9'], 4, ''],
  ])('%j ends with %i and says why on stderr', async (argv, code, message) => {
    const result = await run(argv)
    expect(result.code).toBe(code)
    expect(result.err).toContain(message)
    if (argv[0] !== 'check') expect(result.out).toBe('')
  })

  it('a wrong FORESCALE_URL is a wrong usage', async () => {
    expect(await run(['status'], { FORESCALE_URL: 'localhost' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('"localhost" is no address'),
    })
  })

  it('a late answer ends with 4 and names the limit', async () => {
    api.knobs.pauseMs = 400
    const { code, err } = await run(['pause', '--timeout', '0.1'])
    expect(code).toBe(4)
    expect(err).toContain('no answer within 0.1 s')
  })

  it('an answer of another version is said to be one', async () => {
    api.state.services = [{} as never]
    const { code, err } = await run(['status'])
    expect(code).toBe(1)
    expect(err).toContain('is not understood')
  })
})

describe('the terminal', () => {
  it('is coloured only where a person looks and did not say no', async () => {
    const codes = String.fromCharCode(27)
    expect((await run(['status'])).out).not.toContain(codes)
    expect((await run(['status'], {}, true)).out).toContain(codes)
    expect((await run(['status'], { NO_COLOR: '1' }, true)).out).not.toContain(codes)
    expect((await run(['status', '--no-color'], {}, true)).out).not.toContain(codes)
    expect((await run(['status'], { TERM: 'dumb' }, true)).out).not.toContain(codes)
  })
})

describe('help', () => {
  it('of every command has a description and examples', async () => {
    for (const command of commandsOf(await documentedProgram(() => {}))) {
      expect(command.description(), command.name()).not.toBe('')
      if (command.name() !== 'config')
        expect(helpOf(command), command.name()).toContain('Examples:')
    }
  })

  it('stands in docs/cli.md (else run: node services/cli/write-docs.ts)', async () => {
    const page = readFileSync('docs/cli.md', 'utf8')
    expect(page).toContain('### forescale explain')
    expect(page).toBe(await withHelp(page))
  })

  it('goes to stdout and ends with 0, as does the version', async () => {
    const help = await run(['status', '--help'])
    expect([help.code, help.err]).toEqual([0, ''])
    expect(help.out).toContain('Usage: forescale status')
    expect(await run(['--version'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^forescale \d+\.\d+\.\d+ \(node \d/),
    })
  })
})
