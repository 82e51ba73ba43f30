/** Findings over simulated switchback experiments: loads that drift and recur, a model that is off, known effects. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../forecaster/random.ts'
import { drawArm } from './assignment.ts'
import { findingsOf, type Unit } from './findings.ts'
import { judge } from './judge.ts'

const SERVICES = ['a', 'b', 'c', 'd']
const PROBABILITIES = [0.8, 0.2]
const OPTIONS = { alpha: 0.1, tightestAt: 200 }

/** Units whose candidate loses `effect` more, under a load with a day in it and a champion that gets worse with time. */
function simulate(seed: number, blocks: number, effect: number): Unit[] {
  const random = seededRandom(seed)
  const noise = () => random() + random() + random() - 1.5
  return Array.from({ length: blocks }, (_, block) =>
    SERVICES.map((service) => {
      const arm = drawArm({ seed: String(seed), service, block }, PROBABILITIES)
      const day = 1 + 0.5 * Math.sin(block / 8) + block / 2000
      const loss = day + arm * effect + 0.1 * noise()
      // the model knows the day, but is 0.3 too high, and takes both arms for the same
      const predicted = { loss: day + 0.3, burn: 0.5 }
      return {
        ...{ service, block, arm, probabilities: PROBABILITIES },
        ...{ champion: [1, 0], candidate: [0, 1], predicted: [predicted, predicted] },
        ...{ loss, burn: 0.5 + 0.05 * noise() },
      }
    }),
  ).flat()
}

describe('findings', () => {
  it('find an effect of known size, with its sign, and say how much they know of', () => {
    const found = findingsOf(simulate(1, 150, 0.2), OPTIONS)
    expect(found.loss.low).toBeGreaterThan(0)
    expect(found.loss.low).toBeLessThan(0.2)
    expect(found.loss.high).toBeGreaterThan(0.2)
    expect(found.candidateLoss - found.championLoss).toBeCloseTo(found.loss.estimate, 10)
    expect(found.units).toBe(600)
    expect(found.otherUnits).toBeGreaterThan(80)
    expect(found.effectiveUnits).toBeCloseTo(found.otherUnits, 6)
  })

  it('of an effect that is not there, looked at after every block, are wrong in no more runs than alpha', () => {
    const runs = 60
    let wrong = 0
    for (let seed = 1; seed <= runs; seed++) {
      const units = simulate(seed, 100, 0)
      for (let n = 10 * SERVICES.length; n <= units.length; n += SERVICES.length) {
        const { loss, burn } = findingsOf(units.slice(0, n), OPTIONS)
        if (loss.low > 0 || loss.high < 0 || burn.low > 0 || burn.high < 0) {
          wrong++
          break
        }
      }
    }
    expect(wrong / runs).toBeLessThanOrEqual(OPTIONS.alpha + 3 * Math.sqrt(0.09 / runs))
  })

  it('are much narrower for the model, though it is off', () => {
    const units = simulate(3, 100, 0.1)
    const blind = units.map((unit) => ({
      ...unit,
      predicted: unit.predicted.map(() => ({ loss: 0, burn: 0 })),
    }))
    const width = (of: readonly Unit[]) => {
      const { loss } = findingsOf(of, OPTIONS)
      return loss.high - loss.low
    }
    expect(width(units)).toBeLessThan(width(blind) / 2)
  })
})

describe('the judge', () => {
  const settings = { leastUnits: 40, leastOtherUnits: 8, mostUnits: 600, burnMargin: 0.5 }
  const verdictAfter = (effect: number, blocks: number) =>
    judge(findingsOf(simulate(5, blocks, effect), OPTIONS), settings)

  it('waits for enough units, then tells better from worse, and gives up on no difference', () => {
    expect(verdictAfter(-0.2, 5)).toBe('go-on')
    expect(verdictAfter(-0.2, 100)).toBe('better')
    expect(verdictAfter(0.2, 100)).toBe('worse')
    expect(verdictAfter(0, 60)).toBe('go-on')
    expect(verdictAfter(0, 150)).toBe('undecided')
  })

  it('does not take a saving that burns the error budget', () => {
    const units = simulate(6, 150, -0.2).map((unit) => ({
      ...unit,
      burn: unit.burn + 2 * unit.arm,
    }))
    expect(judge(findingsOf(units, OPTIONS), settings)).toBe('slo')
  })
})
