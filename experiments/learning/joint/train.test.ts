import { describe, expect, it } from 'vitest'
import type { Learner } from '../../../agents/learning/learner.ts'
import { box, multiDiscrete } from '../../environments/spaces.ts'
import { prepareSmall, smallConfig } from '../../environments/test-environments.ts'
import { ARMS, clusterFor, fixedStretch, isFeudal, trainArm } from './arms.ts'
import { createCluster, LEARNED_FROM } from './cluster.ts'
import { createDualPrice, nextPrice } from './dual-price.ts'
import { judge, judgeController } from './outcome.ts'
import { stretchedCount } from './stretch-actions.ts'
import { createTickCluster } from './tick-cluster.ts'
import { type Period, train } from './train.ts'
import { upperMember } from './upper-actions.ts'

const settings = {
  actions: 'target',
  episodeTicks: 20,
  budget: { perHour: 1.2, kind: 'rate' },
} as const
const flat = await prepareSmall({ kind: 'multi-agent', ...settings })
const feudal = await prepareSmall({
  kind: 'hierarchical',
  directive: 'price',
  everyTicks: 5,
  sharedShare: 0,
  ...settings,
})
const tick = { objective: 0.99, models: ['seasonal-naive' as const] }
const tickWorld = { ...tick, starts: 1 }
const worlds = { flat: [flat], feudal: [feudal], tick: tickWorld }

/** Learns nothing; all services act plainly. */
const idle = (rows: number): Learner => ({
  kind: 'idle',
  steps: () => 0,
  act: () => new Float32Array(rows),
  learn: () => undefined,
  rule: () => {
    throw new RangeError('it has none')
  },
  save: () => undefined,
  restore: () => undefined,
})

describe('an upper agent', () => {
  it('is asked once a period and gets the rewards summed over it', () => {
    const cluster = createCluster([feudal], { copies: 2, part: LEARNED_FROM })
    const periods: Period[] = []
    train({
      ...{ cluster, sight: 'own', lower: idle(6), steps: 20, seed: 3 },
      upper: { act: () => Float32Array.of(-1, -1), learn: (period) => periods.push(period) },
    })
    expect(periods.length).toBe(4)
    expect(periods.map(({ step }) => step.truncated[0])).toEqual([0, 0, 0, 1])
    const again = createCluster([feudal], { copies: 2, part: LEARNED_FROM })
    again.reset(3)
    const sums = periods.map(() => {
      let sum = 0
      for (let tick = 0; tick < 5; tick++)
        sum += again.step(new Float32Array(6), Float32Array.of(-1, -1)).upperRewards[1]!
      return sum
    })
    periods.forEach(({ step }, i) => {
      expect(step.rewards[1]).toBeCloseTo(sums[i]!, 9)
    })
  })

  it('must divide the episode, and needs a hierarchical environment', () => {
    const config = smallConfig({
      kind: 'hierarchical',
      directive: 'price',
      everyTicks: 7,
      ...settings,
    })
    const odd = { ...feudal, config }
    const asked = (world: typeof odd) => () =>
      train({
        ...{ sight: 'own', lower: idle(3), steps: 20, seed: 1 },
        cluster: createCluster([world], { copies: 1, part: LEARNED_FROM }),
        upper: { act: () => Float32Array.of(0) },
      })
    expect(asked(odd)).toThrow('multiple of everyTicks')
    expect(asked(flat)).toThrow('hierarchical')
  })
})

describe('the price of dual ascent', () => {
  it('rises while spending is above the budget, falls while below, and stays within its range', () => {
    expect(nextPrice(0.5, 1.2)).toBeGreaterThan(0.5)
    expect(nextPrice(0.5, 0.8)).toBeLessThan(0.5)
    expect(nextPrice(0.5, 1)).toBe(0.5)
    expect(nextPrice(0, 0)).toBe(0)
    expect(nextPrice(1, 9)).toBe(1)
  })

  it('finds the price at which demand meets the budget', () => {
    // spending as it falls with the price
    const used = (price: number) => 1.5 - price
    let price = 0
    for (let period = 0; period < 200; period++) price = nextPrice(price, used(price))
    expect(price).toBeCloseTo(0.5, 6)
  })

  it('is one number, so it is refused for other directives', () => {
    const config = smallConfig({ kind: 'hierarchical', directive: 'shares', ...settings })
    const cluster = createCluster([{ ...feudal, config }], { copies: 1, part: LEARNED_FROM })
    expect(() => createDualPrice(cluster)).toThrow('must have 1, a price')
  })
})

describe('actions', () => {
  it('of services multiply what is asked for, within the bounds', () => {
    const { spec } = flat.services[0]!
    const seen = createCluster([flat], { copies: 1, part: LEARNED_FROM }).reset(2).lower
    const plain = stretchedCount(spec, seen, 0, 0)
    expect(stretchedCount(spec, seen, 0, 1)).toBeGreaterThanOrEqual(
      Math.min(2 * plain - 1, spec.maxReplicas),
    )
    expect(stretchedCount(spec, seen, 0, -1)).toBeLessThanOrEqual(plain)
    expect(stretchedCount(spec, seen, 0, 99)).toBe(spec.maxReplicas)
    expect(stretchedCount(spec, seen, 0, -99)).toBe(spec.minReplicas)
  })

  it('of upper agents reach every strategy and both ends of a box', () => {
    const strategies = multiDiscrete(3)
    const heard = [-1, -0.1, 0.1, 1].map((a) => upperMember(strategies, Float32Array.of(a), 0))
    expect(heard.map((member) => [...(member as Int32Array)])).toEqual([[0], [1], [1], [2]])
    const budget = box([{ name: 'budget', low: 0, high: 4 }])
    const at = (a: number) => [...(upperMember(budget, Float32Array.of(a), 0) as Float32Array)]
    expect([at(-3), at(0), at(1)]).toEqual([[0], [2], [4]])
  })
})

describe.each(ARMS)('%s', (arm) => {
  const world = isFeudal(arm) ? feudal : flat
  const sample = { episodes: 3, seed: 77 }

  it('decides for any number of copies, and the same after the same training', () => {
    const training = { copies: 2, steps: 60, seed: 5 }
    const decide = () =>
      judge(world, trainArm(arm, worlds, training), sample, (variants, options) =>
        clusterFor(arm, variants, { ...options, tick: tickWorld }),
      )
    const outcomes = decide()
    expect(outcomes.length).toBe(3)
    for (const { arrivals, cost, reward } of outcomes) {
      expect(arrivals).toBeGreaterThan(0)
      expect(cost).toBeGreaterThan(0)
      expect(reward).toBeLessThan(0)
    }
    expect(decide()).toEqual(outcomes)
  }, 60_000)
})

describe('learning together', () => {
  it('finds that a forecast without errors needs less than the plain rule takes', async () => {
    // what is declared is half of what a replica of this plant carries: the plain rule pays double
    const wasteful = await prepareSmall({
      kind: 'multi-agent',
      forecast: 'perfect',
      ...settings,
      budget: { perHour: 9, kind: 'rate' },
      services: [
        { name: 'a', spec: { capacityPerReplica: 20, startupSeconds: 0 } },
        { name: 'b', spec: { capacityPerReplica: 20, startupSeconds: 0 } },
      ],
    })
    const sample = { episodes: 4, seed: 9 }
    const rewardOf = (deciding: Parameters<typeof judge>[1]) =>
      judge(wasteful, deciding, sample).reduce((sum, { reward }) => sum + reward, 0)
    const trained = trainArm(
      'mappo',
      { flat: [wasteful], feudal: [], tick: tickWorld },
      { copies: 8, steps: 1800, seed: 1 },
    )
    const plain = rewardOf(fixedStretch(1))
    const best = rewardOf(fixedStretch(0.55))
    // a quarter of what there is to be had, at least
    expect(rewardOf(trained)).toBeGreaterThan(plain + (best - plain) / 4)
  }, 60_000)
})

describe('under Forescale’s own tick', () => {
  it('agents that act plainly are its predictive policy, to the bit', () => {
    const sample = { episodes: 2, seed: 31 }
    const params = { policy: 'predictive', ...tick }
    const agents = judge(flat, fixedStretch(1), sample, (variants, options) =>
      createTickCluster(variants, { ...options, ...tick }),
    )
    expect(agents).toEqual(judgeController(flat, { kind: 'forescale', params }, sample))
  })

  it('agents that ask for more get more, and pay for it', () => {
    const sample = { episodes: 2, seed: 31 }
    const costs = [0.6, 1, 2].map((stretch) =>
      judge(flat, fixedStretch(stretch), sample, (variants, options) =>
        createTickCluster(variants, { ...options, ...tick }),
      ).reduce((sum, { cost }) => sum + cost, 0),
    )
    expect(costs).toEqual(costs.toSorted((a, b) => a - b))
    expect(costs[2]).toBeGreaterThan(costs[0]!)
  })
})

describe('judging', () => {
  it('gives a controller the episodes that agents are judged on', () => {
    const sample = { episodes: 2, seed: 21 }
    const agents = judge(flat, fixedStretch(1), sample)
    const controller = judgeController(flat, { kind: 'static', params: { replicas: 3 } }, sample)
    expect(controller.map(({ arrivals }) => arrivals)).toEqual(
      agents.map(({ arrivals }) => arrivals),
    )
    expect(controller.map(({ hours }) => hours)).toEqual(agents.map(({ hours }) => hours))
  })
})
