import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { estimateAdvantages } from './advantages.ts'
import { createChance } from './chance.ts'
import { createDistribution, type Distribution } from './distribution.ts'
import { createNetwork } from './network.ts'
import { createNormalizer } from './normalizer.ts'
import type { PpoParts } from './ppo-batch.ts'
import { PpoConfig } from './ppo-config.ts'
import { createLosses } from './ppo-losses.ts'
import { createPpoUpdate } from './ppo-update.ts'
import { createRewardScale } from './reward-scale.ts'

const normals = (length: number, seed: number): Float32Array => {
  const chance = createChance(seed)
  return Float32Array.from({ length }, () => chance.normal())
}
const spaces = [
  { kind: 'discrete', count: 3 },
  { kind: 'continuous', size: 2, low: [-1, -2], high: [1, 2] },
] as const
const distributionOf = (space: (typeof spaces)[number]): Distribution =>
  createDistribution(space, { logDeviation: -0.3 })

describe('an advantage', () => {
  const steps = 12
  const count = 2
  const flags = fc.array(fc.boolean(), { minLength: steps * count, maxLength: steps * count })

  it('is the discounted sum of surprises until the episode ends', () => {
    fc.assert(
      fc.property(
        flags,
        fc.nat(1e6),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (ends, seed, lambda) => {
          const [rewards, values, endValues] = [0, 1, 2].map((i) =>
            normals(steps * count, seed + i),
          ) as [Float32Array, Float32Array, Float32Array]
          const lastValues = normals(count, seed + 3)
          const ended = Uint8Array.from(ends, Number)
          const advantages = new Float32Array(steps * count)
          const returns = new Float32Array(steps * count)
          const course = { steps, count, rewards, values, endValues, ended, lastValues }
          const discount = 0.9
          estimateAdvantages(course, { discount, lambda }, { advantages, returns })
          const surprise = (t: number, i: number): number => {
            const at = t * count + i
            const next = t + 1 < steps ? values[at + count]! : lastValues[i]!
            return rewards[at]! + discount * (ended[at] ? endValues[at]! : next) - values[at]!
          }
          const sumFrom = (t: number, i: number): number => {
            const later = t + 1 < steps && !ended[t * count + i] ? sumFrom(t + 1, i) : 0
            return surprise(t, i) + discount * lambda * later
          }
          advantages.forEach((advantage, at) => {
            const sum = sumFrom(Math.floor(at / count), at % count)
            expect(advantage).toBeCloseTo(sum, 4)
            expect(returns[at]).toBeCloseTo(sum + values[at]!, 4)
          })
        },
      ),
    )
  })
})

describe.each(spaces)('a distribution over $kind actions', (space) => {
  const rows = 5
  const outputsOf = (distribution: Distribution, seed: number) =>
    normals(rows * distribution.outputs, seed)

  it('draws actions as often as it says that they are likely', () => {
    const distribution = distributionOf(space)
    const outputs = normals(distribution.outputs, 1)
    const chance = createChance(2)
    const to = {
      actions: new Float32Array(distribution.width),
      logLikelihoods: new Float32Array(1),
    }
    const entropies = new Float32Array(1)
    const at = { logLikelihoods: new Float32Array(1), entropies }
    const draws = 20_000
    let surprise = 0
    let apart = 0
    for (let i = 0; i < draws; i++) {
      distribution.draw(outputs, 1, chance, to)
      distribution.evaluate(outputs, to.actions, 1, at)
      apart = Math.max(apart, Math.abs(at.logLikelihoods[0]! - to.logLikelihoods[0]!))
      surprise -= to.logLikelihoods[0]! / draws
    }
    expect(apart).toBeLessThan(1e-5)
    // the mean surprise is the entropy; its standard error is below 0.008
    expect(Math.abs(surprise - entropies[0]!)).toBeLessThan(0.04)
  })

  it('has the slopes that differences say', () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const distribution = distributionOf(space)
        const outputs = outputsOf(distribution, seed)
        const actions = new Float32Array(rows * distribution.width)
        const logLikelihoods = new Float32Array(rows)
        distribution.draw(outputs, rows, createChance(seed), { actions, logLikelihoods })
        const by = { logLikelihoods: normals(rows, seed + 1), entropy: 0.7 }
        const loss = (): number => {
          const entropies = new Float32Array(rows)
          distribution.evaluate(outputs, actions, rows, { logLikelihoods, entropies })
          return by.logLikelihoods.reduce(
            (sum, slope, i) => sum + slope * logLikelihoods[i]! + by.entropy * entropies[i]!,
            0,
          )
        }
        const slopes = new Float32Array(rows * distribution.outputs)
        distribution.slopes(outputs, actions, rows, by, slopes)
        const tables = [
          [outputs, slopes],
          [distribution.parameters.weights, distribution.parameters.gradients],
        ] as const
        for (const [table, expected] of tables)
          table.forEach((value, i) => {
            const [above, below] = [0.01, -0.01].map((change) => {
              table[i] = value + change
              return loss()
            })
            table[i] = value
            const slope = (above! - below!) / 0.02
            expect(Math.abs(slope - expected[i]!)).toBeLessThan(0.02 * (1 + Math.abs(slope)))
          })
      }),
      { numRuns: 30 },
    )
  })
})

function partsOf(space: (typeof spaces)[number], mostRows: number): PpoParts {
  const chance = createChance(3)
  const distribution = distributionOf(space)
  const network = (outputs: number) =>
    createNetwork({ inputs: 2, hidden: [8], outputs, activation: 'tanh' }, chance, {
      mostRows,
      initial: { kind: 'orthogonal', hiddenGain: 1, outputGain: 1 },
    })
  return { policy: network(distribution.outputs), critic: network(1), distribution }
}

/** What these parts would have gathered; advantages by chance. */
function gather({ policy, critic, distribution }: PpoParts, rows: number) {
  const observations = normals(2 * rows, 11)
  const actions = new Float32Array(rows * distribution.width)
  const logLikelihoods = new Float32Array(rows)
  const outputs = policy.forward(observations, rows)
  distribution.draw(outputs, rows, createChance(4), { actions, logLikelihoods })
  const values = critic.forward(observations, rows).slice()
  const advantages = normals(rows, 12)
  const returns = values.map((value, i) => value + advantages[i]!)
  const states = observations
  return { rows, observations, states, actions, logLikelihoods, values, advantages, returns }
}

describe.each(spaces)('the losses of PPO over $kind actions', (space) => {
  const rows = 16
  const config = PpoConfig.parse({ kind: 'ppo', clipValues: 0.3, entropyWeight: 0.1 })
  const CLIP_RANGE = 0.2

  it('have the slopes that differences say, away from where the policy acted too', () => {
    const parts = partsOf(space, rows)
    const losses = createLosses(parts, config, rows)
    const gathered = gather(parts, rows)
    Object.assign(losses.batch, gathered)
    // away from the policy that gathered, some ratios and values are beyond their clips
    for (const net of [parts.policy, parts.critic])
      net.weights.set(net.weights.map((weight, i) => weight + 0.2 * Math.sin(i)))
    const loss = (): number => {
      const { policyLoss, entropy } = losses.ofPolicy(CLIP_RANGE)
      return policyLoss - config.entropyWeight * entropy + config.valueWeight * losses.ofCritic()
    }
    expect(losses.ofPolicy(CLIP_RANGE).clippedShare).toBeGreaterThan(0.1)
    const learned = [parts.policy, parts.critic, parts.distribution.parameters]
    for (const { gradients } of learned) gradients.fill(0)
    loss()
    const found = learned.map(({ weights, gradients }) => ({ weights, slopes: gradients.slice() }))
    for (const { weights, slopes } of found) {
      weights.forEach((weight, i) => {
        const [above, below] = [1e-3, -1e-3].map((change) => {
          weights[i] = weight + change
          return loss()
        })
        weights[i] = weight
        expect(Math.abs((above! - below!) / 2e-3 - slopes[i]!)).toBeLessThan(0.02)
      })
    }
  })
})

describe('the critic’s loss of PPO, values not clipped', () => {
  it('has a slope wherever a value is wrong, however far that is from what it was', () => {
    const parts = partsOf(spaces[0], 1)
    const losses = createLosses(parts, PpoConfig.parse({ kind: 'ppo' }), 1)
    Object.assign(losses.batch, gather(parts, 1))
    losses.batch.returns[0] = 0.5
    const { weights, gradients } = parts.critic
    weights.fill(0)
    const number = fc.integer({ min: -90_000, max: 90_000 }).map((value) => value / 9999)
    fc.assert(
      fc.property(number, number, (before, value) => {
        losses.batch.values[0] = before
        // so small that what is left of it after taking `before` away and adding it again is another double
        weights[weights.length - 1] = value * 1e-9
        gradients.fill(0)
        losses.ofCritic()
        expect(gradients.at(-1)).not.toBe(0)
      }),
    )
  })
})

describe('an update of PPO', () => {
  const rows = 64
  const rates = { learningRate: 3e-3, clipRange: 0.2 }
  const update = (settings: object) => {
    const parts = partsOf(spaces[0], rows)
    const config = PpoConfig.parse({ kind: 'ppo', batchSize: 16, epochs: 8, ...settings })
    const gathered = gather(parts, rows)
    const statistics = createPpoUpdate(parts, config).run(gathered, rates, createChance(1))
    const outputs = parts.policy.forward(gathered.observations, rows)
    const logLikelihoods = new Float32Array(rows)
    const entropies = new Float32Array(rows)
    parts.distribution.evaluate(outputs, gathered.actions, rows, { logLikelihoods, entropies })
    return { statistics, gathered, logLikelihoods }
  }

  it('makes likelier what was better than expected, and less likely what was worse', () => {
    const { gathered, logLikelihoods } = update({})
    let gain = 0
    for (let i = 0; i < rows; i++)
      gain += gathered.advantages[i]! * (logLikelihoods[i]! - gathered.logLikelihoods[i]!)
    expect(gain / rows).toBeGreaterThan(0.02)
  })

  it('goes through all batches of all epochs, or ends as soon as the policy has gone far', () => {
    expect(update({}).statistics.batches).toBe(32)
    const { batches } = update({ targetKl: 1e-4 }).statistics
    expect(batches).toBeGreaterThan(1)
    expect(batches).toBeLessThan(32)
  })

  it('throws when its loss is not a number', () => {
    const parts = partsOf(spaces[0], rows)
    const gathered = gather(parts, rows)
    gathered.returns[3] = Number.NaN
    const run = createPpoUpdate(parts, PpoConfig.parse({ kind: 'ppo' }))
    expect(() => run.run(gathered, rates, createChance(1))).toThrow(/must be finite/)
  })
})

describe('what is seen so far', () => {
  it('has the mean and the deviation of all batches together', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1 }), {
          minLength: 1,
        }),
        (batches) => {
          const normalizer = createNormalizer(1, 10)
          for (const batch of batches) normalizer.see(batch, batch.length)
          const all = batches.flat()
          const mean = all.reduce((sum, value) => sum + value, 0) / all.length
          const variance = all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length
          const rule = normalizer.rule()
          expect(rule.mean[0]).toBeCloseTo(mean, 8)
          expect(rule.deviation[0]).toBeCloseTo(Math.sqrt(variance + 1e-8), 6)
        },
      ),
    )
  })

  it('holds what is far away', () => {
    const normalizer = createNormalizer(2, 3)
    normalizer.see([0, 0, 2, 200], 2)
    const to = new Float32Array(2)
    normalizer.apply(Float32Array.of(1, 1e9), to, 1)
    expect([...to]).toEqual([0, 3])
  })

  it('scales rewards by how far discounted sums spread, one environment not leaning on another', () => {
    const scale = createRewardScale(2, 0.5, 10)
    // sums after the two steps: 1, −1; then 0 (its episode ended), and ½·−1 − 1
    const first = scale.apply(Float64Array.of(1, -1), Uint8Array.of(1, 0))
    expect([...first]).toEqual([1, -1].map((reward) => reward / Math.sqrt(1 + 1e-8)))
    const second = scale.apply(Float64Array.of(0, -1), Uint8Array.of(0, 0))
    const sums = [1, -1, 0, -1.5]
    const mean = sums.reduce((sum, value) => sum + value, 0) / 4
    const variance = sums.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4
    expect(second[1]).toBeCloseTo(-1 / Math.sqrt(variance + 1e-8), 10)
  })
})
