import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BacktestRun, planBacktest } from './accuracy/backtest.ts'
import { combine, combineRuns, decayOf, weightsOf } from './ensemble.ts'
import { seededRandom } from './random.ts'

const HORIZON = 8
const STEPS = 2000

/** Two members of a load of 100: each misses by `miss(member, origin)`. */
function runsOf(miss: (member: number, t: number) => number): BacktestRun[] {
  const plan = planBacktest(STEPS, 100, HORIZON, 400)!
  const random = seededRandom(1)
  return [0, 1].map((member) => {
    const points = new Float64Array(plan.origins.length * plan.probes.length)
    const cell = (i: number): number => plan.origins[Math.floor(i / plan.probes.length)]!
    const loads = new Float64Array(STEPS - plan.trainSteps).fill(100)
    return {
      plan,
      points: points.map((_, i) => 100 + miss(member, cell(i)) * (random() < 0.5 ? -1 : 1)),
      actuals: points.map(() => 100),
      errors: loads.map((_, i) => miss(member, plan.trainSteps + i)),
      loads,
    }
  })
}

describe('weights', () => {
  it('sum to one at every probe, favour the lesser loss, and are even where losses are alike', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 3, maxLength: 3 }),
        (losses) => {
          const weights = weightsOf(Float64Array.from([...losses, 5, 5, 5]), 3)
          expect(weights[0]! + weights[1]! + weights[2]!).toBeCloseTo(1, 9)
          const best = losses.indexOf(Math.min(...losses))
          expect(weights[best]).toBe(Math.max(...weights.subarray(0, 3)))
          expect(Array.from(weights.subarray(3))).toEqual([1 / 3, 1 / 3, 1 / 3])
        },
      ),
    )
  })

  it('follow a change of regime within a season', () => {
    const change = planBacktest(STEPS, 100, HORIZON, 400)!.trainSteps + 300
    const decay = decayOf([100])
    const runs = runsOf((member, t) => (t < change === (member === 0) ? 1 : 10))
    const { run, losses } = combineRuns(runs, decay)
    expect(weightsOf(losses, 2)[1]).toBeGreaterThan(0.9)
    const late = run.plan.origins.findIndex((t) => t > change + 100)
    const missAt = (o: number): number => Math.abs(run.points[o * run.plan.probes.length]! - 100)
    let sum = 0
    for (let o = late; o < run.plan.origins.length; o++) sum += missAt(o)
    expect(sum / (run.plan.origins.length - late)).toBeLessThan(4)
  })

  it('are learned from what had come: a later load changes no earlier point', () => {
    const runs = runsOf((member, t) => (member === 0 ? 1 + (t % 3) : 2))
    const { plan } = runs[0]!
    const from = Math.floor(plan.origins.length / 2)
    const changed = runs.map((run) => ({
      ...run,
      actuals: run.actuals.map((v, i) => (Math.floor(i / plan.probes.length) >= from ? v * 7 : v)),
    }))
    const decay = decayOf([100])
    const before = combineRuns(runs, decay).run.points
    const after = combineRuns(changed, decay).run.points
    const upTo = (from + 1) * plan.probes.length
    expect(after.subarray(0, upTo)).toEqual(before.subarray(0, upTo))
    expect(after).not.toEqual(before)
  })
})

describe('combining', () => {
  it('is the weighted mean, between the probes of weights between theirs', () => {
    const paths = [new Float64Array(8).fill(10), new Float64Array(8).fill(20)]
    const weights = Float64Array.from([1, 0, 1, 0, 0, 1, 0, 1])
    const path = combine(paths, weights, 8, new Float64Array(8))!
    expect(Array.from(path)).toEqual([10, 10, 15, 20, 20, 20, 20, 20])
  })

  it('leaves out a member without a path, and says so when none has one', () => {
    const weights = Float64Array.from([1, 0, 1, 0, 1, 0, 1, 0])
    const path = new Float64Array(8).fill(20)
    expect(combine([undefined, path], weights, 8, new Float64Array(8))).toEqual(path)
    expect(combine([undefined, undefined], weights, 8, new Float64Array(8))).toBeUndefined()
  })
})
