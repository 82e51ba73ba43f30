/** What a unit measures: worked by hand, and its guard. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { LEVELS } from '../../forecaster/forecast.ts'
import { burnsTooFast, type GuardTick } from './judge.ts'
import { follow, lostIn, nextBlock, predictedIn, type Seen, startFollowing } from './unit.ts'

const spec = ServiceSpec.parse({ maxReplicas: 20, pricePerReplicaHour: 0.5, weight: 2 })

function seen(over: Partial<Seen['observation']> = {}, more: Partial<Seen> = {}): Seen {
  return {
    spec,
    observation: {
      service: 'a',
      nowMs: 0,
      loadRps: 40,
      freshness: 'fresh',
      replicas: { requested: 5, ready: 5, starting: 1, terminating: 0 },
      leadTimeMs: 60_000,
      capacityPerReplica: 10,
      saturationPerReplica: 12,
      demand: new Float64Array(LEVELS.length).fill(40),
      drifting: false,
      ...over,
    },
    violationRatio: 0.005,
    reactiveNeed: 3,
    stretches: [1, 1.5],
    ...more,
  }
}

describe('a unit', () => {
  it('sums cost and violations relative to what the load needs and the objective allows', () => {
    let following = startFollowing(2)
    for (let i = 0; i < 4; i++) following = follow(following, seen(), 1, i > 0)
    // 40 requests/s at 10 a replica need 4; 6 run. 0.5 % of them violate where 1 % may: half a budget, weighted 2
    expect(following.measured.ticks).toBe(3)
    const { burn, loss } = lostIn(spec, following.measured)!
    expect(burn).toBeCloseTo(0.5, 9)
    expect(loss).toBeCloseTo(6 / 4 + 2 * 0.5, 9)
    const [now, more] = predictedIn(spec, following.measured)
    // the model has the first arm ask for the 4 that carry 40 at their objective, and burn that budget whole
    expect(now!.burn).toBeCloseTo(1, 6)
    expect(now!.loss).toBeCloseTo(4 / 4 + 2, 6)
    // the second for the 6 that would carry 60
    expect(more!.loss).toBeCloseTo(6 / 4 + 2 * more!.burn, 6)
    expect(more!.burn).toBeLessThan(0.01)
  })

  it('has what was asked for before its first tick carry the load of its first', () => {
    const two = { stretches: [1] }
    let following = follow(startFollowing(1), seen({}, two), 2, false)
    following = nextBlock(follow(following, seen({}, two), 2, false))
    const demand = new Float64Array(LEVELS.length).fill(90)
    following = follow(following, seen({ demand, loadRps: 90 }, two), 2, true)
    // 9 are asked for now, but 4 were two ticks ago: 22.5 on each are beyond saturation
    expect(predictedIn(spec, following.measured)[0]!.burn).toBeGreaterThan(90)
    expect(following.measured.predictedCostPerHour[0]).toBeCloseTo(9 * 0.5)
  })

  it('falls back on the violation curve where violations are not measured, and on the floor without a forecast', () => {
    const blind = seen({ demand: undefined }, { violationRatio: Number.NaN, stretches: [1] })
    const following = follow(startFollowing(1), blind, 0, true)
    // 8 requests/s on each of 5: far under capacity
    expect(lostIn(spec, following.measured)!.burn).toBeLessThan(0.2)
    expect(following.measured.predictedCostPerHour[0]).toBeCloseTo(3 * 0.5)
  })

  it('counts nothing of a tick without a load', () => {
    const following = follow(startFollowing(2), seen({ loadRps: Number.NaN }), 0, true)
    expect(lostIn(spec, following.measured)).toBeUndefined()
  })
})

describe('the guard', () => {
  const settings = { burnRate: 14.4, guardTicks: 5 }
  const tick = (violatingRps: number, championViolatingRps = 0): GuardTick => ({
    allowedRps: 1,
    violatingRps,
    championViolatingRps,
  })

  it('is quiet until the newest ticks burn fast that would not under the champion', () => {
    const calm = Array.from({ length: 20 }, () => tick(1))
    expect(burnsTooFast(calm, settings)).toBe(false)
    const hot = Array.from({ length: 5 }, () => tick(20))
    expect(burnsTooFast([...calm, ...hot], settings)).toBe(true)
    expect(burnsTooFast(hot.slice(1), settings)).toBe(false)
    const both = Array.from({ length: 5 }, () => tick(20, 15))
    expect(burnsTooFast(both, settings)).toBe(false)
  })

  it('never fires on an idle service', () => {
    fc.assert(
      fc.property(fc.nat(20), (n) => {
        const idle = Array.from({ length: n }, () => ({ ...tick(0), allowedRps: 0 }))
        expect(burnsTooFast(idle, settings)).toBe(false)
      }),
    )
  })
})
