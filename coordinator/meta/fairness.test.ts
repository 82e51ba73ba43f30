/** A floor for every service: what is scarce is shared by weight only beyond each one's fair share. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { decideTick } from '../tick.ts'
import type { ServiceInput } from '../tick-input.ts'

const CAPACITY = 10
const PRICE = 0.1

/** A service at rest, with as many replicas as its load needs at full utilization. */
function serviceOf(i: number, load: number, weight: number, fairShare: number): ServiceInput {
  const requested = Math.max(1, Math.ceil(load / CAPACITY))
  return {
    spec: ServiceSpec.parse({
      ...{ maxReplicas: 100, weight, fairShare, pricePerReplicaHour: PRICE, policy: 'reactive' },
      targetUtilization: 1,
      behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
    }),
    mode: 'enforce',
    memory: undefined,
    observation: {
      ...{ service: `s${i}`, nowMs: 1e9, loadRps: load, freshness: 'fresh', leadTimeMs: 30_000 },
      replicas: { requested, ready: requested, starting: 0, terminating: 0 },
      ...{ capacityPerReplica: CAPACITY, saturationPerReplica: 1.25 * CAPACITY },
      ...{ demand: undefined, drifting: false },
    },
  }
}

const needOf = ({ observation }: ServiceInput) => observation.replicas.requested
const decide = (services: readonly ServiceInput[], costBudgetPerHour: number, price = 0) =>
  decideTick({
    ...{ tick: 1, atMs: 1e9, costBudgetPerHour, services },
    ...(price > 0
      ? { directive: { reactivePrice: price, price, extraBudgetPerHour: 1e9, tolerance: 0 } }
      : {}),
  })

const fleet = fc.array(
  fc.record({
    load: fc.double({ min: 10, max: 300, noNaN: true }),
    weight: fc.constantFrom(0.1, 1, 10),
  }),
  { minLength: 2, maxLength: 6 },
)

describe('a fair share', () => {
  it('is paid for in full wherever the money carries all of them, at any price', () => {
    fc.assert(
      fc.property(
        fleet,
        fc.double({ min: 0.05, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        fc.constantFrom(0, 50, 1e6),
        (rows, share, more, price) => {
          const services = rows.map(({ load, weight }, i) => serviceOf(i, load, weight, share))
          const fair = services.map((service) => Math.ceil(share * needOf(service)))
          const budget = fair.reduce((sum, count) => sum + count * PRICE, 0) * (1 + more) + 1e-6
          const { grants, spendPerHour } = decide(services, budget, price)
          grants.forEach(({ to }, i) => {
            expect(to).toBeGreaterThanOrEqual(fair[i]!)
          })
          expect(spendPerHour).toBeLessThanOrEqual(budget + 1e-6)
        },
      ),
    )
  })

  it('without one the light service goes without for the heavy one’s sake', () => {
    const pair = (share: number) => [serviceOf(0, 100, 1, share), serviceOf(1, 100, 10, share)]
    // 20 are needed, 12 are paid for
    const [light, heavy] = decide(pair(0), 1.2).grants
    expect([light!.to, heavy!.to]).toEqual([2, 10])
    const [kept, rest] = decide(pair(0.5), 1.2).grants
    expect(kept!.to).toBe(5)
    expect(rest!.to).toBe(7)
  })
})
