import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { learnedActor } from '../../agents/policies/learned/act.ts'
import { FEATURE_NAMES } from '../../agents/policies/learned/features.ts'
import { PolicyFileError, readPolicyFile, shippedPolicy } from './policy-file.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'forescale-policy-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('the shipped policy', () => {
  it('says what made it, saw synthetic loads only, and acts', () => {
    const { name, features, provenance } = shippedPolicy()
    expect(name).toBe('shipped')
    expect(provenance.command).toBe('npx forescale train shipped')
    expect(provenance.loads.length).toBeGreaterThan(20)
    for (const load of provenance.loads) expect(load).toMatch(/^[a-z-]+-\d+$/)
    for (const feature of features) expect(FEATURE_NAMES).toContain(feature)
    const { stretch } = learnedActor(shippedPolicy())
    expect(stretch(new Float32Array(features.length))).toBeGreaterThan(0)
  })
})

describe('a policy file', () => {
  const write = (text: string) => {
    const file = path.join(folder, 'policy.json')
    writeFileSync(file, text)
    return file
  }

  it('is what was written', () => {
    const shipped = shippedPolicy()
    expect(readPolicyFile(write(JSON.stringify(shipped)))).toEqual(shipped)
  })

  it.each([
    [
      'that is not there',
      () => path.join(folder, 'none.json'),
      /none.json: cannot be read \(ENOENT\)/,
    ],
    ['that is no JSON', () => write('{'), /policy.json: is no JSON/],
    [
      'of another format',
      () => write(JSON.stringify({ ...shippedPolicy(), formatVersion: 99 })),
      /policy.json: .*formatVersion/,
    ],
  ])('%s is refused, naming it', (_what, file, message) => {
    expect(() => readPolicyFile(file())).toThrow(PolicyFileError)
    expect(() => readPolicyFile(file())).toThrow(message)
  })
})
