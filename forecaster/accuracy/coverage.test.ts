import { expect, it } from 'vitest'
import { coverage } from './coverage.ts'

it('counts what fell inside the closed intervals, of what was seen', () => {
  const interval = { lower: 1, upper: 3 }
  const intervals = [interval, interval, interval, interval, interval]
  expect(coverage(intervals, [1, 3, 3.1, 0.9, Number.NaN])).toBe(0.5)
  expect(coverage([interval], [Number.NaN])).toBeNull()
})
