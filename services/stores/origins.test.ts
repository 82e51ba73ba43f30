import { expect, it } from 'vitest'
import { createOrigins, originOf } from './origins.ts'

const NO_LABELS = new Set<string>()
const MINUTE_MS = 60_000

it('one series speaks for a metric of a service; a second is not admitted while the first goes on', () => {
  const origins = createOrigins()
  expect(origins.admit('search', 'm', 'host=a', 0)).toBe(true)
  expect(origins.admit('search', 'm', 'host=b', 1000)).toBe(false)
  expect(origins.admit('search', 'm', 'host=a', 15_000)).toBe(true)
  expect(origins.admit('search', 'other', 'host=b', 15_000)).toBe(true)
  expect(origins.admit('payment', 'm', 'host=b', 15_000)).toBe(true)
})

it('gives way to another when it was silent for more than five minutes, and not to one out of the past', () => {
  const origins = createOrigins()
  origins.admit('search', 'm', 'host=a', 10 * MINUTE_MS)
  expect(origins.admit('search', 'm', 'host=b', 15 * MINUTE_MS)).toBe(false)
  expect(origins.admit('search', 'm', 'host=b', MINUTE_MS)).toBe(false)
  expect(origins.admit('search', 'm', 'host=b', 15 * MINUTE_MS + 1)).toBe(true)
  expect(origins.admit('search', 'm', 'host=a', 15 * MINUTE_MS + 2)).toBe(false)
})

it('an origin does not depend on the order of labels, nor on those that make no other series', () => {
  const one = originOf(Object.entries({ a: '1', b: '2', replica: 'x' }), new Set(['replica']))
  const other = originOf(Object.entries({ b: '2', replica: 'y', a: '1' }), new Set(['replica']))
  expect(one).toBe(other)
  expect(originOf([['a', '1']], NO_LABELS)).not.toBe(originOf([['a', '2']], NO_LABELS))
  // no text of a label can look like two of them
  expect(originOf([['a', '1",b="2']], NO_LABELS)).not.toBe(
    originOf(Object.entries({ a: '1', b: '2' }), NO_LABELS),
  )
})
