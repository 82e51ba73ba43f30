/** What is published about an experiment's file says the same as the code that reads it. */
import { globSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { ConfigError } from '../../services/config-error.ts'
import { CONTROLLER_NAMES } from '../controllers/registry.ts'
import { readExperiment } from './config-file.ts'
import { experimentJsonSchema, withReference } from './config-reference.ts'

const PAGE = readFileSync('docs/experiments-config.md', 'utf8')
const AGAIN = 'run: node experiments/runner/write-docs.ts'
const validate = new Ajv({ allErrors: true, strict: false }).compile(experimentJsonSchema())
const HEAD = 'datasets: [{ kind: synthetic, workloads: [weekday] }]\ncontrollers: [{ kind: hpa }]\n'
const rows = PAGE.split('\n').filter((line) => line.startsWith('| `'))

describe('the published reference of experiments', () => {
  it('is the one that the code makes', () => {
    expect(withReference(PAGE) === PAGE, AGAIN).toBe(true)
    const schema: unknown = JSON.parse(readFileSync('docs/schema/experiment.schema.json', 'utf8'))
    expect(schema, AGAIN).toEqual(experimentJsonSchema())
  })

  it('has every controller and every setting of each, once', () => {
    for (const name of CONTROLLER_NAMES) expect(PAGE).toContain(`\n### ${name}\n`)
    const [settings] = PAGE.split('## Parameters of controllers')
    const own = rows.filter((row) => settings!.includes(row)).map((row) => row.split('`')[1]!)
    const named = own.filter((name) => !name.endsWith('.kind'))
    expect(new Set(named).size).toBe(named.length)
    for (const name of ['setting.replayDays', 'variants[].simulator', 'datasets[].services[].name'])
      expect(own).toContain(name)
  })

  it('tells which kind of data set a setting is of, where not all have it', () => {
    const rowOf = (name: string) => rows.find((row) => row.startsWith(`| \`${name}\` |`))
    expect(rowOf('datasets[].ids[]')).toContain('(traces)')
    expect(rowOf('datasets[].services')).toContain('(synthetic)')
    expect(rowOf('datasets[].name')).not.toContain('(')
  })

  it('has an example that is read', () => {
    const [, example] = /```yaml\n([\s\S]*?)```/.exec(PAGE)!
    expect(readExperiment(example!, 'example').arms).toHaveLength(24)
    expect(validate(parse(example!))).toBe(true)
  })
})

describe('the JSON Schema of experiments', () => {
  it.each(globSync('experiments/configs/*.yaml'))('accepts %s', (file) => {
    validate(parse(readFileSync(file, 'utf8')))
    expect(validate.errors ?? []).toEqual([])
  })

  it.each([
    ['', true],
    ['simulator: requests', true],
    ['simulator: request', false],
    ['variants: [{ name: a, simulator: requests }]', true],
    ['variants: [{ simulator: requests }]', false],
    ['setting: { replayDays: 0 }', false],
    ['setting: { serving: { serviceTime: { meanSeconds: 0.4 } } }', true],
    ['setting: { extra: 1 }', false],
    ['draws: 99', false],
  ])('agrees with what reads the file on %j', (line, right) => {
    const text = `name: x\n${HEAD}${line}\n`
    const read = () => {
      try {
        return readExperiment(text, 'x.yaml') !== undefined
      } catch (error) {
        if (error instanceof ConfigError) return false
        throw error
      }
    }
    expect([validate(parse(text)), read()]).toEqual([right, right])
  })
})
