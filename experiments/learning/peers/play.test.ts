import { describe, expect, it } from 'vitest'
import { cartPole } from '../classic/cart-pole.ts'
import { returnsOf, trainOn } from './play.ts'
import { ROWS } from './rows.ts'

describe('what is compared', () => {
  // tabular Q-learning has no counterpart there
  const same = ROWS.filter(({ ours, peer }) => ours.kind === peer.algorithm.toLowerCase())

  it.each(same)('$name gives both sides the same settings', ({ ours, peer }) => {
    const theirs = peer.arguments
    const settings = ours as unknown as Record<string, unknown>
    const named = { batch_size: 'batchSize', gamma: 'discount', n_epochs: 'epochs' }
    for (const [name, own] of Object.entries(named))
      if (theirs[name] !== undefined) expect(settings[own], own).toBe(theirs[name])
  })

  it('trains to the same bytes for the same seed', () => {
    const [row] = ROWS
    const train = (seed: number) =>
      trainOn(row!.game, row!.ours, { count: 8, steps: 512, seed }).learner.save()
    expect(train(1)).toEqual(train(1))
    expect(train(2)).not.toEqual(train(1))
  })

  it('makes of PPO what balances the pole within 40,000 steps', () => {
    const row = ROWS.find(({ name }) => name === 'ppo-cartpole')!
    const { learner } = trainOn(cartPole, row.ours, { count: 8, steps: 40_000, seed: 1 })
    const returns = returnsOf(cartPole, learner, 10, 1_000_000)
    expect(returns).toHaveLength(10)
    expect(Math.min(...returns)).toBeGreaterThan(400)
  }, 120_000)
})
