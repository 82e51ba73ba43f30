/** An experiment's file: what is refused, and how; what sweeps and overrides become. */
import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../services/config-error.ts'
import { CONTROLLERS } from '../controllers/registry.ts'
import { readExperiment } from './config-file.ts'
import { plansOf } from './datasets.ts'
import { SMALL } from './test-experiment.ts'

const head = 'name: x\ndatasets: [{ kind: synthetic, workloads: [steady] }]\n'

function faultsOf(text: string) {
  try {
    readExperiment(text, 'x.yaml')
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'accepted'
}

describe('a file is refused with line, setting, value and what is allowed', () => {
  it.each([
    [
      'an unknown setting',
      `${head}controllers: [{ kind: hpa }]\nbogus: 1\n`,
      /x\.yaml:4:\d+ bogus: there is no such setting \(got 1\)/,
    ],
    [
      'a misspelt workload',
      SMALL.replace('bursty', 'burstie'),
      /workloads\[1\]: is not allowed \(got "burstie"\); allowed: weekday, /,
    ],
    [
      'an unknown controller',
      `${head}controllers: [{ kind: hpb }]\n`,
      /controllers\[0\]\.kind: is not allowed \(got "hpb"\); allowed: .*hpa/,
    ],
    [
      "a controller's parameter",
      `${head}controllers: [{ kind: hpa, params: { target: 7 } }]\n`,
      /controllers\[0\]\.params\.target: is not allowed \(got 7\); allowed: .*<=2/,
    ],
    [
      'a field of a spec',
      `${head}setting: { spec: { maxReplicas: -1 } }\ncontrollers: [{ kind: hpa }]\n`,
      /setting\.spec\.maxReplicas: is not allowed \(got -1\)/,
    ],
    [
      'two arms of one name',
      `${head}controllers: [{ kind: hpa }, { kind: hpa }]\n`,
      /controllers: .*names of controllers must differ/,
    ],
    [
      'a reference that is no arm',
      `${head}controllers: [{ kind: hpa }]\nreference: keda\n`,
      /reference: .*\(got "keda"\).*one of controllers/,
    ],
    ['broken YAML', 'name: [', /x\.yaml:1/],
  ])('%s', (_, text, expected) => {
    expect(faultsOf(text)).toMatch(expected)
  })

  it('and the small one is not refused', () => {
    expect(faultsOf(SMALL)).toBe('accepted')
  })
})

describe('controllers', () => {
  it("sweep: the kind's own sets, each once, with params over them", () => {
    const text = `${head}controllers: [{ kind: hpa, sweep: true, params: { syncSeconds: 30 } }]\n`
    const { arms } = readExperiment(text, 'x')
    expect(arms).toHaveLength(CONTROLLERS.hpa.sweep().length)
    expect(arms.every(({ params }) => (params as { syncSeconds: number }).syncSeconds === 30)).toBe(
      true,
    )
  })

  it('thin: every so manieth of it', () => {
    const text = `${head}controllers: [{ kind: hpa, sweep: true, thin: 4 }]\n`
    expect(readExperiment(text, 'x').arms).toHaveLength(
      Math.ceil(CONTROLLERS.hpa.sweep().length / 4),
    )
  })

  it('who sees the future is said to', () => {
    const text = `${head}controllers: [{ kind: oracle }, { kind: forescale, params: { forecast: perfect } }, { kind: hpa }]\n`
    expect(readExperiment(text, 'x').arms.map(({ seesFuture }) => seesFuture)).toEqual([
      true,
      true,
      false,
    ])
  })
})

describe('settings', () => {
  it("a data set's over the experiment's, a variant's over both, field by field", async () => {
    const { config } = readExperiment(
      `name: x
setting: { learnDays: 3, serving: { concurrency: 2 }, scrape: { noiseCv: 0.1 } }
datasets: [{ kind: synthetic, workloads: [steady], setting: { learnDays: 4 } }]
variants:
  - { name: calm, setting: {} }
  - { name: late, setting: { scrape: { delaySeconds: 60 }, serving: { queueLimit: 5 } } }
controllers: [{ kind: hpa }]
`,
      'x',
    )
    const plans = await plansOf(config, { env: {} })
    expect(plans.map(({ name }) => name)).toEqual(['steady/calm', 'steady/late'])
    expect(plans[1]!.setting).toMatchObject({
      learnDays: 4,
      replayDays: 7,
      serving: { concurrency: 2, queueLimit: 5 },
      scrape: { noiseCv: 0.1, delaySeconds: 60, lossShare: 0 },
    })
  })
})

it.each(globSync('experiments/configs/*.yaml'))('%s is a whole experiment', (file) => {
  const { config, arms } = readExperiment(readFileSync(file, 'utf8'), file)
  expect(file).toMatch(new RegExp(`/${config.name}\\.yaml$`))
  expect(config.description).not.toBe('')
  expect(arms.length).toBeGreaterThan(1)
})
