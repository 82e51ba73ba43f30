import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { demoTime, timeAxis, timeText } from './time.ts'

const demo = { epochMs: 1_000_000, dayMs: 240_000 }

describe('the compressed clock', () => {
  it('begins with day 1 at midnight; the recording before it lies in day 0', () => {
    expect(demoTime(1_000_000, demo)).toEqual({ day: 1, time: '00:00' })
    expect(demoTime(1_000_000 + 240_000 * 1.5, demo)).toEqual({ day: 2, time: '12:00' })
    expect(demoTime(1_000_000 - 10_000, demo)).toEqual({ day: 0, time: '23:00' })
  })
})

it('shows UTC as it is', () => {
  expect(timeText(Date.UTC(2026, 10, 21, 5, 6, 7), 'utc', null)).toBe('05:06:07')
})

describe('timeAxis', () => {
  it('has round instants only, inside the range, not more than there is room for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2e12 }),
        fc.integer({ min: 1000, max: 1e9 }),
        fc.integer({ min: 2, max: 12 }),
        (fromMs, lengthMs, most) => {
          const { splits, labels } = timeAxis(fromMs, fromMs + lengthMs, most, 'utc', null)
          expect(splits.length).toBeLessThanOrEqual(most + 1)
          expect(labels.length).toBe(splits.length)
          for (const t of splits) {
            expect(t).toBeGreaterThanOrEqual(fromMs)
            expect(t).toBeLessThanOrEqual(fromMs + lengthMs)
            expect(t % 1000).toBe(0)
          }
        },
      ),
    )
  })

  it("is laid out in the demo's own hours when its clock is chosen", () => {
    const { labels } = timeAxis(demo.epochMs, demo.epochMs + demo.dayMs, 4, 'demo', demo)
    expect(labels).toEqual(['00:00', '06:00', '12:00', '18:00', '00:00'])
  })
})
