import { expect, it } from 'vitest'
import { waitMs } from './stream.ts'

it('waits longer each time, never longer than a quarter of a minute, never the same for all', () => {
  expect([0, 1, 2, 3].map((attempt) => waitMs(attempt, 1))).toEqual([500, 1000, 2000, 4000])
  expect(waitMs(50, 1)).toBe(15_000)
  expect(waitMs(2, 0)).toBe(1000)
})
