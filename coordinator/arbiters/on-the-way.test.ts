/** What a rate limit cuts off still counts: a service that is far behind is let up again. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstMemory } from '../../agents/agent.ts'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { decideTick } from '../tick.ts'
import type { ServiceInput } from '../tick-input.ts'
import { lossOnTheWay } from './on-the-way.ts'

const falling = fc
  .array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 20 })
  .map((falls) => {
    let loss = falls.reduce((sum, fall) => sum + fall, 0)
    return Float64Array.from([loss, ...falls.map((fall) => (loss -= fall))])
  })

describe('lossOnTheWay', () => {
  it('is the lower convex hull: below the curve, convex, and met where the curve is', () => {
    fc.assert(
      fc.property(falling, (curve) => {
        const hull = lossOnTheWay(curve, curve.length - 1)
        const slack = 1e-9 * (1 + curve[0]!)
        for (let k = 0; k < curve.length; k++) {
          expect(hull[k]!).toBeLessThanOrEqual(curve[k]! + slack)
          // the least of all chords over k, by trying every one of them
          let least = curve[k]!
          for (let a = 0; a < k; a++)
            for (let b = k + 1; b < curve.length; b++)
              least = Math.min(least, curve[a]! + ((curve[b]! - curve[a]!) * (k - a)) / (b - a))
          expect(Math.abs(hull[k]! - least)).toBeLessThanOrEqual(slack)
        }
      }),
    )
  })
  it('of the beginning is the beginning of the whole', () => {
    fc.assert(
      fc.property(falling, fc.nat(20), (curve, steps) => {
        const few = Math.min(steps, curve.length - 1)
        const whole = lossOnTheWay(curve, curve.length - 1)
        expect(lossOnTheWay(curve, few)).toEqual(whole.slice(0, few + 1))
      }),
    )
  })
})

/** One replica of ten requests/s under a load that needs twelve; four more may start at a time. */
function starved(requested: number, memory: ServiceInput['memory']): ServiceInput {
  return {
    spec: ServiceSpec.parse({ maxReplicas: 50, policy: 'reactive', targetUtilization: 1 }),
    mode: 'enforce',
    memory,
    observation: {
      ...{ service: 'search', nowMs: 1e9, loadRps: 120, freshness: 'fresh', leadTimeMs: 30_000 },
      replicas: { requested, ready: requested, starting: 0, terminating: 0 },
      ...{ capacityPerReplica: 10, saturationPerReplica: 12.5 },
      ...{ demand: undefined, drifting: false },
    },
  }
}

describe('a service that is far behind, under a price', () => {
  const climb = (price: number) => {
    let [replicas, memory] = [1, firstMemory(1) as ServiceInput['memory']]
    const counts: number[] = []
    for (let tick = 1; tick <= 4; tick++) {
      const service = starved(replicas, memory)
      const nowMs = 1e9 + tick * 60_000
      const { grants, memories } = decideTick({
        ...{ tick, atMs: nowMs, costBudgetPerHour: 100 },
        services: [{ ...service, observation: { ...service.observation, nowMs } }],
        directive: { reactivePrice: price, price, extraBudgetPerHour: 100, tolerance: 0 },
      })
      replicas = grants[0]!.to
      memory = memories[0]
      counts.push(replicas)
    }
    return counts
  }
  it('climbs as fast as its rate limit lets it, though its first steps save nobody', () => {
    // eleven more avoid nearly 120 requests/s for 1.1 $/hour: 109 for one; the last of them is not worth 80
    expect(climb(80)).toEqual([5, 10, 11, 11])
  })
  it('stays where the whole way is worth less than its price', () => {
    expect(climb(200)).toEqual([1, 1, 1, 1])
  })
})
