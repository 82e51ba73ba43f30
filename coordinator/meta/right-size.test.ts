/** Which tier: against every tier and count tried one by one, and cases whose answer is plain. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectedLoss, violationCurve } from '../../agents/loss.ts'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { LEVELS } from '../../forecaster/forecast.ts'
import { rightSize, type SizingInput } from './right-size.ts'
import { offersFor, specOn } from './tiers.ts'

const CATALOGUE = {
  small: { size: 1, pricePerReplicaHour: 0.05 },
  large: { size: 4, pricePerReplicaHour: 0.18 },
  xlarge: { size: 16, pricePerReplicaHour: 0.64, maxReplicas: 3 },
}
const spec = ServiceSpec.parse({
  ...{ capacityPerReplica: 10, maxReplicas: 64, minReplicas: 1, tier: 'small' },
  tiers: { small: {}, large: {}, xlarge: { startupSeconds: 300 } },
})
const offers = offersFor(spec, CATALOGUE)

/** Loads around `median`, ± a fifth at the outer levels. */
const around = (median: number) =>
  Float64Array.from(LEVELS, (level) => median * (0.8 + 0.4 * level))
const sizing = (window: readonly Float64Array[], more: Partial<SizingInput> = {}) =>
  rightSize({
    ...{ spec, offers, current: 0, capacityPerReplica: 10, saturationPerReplica: 12.5 },
    ...{ window, partHours: 1, shadowPrice: 0, failuresPerReplicaDay: 0 },
    ...more,
  })
const bestOf = (window: readonly Float64Array[], more: Partial<SizingInput> = {}) => {
  const found = sizing(window, more)!
  return found.plans[found.best]!.tier
}

describe('offers', () => {
  it('keep bounds in both units: no fewer replicas and no less capacity than declared', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 10, max: 90 }),
        fc.array(fc.double({ min: 0.1, max: 20, noNaN: true }), { minLength: 2, maxLength: 5 }),
        (minReplicas, maxReplicas, sizes) => {
          const names = sizes.map((_, i) => `t${i}`)
          const catalogue = Object.fromEntries(
            sizes.map((size, i) => [`t${i}`, { size, pricePerReplicaHour: size }]),
          )
          const tiers = Object.fromEntries(names.map((name) => [name, {}]))
          const own = ServiceSpec.parse({ minReplicas, maxReplicas, tier: 't0', tiers })
          for (const offer of offersFor(own, catalogue)) {
            expect(offer.minReplicas).toBeGreaterThanOrEqual(minReplicas)
            const least = minReplicas * own.capacityPerReplica
            expect(offer.minReplicas * offer.capacityPerReplica).toBeGreaterThanOrEqual(
              least - 1e-6,
            )
            const most = maxReplicas * own.capacityPerReplica
            expect(offer.maxReplicas * offer.capacityPerReplica).toBeGreaterThanOrEqual(most - 1e-6)
            expect(ServiceSpec.safeParse(specOn(own, offer)).success).toBe(
              offer.maxReplicas <= 10_000,
            )
          }
        },
      ),
    )
  })
  it('are none of a service without tiers, and its own alone where only that is named', () => {
    expect(offersFor(ServiceSpec.parse({}), CATALOGUE)).toEqual([])
    expect(offersFor(ServiceSpec.parse({ tier: 'large' }), CATALOGUE)).toMatchObject([
      { name: 'large', capacityPerReplica: 10, pricePerReplicaHour: 0.18 },
    ])
  })
})

describe('a right size', () => {
  it('is the cheapest of all tiers with all counts tried, where violations have their price and the budget binds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 300, noNaN: true }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(0.5, 5, 50),
        (medians, shadowPrice) => {
          const window = medians.map(around)
          const found = sizing(window, { shadowPrice })!
          found.plans.forEach((plan, tier) => {
            const offer = offers[tier]!
            const scale = offer.capacityPerReplica / 10
            const curve = violationCurve(10 * scale, 12.5 * scale, spec.slo.objective)
            // of all counts up to the planned one, none is better by the budget's price
            plan.counts.forEach((count, part) => {
              const cost = (n: number) =>
                n * offer.pricePerReplicaHour +
                (spec.weight * expectedLoss(curve, window[part]!, n)) / shadowPrice
              for (let n = offer.minReplicas; n < count; n++)
                expect(cost(n)).toBeGreaterThanOrEqual(cost(count) - 1e-9)
            })
          })
          const least = Math.min(...found.plans.map(({ scorePerHour }) => scorePerHour))
          expect(found.plans[found.best]!.scorePerHour).toBeCloseTo(least, 9)
        },
      ),
      { numRuns: 40 },
    )
  })
  it('of a small load is small, of a large one large: whole replicas and prices by capacity', () => {
    expect(bestOf([around(6)])).toBe('small')
    expect(bestOf([around(300)])).toBe('large')
  })
  it('of a load that swings is smaller than of one that stands at its mean', () => {
    const swinging = [around(5), around(60), around(5), around(5), around(5), around(5)]
    expect(bestOf(swinging)).toBe('small')
    expect(bestOf([around(60)])).toBe('large')
  })
  it('is no tier whose maximum does not carry the load', () => {
    const { plans, best } = sizing([around(2000)], {
      offers: [offers[2]!, { ...offers[0]!, maxReplicas: 500 }],
      ...{ capacityPerReplica: 160, saturationPerReplica: 200 },
    })!
    expect(plans[0]!.uncapped).toBeGreaterThan(3)
    expect(plans[best]!.tier).toBe('small')
  })
  it('does not stake all on one replica that may fail, where smaller ones cost hardly more', () => {
    const load = [around(28)]
    const more = { offers: [offers[0]!, { ...offers[1]!, minReplicas: 1 }] }
    const risky = { ...more, failuresPerReplicaDay: 24 }
    const lossOn = (tier: number, given: Partial<SizingInput>) =>
      sizing(load, given)!.plans[tier]!.lossRps
    // one of one is everything, one of several is not
    expect(lossOn(1, risky) - lossOn(1, more)).toBeGreaterThan(
      4 * (lossOn(0, risky) - lossOn(0, more)),
    )
    expect(bestOf(load, more)).toBe('large')
    expect(bestOf(load, risky)).toBe('small')
  })
  it('charges the start-ups that swings ask for', () => {
    const swing = [around(10), around(100), around(10), around(100)]
    const slow = offers.map((offer) => ({ ...offer, startupSeconds: 1800 }))
    expect(sizing(swing, { offers: slow })!.plans[0]!.costPerHour).toBeGreaterThan(
      1.1 * sizing(swing)!.plans[0]!.costPerHour,
    )
  })
  it('is not known where nothing is foreseen or there is nothing to choose from', () => {
    expect(sizing([])).toBeUndefined()
    expect(sizing([around(5)], { offers: [offers[0]!] })).toBeUndefined()
  })
})
