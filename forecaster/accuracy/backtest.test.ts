import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seasonalNaive } from '../models/seasonal-naive.ts'
import { planBacktest, runBacktest } from './backtest.ts'

const context = { seasons: [24], horizonSteps: 30, random: () => 0.5 }
const history = Float64Array.from({ length: 120 }, (_, i) => 10 + (i % 24) + (i % 7))

describe('rolling-origin backtest', () => {
  it('plans origins after the training part and probes over the whole horizon', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3000 }),
        fc.integer({ min: 1, max: 1500 }),
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 2, max: 200 }),
        (historySteps, seasonSteps, horizonSteps, origins) => {
          const plan = planBacktest(historySteps, seasonSteps, horizonSteps, origins)
          if (!plan) return historySteps < 16
          expect(plan.origins.length).toBeGreaterThan(0)
          expect(plan.origins.length).toBeLessThanOrEqual(origins)
          expect(plan.origins[0]).toBeGreaterThanOrEqual(plan.trainSteps)
          expect(plan.origins.at(-1)).toBeLessThan(historySteps)
          expect(new Set(plan.origins).size).toBe(plan.origins.length)
          expect(plan.probes[0]).toBe(0)
          expect(plan.probes.at(-1)).toBe(horizonSteps - 1)
          const weight = plan.probeWeights.reduce((sum, w) => sum + w, 0)
          expect(weight).toBeCloseTo(horizonSteps, 6)
          return true
        },
      ),
    )
  })

  it('scores the forecast that was possible at each issue time', () => {
    const plan = planBacktest(history.length, 24, 12, 10)!
    const run = runBacktest(seasonalNaive, history, plan, context)!
    plan.origins.forEach((origin, o) => {
      plan.probes.forEach((k, j) => {
        expect(run.points[o * plan.probes.length + j]).toBe(history[origin + k - 24])
        expect(run.actuals[o * plan.probes.length + j]).toBe(history[origin + k] ?? Number.NaN)
      })
    })
    expect(run.errors[0]).toBe(history[plan.trainSteps]! - history[plan.trainSteps - 24]!)
  })

  it('never shows a forecast what came after its issue time', () => {
    const plan = planBacktest(history.length, 24, 12, 10)!
    const origin = 4
    const changed = history.map((v, i) => (i >= plan.origins[origin]! ? v * 3 + 1 : v))
    const width = plan.probes.length
    const before = runBacktest(seasonalNaive, history, plan, context)!
    const after = runBacktest(seasonalNaive, changed, plan, context)!
    const upTo = (origin + 1) * width
    expect(after.points.subarray(0, upTo)).toEqual(before.points.subarray(0, upTo))
  })

  it('says so when the model cannot be fitted', () => {
    const plan = planBacktest(40, 24, 5, 4)!
    const seasonless = { ...plan, trainSteps: 20 }
    expect(runBacktest(seasonalNaive, history.slice(0, 40), seasonless, context)).toBeUndefined()
  })
})
