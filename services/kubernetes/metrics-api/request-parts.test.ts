import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { milliQuantityOf } from '../manifests/quantity.ts'
import { quantityText } from './quantity-text.ts'
import { requestInfo } from './request-info.ts'
import { labelSelectorOf, matches, parseSelector, SelectorError } from './selector.ts'

describe('a quantity', () => {
  it.each([
    [0, '0'],
    [412.5, '412500m'],
    [413, '413'],
    [1000, '1k'],
    [1500, '1500'],
    [0.7, '700m'],
    [0.0001, '1m'],
    [2e21, '2000E'],
  ])('%d is %s', (value, text) => expect(quantityText(value)).toBe(text))

  it('is the number again, in whole milli-units and never less', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (value) => {
        const milli = milliQuantityOf(quantityText(value))
        expect(milli).toBeGreaterThanOrEqual(value * 1000 * (1 - 1e-12))
        expect(milli - value * 1000).toBeLessThanOrEqual(1 + 1e-3)
      }),
    )
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('is not made of %d', (value) =>
    expect(() => quantityText(value)).toThrow(/is no quantity/),
  )
})

describe('a label selector', () => {
  const labels = { service: 'search', kind: 'Deployment' }
  it.each([
    ['', true],
    ['service=search', true],
    ['service==search,kind=Deployment', true],
    ['service!=search', false],
    ['tier!=web', true],
    ['service in (search, payment)', true],
    ['service notin (search,payment),kind', false],
    ['tier notin (web)', true],
    ['kind', true],
    ['!kind', false],
    ['!tier', true],
    ['tier', false],
    ['tier=', false],
  ])('"%s": %s', (text, expected) => expect(matches(parseSelector(text), labels)).toBe(expected))

  it.each(['a=b=c', 'a in b', 'a in (b', '=b', 'a b', 'a,', '-a', 'a>1', `a=${'x'.repeat(64)}`])(
    '"%s" is refused, with what is allowed',
    (text) => {
      expect(() => parseSelector(text)).toThrow(SelectorError)
      expect(() => parseSelector(text)).toThrow(/allowed: a=b, a!=b, a in/)
    },
  )

  it('is of the labels it was made of, and its opposite is not', () => {
    const word = fc.stringMatching(/^[a-z]([-a-z0-9]{0,8}[a-z0-9])?$/)
    fc.assert(
      fc.property(fc.dictionary(word, word, { minKeys: 1 }), (given) => {
        const texts = Object.entries(given)
        const all = (operator: string) => texts.map(([k, v]) => `${k}${operator}${v}`).join(',')
        expect(matches(parseSelector(all('=')), given)).toBe(true)
        expect(matches(parseSelector(all('!=')), given)).toBe(false)
        expect(matches(parseSelector(all('!=')), {})).toBe(true)
      }),
    )
  })

  it('travels as Kubernetes writes it', () => {
    expect(labelSelectorOf(parseSelector(''))).toBeNull()
    expect(labelSelectorOf(parseSelector('a=b,c in (d,e),!f'))).toEqual({
      matchLabels: { a: 'b' },
      matchExpressions: [
        { key: 'c', operator: 'In', values: ['d', 'e'] },
        { key: 'f', operator: 'DoesNotExist' },
      ],
    })
  })
})

describe('a path', () => {
  it('asks for what Kubernetes takes it to ask for', () => {
    const group = 'external.metrics.k8s.io'
    const base = { kind: 'resource', group, version: 'v1beta1', subresource: '' }
    expect(requestInfo(`/apis/${group}/v1beta1`)).toEqual({
      ...{ kind: 'path', path: `/apis/${group}/v1beta1`, verb: 'get' },
    })
    expect(requestInfo(`/apis/${group}/v1beta1/namespaces/shop/load`)).toEqual({
      ...{ ...base, namespace: 'shop', resource: 'load', name: '', verb: 'list' },
    })
    expect(
      requestInfo('/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/deployments.apps/web/load'),
    ).toMatchObject({
      ...{ namespace: 'shop', resource: 'deployments.apps', name: 'web' },
      ...{ subresource: 'load', verb: 'get' },
    })
  })
})
