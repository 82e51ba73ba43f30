/** What is published about the configuration says the same as the code. */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { ConfigError } from './config-error.ts'
import { parseConfig } from './config-file.ts'
import { withReference } from './config-reference.ts'
import { allowedAt, configJsonSchema, keysAt } from './config-schema.ts'

const SCHEMA_FILE = 'docs/schema/forescale.schema.json'
const validate = addFormats.default(new Ajv({ allErrors: true })).compile(configJsonSchema())
const refuses = (text: string): boolean => {
  try {
    parseConfig(text, 'x.yaml', {})
    return false
  } catch (error) {
    if (error instanceof ConfigError) return true
    throw error
  }
}

describe('the published JSON Schema', () => {
  it('is the one that the code makes (else run: node services/config-write.ts)', () => {
    expect(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'))).toEqual(configJsonSchema())
  })

  it.each(['services/shop/demo.yaml', 'deploy/forescale.example.yaml'])('accepts %s', (file) => {
    const text = readFileSync(file, 'utf8')
    validate(parse(text))
    expect(validate.errors ?? []).toEqual([])
    expect(text.split('\n')[0]).toMatch(
      /^# yaml-language-server: \$schema=.*forescale\.schema\.json$/,
    )
  })

  // One setting at a time: schema and code agree on what is right and what is wrong
  it.each([
    ['services: {a: {}}', true],
    ['services: {a: }', true],
    ['services: {A: {}}', false],
    ['services: {a: {minReplicas: 1.5}}', false],
    ['services: {a: {slo: {objective: 1}}}', false],
    ['services: {a: {behavior: {scaleUp: {selectPolicy: Most}}}}', false],
    ['services: {a: {bogus: 1}}', false],
    ['{services: {a: {}}, http: {port: 65536}}', false],
    ['{services: {a: {}}, version: 2}', false],
    ['{services: {a: {}}, actuator: {kind: caller}}', true],
    ['{services: {a: {}}, actuator: {kind: caller, x: 1}}', false],
    ['{services: {a: {}}, forecast: {models: []}}', false],
    ['{services: {a: {}}, extra: 1}', false],
    ['{}', false],
  ])('%s', (text, right) => {
    expect(validate(parse(text))).toBe(right)
    expect(refuses(text)).toBe(!right)
  })
})

describe('what the schema says of a setting', () => {
  it.each([
    ['http.port', 'a whole number from 0 to 65535'],
    ['services.any.slo.objective', 'a number above 0 and below 1'],
    ['services.any.targetUtilization', 'a number above 0 up to 1'],
    [
      'actuator.kind',
      'one of "dry-run", "caller", "processes", "docker", "aws", "gcp", "azure", "kubernetes"',
    ],
    ['shop.preload', 'true or false'],
    ['forecast.models', 'a list of at least 1'],
    ['no.such', undefined],
  ])('%s', (path, allowed) => {
    expect(allowedAt(path.split('.'))).toBe(allowed)
  })

  it('lists the settings of a section', () => {
    expect(keysAt(['http'])).toEqual(
      expect.arrayContaining(['host', 'port', 'allowedHosts', 'tls']),
    )
    expect(keysAt(['services', 'any'])).toContain('maxReplicas')
  })

  it('docs/config.md has the table of all settings (else run: node services/config-write.ts)', () => {
    const page = readFileSync('docs/config.md', 'utf8')
    expect(page).toContain('`services.*.maxReplicas`')
    expect(page).toBe(withReference(page))
  })
})
