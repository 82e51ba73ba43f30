/** Selection: its regret against whatever comes. Scores: what strategies and baselines would have made of a known load. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { LEVELS } from '../../forecaster/forecast.ts'
import { seededRandom } from '../../forecaster/random.ts'
import type { ServiceInput } from '../tick-input.ts'
import { type Hedge, openHedge, playRound, regretOf } from './hedge.ts'
import { efficiencyOf, openScores, returnOf, type Scores, savingsOf, scoreTick } from './scores.ts'
import { judgeOf } from './shadow.ts'

const TICK_MS = 60_000

function play(rounds: readonly (readonly number[])[], memoryRounds: number, seed = 1): Hedge {
  const random = seededRandom(seed)
  let hedge = openHedge(rounds[0]!.length, 0)
  for (const losses of rounds)
    hedge = playRound(hedge, losses, { memoryRounds, draw: [random(), random()] })
  return hedge
}

describe('the choice of a strategy', () => {
  it('loses little more than the best one, whatever the losses are, on average over its draws', () => {
    const rounds = 100
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 1 })), {
          minLength: rounds,
          maxLength: rounds,
        }),
        (losses) => {
          const draws = 40
          let regret = 0
          for (let seed = 1; seed <= draws; seed++)
            regret += regretOf(play(losses, rounds, seed)) / draws
          // √(T ln K) of each of the two terms, ln of sharing, and room for the mean of 40 draws
          expect(regret).toBeLessThan(3 * Math.sqrt(rounds * Math.log(2)))
        },
      ),
      { numRuns: 30 },
    )
  })

  it('finds the better one and stays with it', () => {
    const hedge = play(
      Array.from({ length: 300 }, () => [0.5, 0.1]),
      168,
    )
    expect(hedge.acting).toBe(1)
    expect(hedge.weights[1]).toBeGreaterThan(0.8)
    expect(hedge.changes).toBeLessThan(20)
  })

  it('follows when another becomes the better one', () => {
    const turned = Array.from({ length: 600 }, (_, k) => (k < 300 ? [0, 0.6] : [0.6, 0]))
    expect(play(turned.slice(0, 300), 100).acting).toBe(0)
    expect(play(turned, 100).acting).toBe(1)
  })

  it('never changes while the one that acts loses nothing, and refuses a loss that is none', () => {
    const hedge = play(
      Array.from({ length: 50 }, () => [0, 1]),
      50,
    )
    expect([hedge.changes, regretOf(hedge)]).toEqual([0, 0])
    const given = { memoryRounds: 9, draw: [0, 0] as const }
    expect(() => playRound(hedge, [0, Number.NaN], given)).toThrow('loss is NaN, allowed from 0')
  })
})

const spec = ServiceSpec.parse({
  maxReplicas: 50,
  pricePerReplicaHour: 0.1,
  targetUtilization: 0.8,
  startupSeconds: 0,
})

/** A tick at which `load` is observed and `ahead` is foreseen for sure. */
function tickOf(k: number, load: number, ahead: number, ready: number): ServiceInput {
  return {
    spec,
    mode: 'enforce',
    memory: undefined,
    observation: {
      service: 'search',
      nowMs: k * TICK_MS,
      loadRps: load,
      freshness: Number.isNaN(load) ? 'dead' : 'fresh',
      replicas: { requested: ready, ready, starting: 0, terminating: 0 },
      leadTimeMs: TICK_MS,
      capacityPerReplica: 10,
      saturationPerReplica: 12.5,
      demand: Float64Array.from(LEVELS, () => ahead),
      drifting: false,
    },
  }
}

/** Load that leaps every half hour; the real count is `ready`. */
const leaping = (k: number) => (Math.floor(k / 30) % 2 === 0 ? 40 : 160)

function score(ticks: number, loadAt: (k: number) => number, ready: (k: number) => number): Scores {
  const random = seededRandom(3)
  const rates = { roundMs: 30 * TICK_MS, memoryRounds: 48 }
  let scores: Scores | undefined
  for (let k = 0; k < ticks; k++) {
    const input = tickOf(k, loadAt(k), loadAt(k + 1), ready(k))
    scores ??= openScores(['predictive', 'reactive'], 'reactive', input)
    scores = scoreTick(scores, input, rates, () => [random(), random()])
  }
  return scores!
}

describe('scores', () => {
  it('a forecast that is right beats following, and is chosen by itself', () => {
    const { hedge, policies } = score(60 * 24, leaping, () => 20)
    expect(hedge.losses[0]).toBeLessThan(hedge.losses[1]!)
    expect(policies[hedge.acting]).toBe('predictive')
  })

  it('cost is what ran, savings are beside what the baselines would have run', () => {
    const hours = 10
    const { account } = score(
      60 * hours,
      () => 80,
      () => 12,
    )
    // judged from the second tick on
    const judged = hours - 1 / 60
    expect(account.hours).toBeCloseTo(judged, 9)
    expect(account.cost).toBeCloseTo(12 * 0.1 * judged, 9)
    // HPA aims at 80 % of 10 requests/s: 10 replicas; 12 are within its tolerance of nothing
    expect(account.hpa.cost).toBeGreaterThanOrEqual(10 * 0.1 * judged - 1e-9)
    const savings = savingsOf(account, account.hpa)
    expect(savings.saved).toBeCloseTo(account.hpa.cost - account.cost, 9)
    // need is 8 of 12, and nothing violates at two thirds
    expect(efficiencyOf(account)).toBeCloseTo(8 / 12, 3)
    expect(returnOf(account, { cost: account.cost - 2, violations: account.violations + 10 })).toBe(
      5,
    )
    expect(returnOf(account, { cost: account.cost, violations: 10 })).toBeNull()
  })

  it('a constant load at the count that HPA has saves nothing', () => {
    const { account } = score(
      300,
      () => 80,
      () => 10,
    )
    expect(Math.abs(savingsOf(account, account.hpa).saved)).toBeLessThan(1e-9)
    expect(savingsOf(account, account.hpa).violationsAvoided).toBe(0)
  })

  it('what was not measured is not judged', () => {
    const { account, round } = score(
      100,
      () => Number.NaN,
      () => 5,
    )
    expect([account.cost, account.requests, round.ticks]).toEqual([0, 0, 0])
    expect(judgeOf(tickOf(0, 0, 0, 1))).toBeUndefined()
  })

  it('are plain data: kept and taken up again they go on the same', () => {
    const before = score(200, leaping, () => 12)
    const again: Scores = JSON.parse(JSON.stringify(before))
    const input = tickOf(200, 60, 60, 9)
    const rates = { roundMs: TICK_MS, memoryRounds: 9 }
    const next = (scores: Scores) => scoreTick(scores, input, rates, () => [0.9, 0.5])
    expect(next(again)).toEqual(next(before))
  })
})
