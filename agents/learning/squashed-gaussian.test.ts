import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Chance, createChance } from './chance.ts'
import { createSquashedGaussian } from './squashed-gaussian.ts'

/** Chance that draws these normal numbers, again and again. */
function fixedNormals(normals: readonly number[]): Chance {
  let i = 0
  return { ...createChance(0), normal: () => normals[i++ % normals.length]! }
}

describe('the squashed normal distribution', () => {
  // TransformedDistribution(Normal(mean, exp(logDeviation)), TanhTransform()).log_prob(tanh u), PyTorch 1.13 in float64
  it.each([
    [0.3, -0.7, 1.208251624482286, -0.22921366730445636],
    [-1.2, 0.4, -1.5417361058819703, 3.108114928492928],
    [0, -2, 0.3694528049465325, 1.0153127382811482],
  ])(
    'density at mean %d, log deviation %d, noise %d is that of PyTorch',
    (mean, logDeviation, noise, expected) => {
      const policy = createSquashedGaussian(1, 1)
      policy.draw(Float32Array.of(mean, logDeviation), 1, fixedNormals([noise]))
      expect(policy.logLikelihoods[0]).toBeCloseTo(expected, 4)
      expect(policy.actions[0]).toBeCloseTo(Math.tanh(mean + Math.exp(logDeviation) * noise), 6)
    },
  )

  it('sums the numbers of one action, and keeps rows apart', () => {
    const one = createSquashedGaussian(1, 1)
    const singles = [0.5, -1, 2, 0.25].map((mean, i) => {
      one.draw(Float32Array.of(mean, -0.5), 1, fixedNormals([i - 1.5]))
      return one.logLikelihoods[0]!
    })
    const two = createSquashedGaussian(2, 2)
    two.draw(
      Float32Array.of(0.5, -1, -0.5, -0.5, 2, 0.25, -0.5, -0.5),
      2,
      fixedNormals([-1.5, -0.5, 0.5, 1.5]),
    )
    expect(two.logLikelihoods[0]).toBeCloseTo(singles[0]! + singles[1]!, 5)
    expect(two.logLikelihoods[1]).toBeCloseTo(singles[2]! + singles[3]!, 5)
  })

  it('slopes are those of finite differences', () => {
    const size = 2
    const number = fc.double({ min: -1.5, max: 1.5, noNaN: true })
    const numbers = (length: number) => fc.array(number, { minLength: length, maxLength: length })
    fc.assert(
      fc.property(
        numbers(8),
        numbers(4),
        numbers(4),
        number,
        (outputs, noise, byActions, alpha) => {
          const rows = 2
          const policy = createSquashedGaussian(size, rows)
          const lossAt = (at: readonly number[]): number => {
            policy.draw(Float32Array.from(at), rows, fixedNormals(noise))
            let loss = 0
            for (let i = 0; i < rows * size; i++) loss += byActions[i]! * policy.actions[i]!
            for (let row = 0; row < rows; row++) loss += alpha * policy.logLikelihoods[row]!
            return loss
          }
          lossAt(outputs)
          const slopes = new Float32Array(8)
          policy.slopes(Float32Array.from(byActions), alpha, rows, slopes)
          const step = 1 / 64
          for (let i = 0; i < outputs.length; i++) {
            const moved = (by: number) => outputs.map((value, j) => (i === j ? value + by : value))
            const measured =
              (8 * (lossAt(moved(step)) - lossAt(moved(-step))) -
                (lossAt(moved(2 * step)) - lossAt(moved(-2 * step)))) /
              (12 * step)
            expect(Math.abs(slopes[i]! - measured)).toBeLessThan(2e-3 * (1 + Math.abs(measured)))
          }
        },
      ),
    )
  })

  it('has its slope to the last digit near a bound, where floats of actions have run out', () => {
    const policy = createSquashedGaussian(1, 1)
    const slopes = new Float32Array(2)
    for (const u of [-9, -6, 0.5, 4, 8]) {
      policy.draw(Float32Array.of(u, -3), 1, fixedNormals([0]))
      policy.slopes(Float32Array.of(1), 0, 1, slopes)
      expect(slopes[0]! * Math.cosh(u) ** 2).toBeCloseTo(1, 5)
    }
  })

  it('stays finite where the action is at its bound', () => {
    const policy = createSquashedGaussian(1, 2)
    policy.draw(Float32Array.of(60, -3, -60, -3), 2, fixedNormals([0.5]))
    expect([...policy.actions]).toEqual([1, -1])
    expect([...policy.logLikelihoods].every(Number.isFinite)).toBe(true)
  })

  it('a deviation beyond its bounds is held there, and nothing moves it further', () => {
    const policy = createSquashedGaussian(1, 1)
    const slopes = new Float32Array(2)
    const densities = [2, 9].map((logDeviation) => {
      policy.draw(Float32Array.of(0, logDeviation), 1, fixedNormals([0.1]))
      policy.slopes(Float32Array.of(1), 0.5, 1, slopes)
      return [policy.logLikelihoods[0], slopes[1] === 0]
    })
    expect(densities[1]![0]).toBe(densities[0]![0])
    expect(densities.map(([, still]) => still)).toEqual([false, true])
  })
})
