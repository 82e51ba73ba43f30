/** A configuration file is read whole or refused whole, with every fault in its place. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, type ConfigFault } from './config-error.ts'
import { canonicalJson, configHash, loadConfigFile, parseConfig } from './config-file.ts'
import { keysAt } from './config-schema.ts'

const FILE = 'forescale.yaml'
const parse = (text: string, env: Record<string, string> = {}) => parseConfig(text, FILE, env)

function faultsOf(text: string, env: Record<string, string> = {}): readonly ConfigFault[] {
  try {
    parse(text, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}
const linesOf = (text: string, env: Record<string, string> = {}) => {
  try {
    parse(text, env)
  } catch (error) {
    return error instanceof Error ? error.message.split('\n') : []
  }
  return []
}

describe('defaults', () => {
  it('a file that only names services is the documented example', () => {
    const example = loadConfigFile('deploy/forescale.example.yaml', {})
    expect(parse('services:\n  checkout: {}\n')).toEqual(example)
  })

  it('a service without settings may be left empty', () => {
    expect(parse('services:\n  checkout:\n')).toEqual(parse('services: {checkout: {}}'))
  })

  it('nothing is changed unless the file says so', () => {
    const config = parse('services: {checkout: {}}')
    expect(config).toMatchObject({ mode: 'recommend', actuator: { kind: 'dry-run' } })
    expect(config.services.checkout).toMatchObject({ policy: 'predictive', maxReplicas: 10 })
  })

  it('the demo enforces on its own processes, over four services in a compressed day', () => {
    const demo = loadConfigFile('services/shop/demo.yaml', {})
    expect(demo).toMatchObject({ mode: 'enforce', actuator: { kind: 'processes' } })
    expect(Object.keys(demo.services)).toEqual(['search', 'recommendation', 'payment', 'auth'])
    expect(Object.keys(demo.shop?.services ?? {})).toEqual(Object.keys(demo.services))
    expect(demo.forecast.seasonsMs).toBeUndefined()
  })

  it('the budget of the demo is worth arguing about: it pays for all minimums, but not for all maximums', () => {
    const demo = loadConfigFile('services/shop/demo.yaml', {})
    const cost = (count: 'minReplicas' | 'maxReplicas') =>
      Object.values(demo.services).reduce((sum, s) => sum + s[count] * s.pricePerReplicaHour, 0)
    expect(demo.costBudgetPerHour).toBeGreaterThan(2 * cost('minReplicas'))
    expect(demo.costBudgetPerHour).toBeLessThan(cost('maxReplicas') / 2)
  })
})

describe('faults', () => {
  it('come all at once, each with line, column, setting, value and what is allowed', () => {
    const text = [
      'mode: enforced',
      'http: {port: 99999}',
      'services:',
      '  auth:',
      '    minReplica: 3',
      '    maxReplicas: ten',
      '    behavior: {scaleUp: {policies: [{type: Pod, value: 4, periodSeconds: 15}]}}',
      '  Pay!: {}',
      'actuator: {kind: procesess}',
    ].join('\n')
    expect(linesOf(text)).toEqual([
      'forescale.yaml:1:7 mode: is not allowed (got "enforced"); allowed: one of "off", "recommend", "enforce"; did you mean enforce?',
      'forescale.yaml:2:14 http.port: is not allowed (got 99999); allowed: a whole number from 0 to 65535',
      expect.stringMatching(
        /^forescale.yaml:5:5 services.auth.minReplica: there is no such setting \(got 3\); allowed: minReplicas, .*; did you mean minReplicas\?$/,
      ),
      'forescale.yaml:6:18 services.auth.maxReplicas: is not allowed (got "ten"); allowed: a whole number from 1 to 10000',
      'forescale.yaml:7:44 services.auth.behavior.scaleUp.policies[0].type: is not allowed (got "Pod"); allowed: one of "Pods", "Percent"; did you mean Pods?',
      'forescale.yaml:8:3 services.Pay!: must be a DNS label: a-z, 0-9 and "-", at most 63',
      'forescale.yaml:9:18 actuator.kind: is not allowed (got "procesess"); allowed: one of "dry-run", "caller", "processes", "docker", "aws", "gcp", "azure", "kubernetes"; did you mean processes?',
    ])
  })

  it('include rules over several settings, beside faults elsewhere', () => {
    const text = 'tickMs: 4000\nstepMs: 3000\nservices: {a: {weight: -1}, b: {minReplicas: 20}}'
    expect(faultsOf(text).map((f) => [f.path, f.message])).toEqual([
      ['tickMs', 'tickMs and stepMs must be multiples of one another'],
      ['services.a.weight', 'is not allowed'],
      ['services.b.minReplicas', 'minReplicas must not be greater than maxReplicas'],
    ])
  })

  it('take a misspelt setting as it was meant when rules over several settings are checked', () => {
    const meant = 'services: {a: {minReplicas: 20, maxReplica: 30}}'
    expect(faultsOf(meant).map((f) => f.path)).toEqual(['services.a.maxReplica'])
    const broken = 'services: {a: {minReplica: 20, maxReplicas: 3}}'
    expect(faultsOf(broken).map((f) => f.message)).toEqual([
      'minReplicas must not be greater than maxReplicas',
      'there is no such setting',
    ])
    const root = faultsOf('tickms: 4000\nstepMs: 2000\nservices: {a: {}}')
    expect(root.map((f) => [f.path, f.suggestion])).toEqual([['tickms', 'tickMs']])
  })

  it('leave out rules about a place where a value was wrong anyway', () => {
    const faults = faultsOf('services: {a: {minReplicas: 20, maxReplicas: many}}')
    expect(faults.map((f) => f.path)).toEqual(['services.a.maxReplicas'])
  })

  it('of YAML itself name line and column', () => {
    expect(faultsOf('services: {a: {}}\nmode: off\nmode: enforce\n')).toMatchObject([
      { line: 3, column: 1, message: expect.stringMatching('keys must be unique') },
    ])
    expect(faultsOf('services:\n  a: [1\nmode: off')[0]).toMatchObject({
      line: 3,
      column: 1,
    })
    expect(faultsOf('services: {a: {}}\n---\nservices: {}')[0]?.message).toMatch('not valid YAML')
    expect(faultsOf('services: !!python/object {a: {}}')[0]?.message).toMatch('not valid YAML')
  })

  it.each(['__proto__', 'constructor', 'prototype'])('refuse the name %s at any depth', (name) => {
    expect(faultsOf(`${name}: {x: 1}\nservices:\n  a:\n    ${name}: 1\n`)).toMatchObject([
      { line: 1, column: 1 },
      { line: 4, column: 5, path: `services.a.${name}` },
    ])
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })

  it('refuse aliases that would grow without bound', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'
        .split('')
        .map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefg'[i]}`).join(',')}]`),
    ]
    expect(faultsOf(bomb.join('\n'))[0]?.message).toMatch('not valid YAML')
  })

  it('say that services are missing, and that a list is no configuration', () => {
    expect(linesOf('')).toEqual([
      'forescale.yaml:1:1 services: is required; allowed: a mapping of names to settings',
    ])
    expect(linesOf('services: {}')[0]).toMatch('services must name at least one service')
    expect(linesOf('[1]')[0]).toMatch('allowed: a mapping with version, mode')
  })

  it('name a file that cannot be read', () => {
    expect(() => loadConfigFile('/no/such/file.yaml', {})).toThrow(
      /no\/such\/file.yaml cannot be read: ENOENT/,
    )
  })

  it('meet every unknown setting, wherever it stands (property)', () => {
    const places: string[][] = [
      [],
      ['http'],
      ['forecast'],
      ['services', 'a'],
      ['services', 'a', 'slo'],
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.stringMatching(/^[a-z][a-zA-Z]{0,12}$/),
        (place, name) => {
          fc.pre(!keysAt(place).includes(name) && name !== 'constructor' && name !== 'prototype')
          const inner = place.reduceRight<object>((value, key) => ({ [key]: value }), { [name]: 1 })
          const faults = faultsOf(JSON.stringify({ services: { a: {} }, ...inner }))
          expect(faults.map((f) => f.path)).toContain([...place, name].join('.'))
        },
      ),
    )
  })
})

describe('the environment wins over the file', () => {
  const base = 'http: {port: 1}\nservices: {web-shop: {maxReplicas: 3}}'
  it.each([
    ['FORESCALE_PORT', '9001', { http: { port: 9001 } }],
    ['FORESCALE_STATE_DIR', '2024', { stateDir: '2024' }],
    ['FORESCALE_MODE', 'enforce', { mode: 'enforce' }],
    ['FORESCALE_COST_BUDGET_PER_HOUR', '2.5', { costBudgetPerHour: 2.5 }],
    ['FORESCALE_HTTP__HOST', '::1', { http: { host: '::1', port: 1 } }],
    [
      'FORESCALE_SERVICES__WEB_SHOP__MAX_REPLICAS',
      '7',
      { services: { 'web-shop': { maxReplicas: 7 } } },
    ],
    [
      'FORESCALE_FORECAST__MODELS',
      '[seasonal-naive]',
      { forecast: { models: ['seasonal-naive'] } },
    ],
  ])('%s=%s', (name, value, expected) => {
    expect(parse(base, { [name]: value })).toMatchObject(expected)
  })

  it('a wrong value is blamed on the variable', () => {
    expect(linesOf(base, { FORESCALE_PORT: 'http' })).toEqual([
      'FORESCALE_PORT http.port: is not allowed (got "http"); allowed: a whole number from 0 to 65535',
    ])
  })

  it('an unknown setting is refused, with a suggestion', () => {
    expect(
      faultsOf(base, { FORESCALE_HTTP__PROT: '1', FORESCALE_HTTP____PROTO__: '1' }),
    ).toMatchObject([
      { source: 'FORESCALE_HTTP__PROT', suggestion: 'port' },
      { source: 'FORESCALE_HTTP____PROTO__' },
    ])
  })

  it("other programs' variables and empty ones are left alone", () => {
    const env = { FORESCALE_HOST_URL: 'x', FORESCALE_URL: 'y', FORESCALE_PORT: '', PATH: '/bin' }
    expect(parse(base, env)).toEqual(parse(base))
  })
})

describe('hash', () => {
  it('is the same however the same settings are written, and another for others', () => {
    const one = parse('mode: off\nservices: {a: {weight: 2, maxReplicas: 3}}')
    const same = parse('{"services": {"a": {"maxReplicas": 3, "weight": 2.0}}, "mode": "off"}')
    expect(configHash(one)).toBe(configHash(same))
    expect(configHash(one)).toMatch(/^[0-9a-f]{64}$/)
    expect(configHash(parse('mode: off\nservices: {a: {weight: 2, maxReplicas: 4}}'))).not.toBe(
      configHash(one),
    )
  })

  it('canonical JSON sorts keys at every depth and keeps lists in order', () => {
    expect(canonicalJson({ b: [2, 1], a: { d: 1, c: 2 } })).toBe('{"a":{"c":2,"d":1},"b":[2,1]}')
  })
})

describe('files', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'forescale-config-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('are read from disk and named in faults', () => {
    const path = join(folder, 'x.yaml')
    writeFileSync(path, 'services: {a: {wieght: 2}}\n')
    expect(() => loadConfigFile(path, {})).toThrow(
      `${path}:1:16 services.a.wieght: there is no such setting`,
    )
  })
})
