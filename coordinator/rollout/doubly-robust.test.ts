/** Doubly robust scores: right with right chances or a right model, and less noisy with both. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../forecaster/random.ts'
import { noTally, tallied } from './confidence-sequence.ts'
import { doublyRobustScore, effectiveUnits } from './doubly-robust.ts'

/** Chances that sum to one. */
const chances = (arms: number, least: number) =>
  fc
    .array(fc.double({ min: least, max: 1, noNaN: true }), { minLength: arms, maxLength: arms })
    .map((weights) => weights.map((w) => w / weights.reduce((sum, v) => sum + v, 0)))
const losses = (arms: number) =>
  fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: arms, maxLength: arms })

const lossOf = (policy: readonly number[], outcomes: readonly number[]) =>
  policy.reduce((sum, chance, arm) => sum + chance * outcomes[arm]!, 0)

describe('a doubly robust score', () => {
  it('has as its mean over the draws what the policy loses, whatever the model says', () => {
    fc.assert(
      fc.property(
        chances(3, 0.02),
        chances(3, 0.001),
        losses(3),
        losses(3),
        (probabilities, policy, outcomes, predicted) => {
          const mean = probabilities.reduce(
            (sum, chance, arm) =>
              sum +
              chance *
                doublyRobustScore(
                  { arm, probabilities, outcome: outcomes[arm]!, predicted },
                  policy,
                ),
            0,
          )
          expect(mean).toBeCloseTo(lossOf(policy, outcomes), 8)
        },
      ),
    )
  })

  it('is exact under a right model, whatever the chances are said to be', () => {
    fc.assert(
      fc.property(
        chances(3, 0.02),
        chances(3, 0.001),
        losses(3),
        fc.integer({ min: 0, max: 2 }),
        (said, policy, outcomes, arm) => {
          const drawn = { arm, probabilities: said, outcome: outcomes[arm]!, predicted: outcomes }
          expect(doublyRobustScore(drawn, policy)).toBeCloseTo(lossOf(policy, outcomes), 10)
        },
      ),
    )
  })

  it('varies less than the inverse chances alone when the model knows something', () => {
    const random = seededRandom(7)
    let robust = noTally
    let weighted = noTally
    for (let i = 0; i < 4000; i++) {
      const load = 10 * random()
      const outcomes = [load + random(), load + 0.5 + random()]
      const arm = random() < 0.2 ? 1 : 0
      const drawn = { arm, probabilities: [0.8, 0.2], outcome: outcomes[arm]! }
      robust = tallied(robust, doublyRobustScore({ ...drawn, predicted: [load, load] }, [0, 1]))
      weighted = tallied(weighted, doublyRobustScore({ ...drawn, predicted: [0, 0] }, [0, 1]))
    }
    expect(robust.mean).toBeCloseTo(6, 0)
    expect(robust.squares).toBeLessThan(weighted.squares / 5)
  })

  it('refuses a policy that plays an arm which is never drawn', () => {
    const drawn = { arm: 0, probabilities: [1, 0], outcome: 1, predicted: [1, 1] }
    expect(() => doublyRobustScore(drawn, [0.5, 0.5])).toThrow(/probabilities\[1\] is 0/)
    expect(doublyRobustScore(drawn, [1, 0])).toBe(1)
  })
})

describe('effective units', () => {
  it('are all where champion and candidate agree, and a share where the candidate is drawn rarely', () => {
    const drawn = Array.from({ length: 100 }, (_, i) => ({
      arm: i % 5 === 0 ? 1 : 0,
      probabilities: [0.8, 0.2],
    }))
    const play = (policy: readonly number[]) => drawn.map(() => policy)
    expect(effectiveUnits(drawn, play([0.8, 0.2]))).toBeCloseTo(100)
    expect(effectiveUnits(drawn, play([0, 1]))).toBeCloseTo(20)
    expect(effectiveUnits([], [])).toBe(0)
  })
})
