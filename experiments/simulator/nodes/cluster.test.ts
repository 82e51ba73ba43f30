import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../datasets/random.ts'
import { Nodes, Serving } from '../scenario.ts'
import { createCluster, type Place } from './cluster.ts'
import { leastWaste } from './least-waste.ts'

const SMALL = { name: 'small', cpu: 2, memoryGib: 4, pricePerHour: 0.1, startupSeconds: 60 }
const LARGE = { name: 'large', cpu: 8, memoryGib: 32, pricePerHour: 0.36, startupSeconds: 90 }
const service = (name: string, cpu = 1, memoryGib = 1) => ({
  name,
  serving: Serving.parse({ cpu, memoryGib }),
})
const cluster = (nodes: object, services = [service('web')], seed = 1) =>
  createCluster({ nodes: Nodes.parse(nodes), services, random: seededRandom(seed, 'nodes') })

describe('least waste', () => {
  const tiers = Nodes.parse({ tiers: [SMALL, LARGE] }).tiers

  it('is the tier that the replicas fill best', () => {
    expect(leastWaste(tiers, [0, 0], { cpu: 1, memoryGib: 2 }, 2)).toBe(0)
    expect(leastWaste(tiers, [0, 0], { cpu: 2, memoryGib: 8 }, 4)).toBe(1)
  })

  it('skips tiers on which none fits, and those at their most', () => {
    expect(leastWaste(tiers, [0, 0], { cpu: 3, memoryGib: 1 }, 1)).toBe(1)
    const one = Nodes.parse({ tiers: [{ ...SMALL, most: 1 }, LARGE] }).tiers
    expect(leastWaste(one, [1, 0], { cpu: 1, memoryGib: 2 }, 2)).toBe(1)
    expect(leastWaste(tiers, [0, 0], { cpu: 9, memoryGib: 1 }, 1)).toBeUndefined()
  })

  it('takes the cheaper of two that are alike: spot', () => {
    const spot = { ...SMALL, market: 'spot', pricePerHour: 0.03 }
    const both = Nodes.parse({ tiers: [SMALL, spot] }).tiers
    expect(leastWaste(both, [0, 0], { cpu: 1, memoryGib: 2 }, 2)).toBe(1)
  })
})

describe('a cluster', () => {
  it('fills a node before it orders the next, which is up after its start-up time', () => {
    const nodes = cluster({ tiers: [SMALL] })
    expect(nodes.place(0, 1, 0, true).map(({ upAtMs }) => upAtMs)).toEqual([0])
    expect(nodes.place(0, 2, 1000).map(({ upAtMs }) => upAtMs)).toEqual([0, 61_000])
    expect(nodes.counts()).toEqual([2])
  })

  it('gives an empty node back after emptySeconds, and charges for it until then', () => {
    const nodes = cluster({ tiers: [SMALL], emptySeconds: 600 })
    const [place] = nodes.place(0, 1, 0, true)
    nodes.release(place!, 1_200_000)
    expect(nodes.bill(1_799_000)[0]).toBeCloseTo((0.1 * 1799) / 3600, 12)
    expect(nodes.counts()).toEqual([1])
    expect(nodes.bill(3_600_000)[0]).toBeCloseTo(0.1 / 3600, 12)
    expect(nodes.counts()).toEqual([0])
  })

  it('shares the cost by what services ask for', () => {
    const nodes = cluster({ tiers: [LARGE] }, [service('a', 1, 4), service('b', 3, 12)])
    nodes.place(0, 1, 0, true)
    nodes.place(1, 1, 0, true)
    const [a, b] = nodes.bill(3_600_000)
    expect(b! / a!).toBeCloseTo(3, 9)
    expect(a! + b!).toBeCloseTo(LARGE.pricePerHour, 12)
  })

  it('places what fits when every tier is at its most', () => {
    const nodes = cluster({ tiers: [{ ...SMALL, most: 1 }] })
    expect(nodes.place(0, 5, 0)).toHaveLength(2)
    expect(nodes.place(0, 1, 1)).toHaveLength(0)
  })

  it('loses spot nodes with what is on them, as often as declared', () => {
    const tier = { ...SMALL, market: 'spot', evictionsPerHour: 2, most: 4000 }
    const nodes = cluster({ tiers: [tier] })
    const places = nodes.place(0, 8000, 0, true)
    const lost = nodes.evict(1_800_000)
    expect(new Set(lost).size).toBe(lost.length)
    // 1 − e^(−2 · ½), within 4 standard deviations
    expect(Math.abs(lost.length / places.length - 0.632)).toBeLessThan(0.031)
    expect(nodes.counts()[0]! * 2).toBe(places.length - lost.length)
    expect(nodes.nextEvictionMs()).toBeGreaterThan(1_800_000)
  })

  it('names a service that fits nowhere', () => {
    expect(() => cluster({ tiers: [SMALL] }, [service('big', 16, 1)])).toThrow(
      /service big asks for 16 cores and 1 GiB.*small 2 cores 4 GiB/,
    )
  })

  it('bills what its nodes cost, whatever comes and goes', () => {
    const act = fc.record({ grow: fc.boolean(), service: fc.nat(1), count: fc.nat(6) })
    fc.assert(
      fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
        const nodes = cluster({ tiers: [SMALL, LARGE], emptySeconds: 90 }, [
          service('a', 1, 1),
          service('b', 2, 3),
        ])
        const places: Place[] = []
        let owed = 0
        let billed = 0
        acts.forEach(({ grow, service: i, count }, at) => {
          const nowMs = at * 30_000
          if (grow) places.push(...nodes.place(i, count, nowMs))
          else for (const place of places.splice(0, count)) nodes.release(place, nowMs)
          billed += nodes.bill(nowMs).reduce((sum, cost) => sum + cost, 0)
          const [small, large] = nodes.counts()
          owed += ((small! * SMALL.pricePerHour + large! * LARGE.pricePerHour) * 30) / 3600
        })
        billed += nodes.bill(acts.length * 30_000).reduce((sum, cost) => sum + cost, 0)
        // emptySeconds is a multiple of the interval, so that counts change at its ends alone
        expect(billed).toBeCloseTo(owed, 9)
      }),
    )
  })
})
