/** `forescale tune` over a real store: a policy that the registry takes, the same bytes each time, and refusals that name what is wrong. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PolicyDocument } from '../../agents/policies/learned/document.ts'
import { createTestFolder, syntheticDays, type TestFolder } from '../backtest/test-store.ts'
import { runCli } from './main.ts'

let home: TestFolder
let file: string
beforeAll(async () => {
  home = await createTestFolder('models: [seasonal-naive]')
  await home.fill([...syntheticDays('search', 4, 1), ...syntheticDays('auth', 1, 2).slice(0, 9)])
  file = path.join(home.folder, 'forescale.yaml')
  // small replicas, so that one more or less is worth something, and an objective that leaves something to save
  const search =
    'maxReplicas: 60, capacityPerReplica: 3, targetUtilization: 1, slo: {objective: 0.95}'
  const services = `services: {search: {${search}}, auth: {}, payment: {}}`
  writeFileSync(file, home.configText.replace(/services: .*/, services))
})
afterAll(async () => home?.remove())

async function tune(...argv: string[]) {
  let out = ''
  let err = ''
  const code = await runCli(['tune', '-c', file, ...argv], {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env: {},
    nowMs: () => Date.UTC(2026, 10, 21),
  })
  return { code, out, err }
}

describe('forescale tune', () => {
  it('says what was learned of the past, and writes it as a policy where it pays', async () => {
    const [one, two] = ['one.json', 'two.json'].map((name) => path.join(home.folder, name))
    const how = ['search', '--evaluations', '24', '--error-budget', '1', '--out']
    const { code, out, err } = await tune(...how, one!)
    expect(code).toBe(0)
    expect(err).toContain('search: 24 tunings are tried on 384 steps')
    expect(out).toMatch(/^SERVICE +DAYS +PREDICTIVE: COST, VIOLATING +TUNED +WHY/)
    expect(out).toMatch(/% cheaper on its past, within the error budget in each of 3 folds/)
    const again = await tune(...how, two!)
    expect(again.out).toBe(out)
    const document = PolicyDocument.parse(JSON.parse(readFileSync(one!, 'utf8')))
    expect(Object.keys(document.tunings!)).toEqual(['search'])
    expect(readFileSync(two!, 'utf8')).toBe(readFileSync(one!, 'utf8'))
  }, 60_000)

  it('writes nothing where nothing pays, and ends with 5', async () => {
    const none = path.join(home.folder, 'none.json')
    const { code, out } = await tune('search', '--evaluations', '1', '--out', none)
    expect(code).toBe(5)
    expect(out).toContain('no tuning held the objective for less in every fold of its past')
    expect(existsSync(none)).toBe(false)
  })

  it.each([
    [['shop'], 2, 'service "shop" is not configured; allowed: search, auth, payment'],
    [['payment'], 1, 'the store holds no load of payment'],
    [['auth'], 1, 'auth: 9 steps of load are stored; at least 48 are needed'],
    [['search', '--error-budget', '2'], 2, '2 is not allowed; allowed: above 0, at most 1'],
  ])('refuses %j', async (argv, code, message) => {
    const refused = await tune(...argv)
    expect(refused.err).toContain(message)
    expect(refused.code).toBe(code)
  })
})
