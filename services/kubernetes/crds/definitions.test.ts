/** The custom resources in deploy/crds are those that the schemas make, and structural: what an API server asks for. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { crdFiles, withAnnotations } from '../../config-crds.ts'
import { FIELDS } from '../settings/fields.ts'
import { conditionsOf } from './condition.ts'
import { customResourceDefinitions } from './definitions.ts'
import { type Structural, structuralOf } from './structural.ts'

const FOLDER = new URL('../../../deploy/crds/', import.meta.url)
const PAGE = new URL('../../../docs/kubernetes-settings.md', import.meta.url)

const nodesOf = (node: Structural): Structural[] => [
  node,
  ...Object.values(node.properties ?? {}).flatMap(nodesOf),
  ...(node.items ? nodesOf(node.items) : []),
]

describe('the custom resources', () => {
  it('in deploy/crds are what the code makes (else run: npm run docs)', () => {
    expect(readdirSync(FOLDER).sort()).toEqual([...crdFiles().keys()].sort())
    for (const [name, text] of crdFiles())
      expect(readFileSync(new URL(name, FOLDER), 'utf8')).toBe(text)
    const page = readFileSync(PAGE, 'utf8')
    expect(withAnnotations(page)).toBe(page)
  })

  it('read the same in YAML 1.1, as kubectl reads it', () => {
    const texts = [...crdFiles().values()]
    const read = texts.map((text) => parseDocument(text, { version: '1.1' }).toJS())
    expect(read).toEqual(JSON.parse(JSON.stringify(customResourceDefinitions())))
  })

  it('have a type at every node, and every field of a tenant', () => {
    const [policy] = customResourceDefinitions()
    const { openAPIV3Schema } = policy!.spec.versions[0]!.schema
    const { spec } = openAPIV3Schema.properties
    for (const node of nodesOf(spec))
      expect(node.type).toMatch(/^(object|array|string|number|integer)$/)
    for (const { path } of FIELDS) {
      const found = path
        .split('.')
        .reduce<Structural | undefined>((node, key) => node?.properties?.[key], spec)
      expect(found, path).toBeDefined()
    }
  })

  it('cannot be made of what a structural schema cannot say', () => {
    const either = z.strictObject({ a: z.union([z.strictObject({}), z.string()]) })
    expect(() => structuralOf(either)).toThrow('anyOf')
    expect(() => structuralOf(z.strictObject({ a: z.any() }))).toThrow('one type')
  })
})

describe('conditions', () => {
  const finding = { type: 'Ready', holds: true, reason: 'InForce', message: '' } as const
  it('keep their time until their status changes', () => {
    const first = conditionsOf([finding], [], 1, 0)
    const later = conditionsOf([{ ...finding, message: 'more' }], first, 2, 60_000)
    expect(later).toEqual([{ ...first[0], message: 'more', observedGeneration: 2 }])
    const [ended] = conditionsOf([{ ...finding, holds: false }], later, 2, 90_000)
    expect(ended).toMatchObject({ status: 'False', lastTransitionTime: '1970-01-01T00:01:30.000Z' })
  })
})
