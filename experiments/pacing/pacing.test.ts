/** What the meta-controller's pacing holds, over two months of its own tick on a small fleet; npm run pacing has more. */
import { describe, expect, it } from 'vitest'
import { createCurvePlant } from './curve-plant.ts'
import { monthOf } from './fleet.ts'
import { comparePacing } from './run.ts'

const HOUR_MS = 3_600_000

describe('a monthly budget of 80 % of unconstrained demand', () => {
  it.each([1, 2])(
    'is never exhausted early, spent within 2 %, and loses a tenth of what the same money in every hour does: month %i',
    (seed) => {
      const row = comparePacing(monthOf(seed, HOUR_MS), 0.8, { createPlant: createCurvePlant })
      expect(row.exhaustedDaysEarly).toBe(0)
      expect(row.spent).toBeLessThanOrEqual(1)
      expect(row.spent).toBeGreaterThan(0.98)
      expect(row.violations).toBeLessThan(0.1 * row.evenViolations)
      // who knows the month's level loses less still (README.md says what that is worth); nobody wins against that
      expect(row.violations).toBeLessThan(4 * row.clairvoyantViolations)
      // and the comparison is one: without a budget hardly anything is lost
      expect(row.unpacedViolations).toBeLessThan(0.2 * row.clairvoyantViolations)
    },
    120_000,
  )
})
