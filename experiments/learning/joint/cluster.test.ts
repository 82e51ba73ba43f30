import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DIRECTIVES } from '../../environments/config.ts'
import type { Prepared } from '../../environments/prepare.ts'
import { prepareSmall, smallConfig } from '../../environments/test-environments.ts'
import { type Cluster, createCluster, drawStart, JUDGED_ON, LEARNED_FROM } from './cluster.ts'
import { createLowerVector, lowerRows, lowerWidth } from './lower-vector.ts'

const EPISODE = 10
const COPIES = 3

const flat = await prepareSmall({ kind: 'multi-agent', actions: 'target' })
const hierarchical = (directive: (typeof DIRECTIVES)[number]): Prepared => ({
  ...flat,
  config: smallConfig({
    kind: 'hierarchical',
    actions: 'target',
    directive,
    everyTicks: 5,
    budget: { perHour: 1.2, kind: 'rate' },
  }),
})
const priced = hierarchical('price')

const part = LEARNED_FROM
const lowerActions = (cluster: Cluster, action: number) =>
  new Float32Array(cluster.copies * cluster.services).fill(action)
const upperActions = (cluster: Cluster, action: number) =>
  new Float32Array(cluster.copies * cluster.upperActionSize).fill(action)

/** Rewards of an episode in which everybody does the same. */
function play(cluster: Cluster, seed: number, action: number, price = -1) {
  cluster.reset(seed)
  return Array.from({ length: EPISODE }, () =>
    cluster.step(lowerActions(cluster, action), upperActions(cluster, price)),
  )
}

describe('a cluster', () => {
  it('gives the same tables for the same seed and actions, others for another seed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        (seed, a) => {
          const create = () => createCluster([flat], { copies: COPIES, part })
          const steps = play(create(), seed, a)
          expect(play(create(), seed, a)).toEqual(steps)
          expect(play(create(), seed + COPIES, a).map(({ lower }) => lower)).not.toEqual(
            steps.map(({ lower }) => lower),
          )
        },
      ),
      { numRuns: 10 },
    )
  })

  it('begins the next episode in the step in which one ends, and hands over its last sight', () => {
    const cluster = createCluster([priced], { copies: COPIES, part })
    const steps = play(cluster, 1, 0)
    expect(steps.slice(0, -1).every(({ truncated }) => !truncated.includes(1))).toBe(true)
    const last = steps.at(-1)!
    expect([...last.truncated]).toEqual([1, 1, 1])
    // an observation of the upper agent ends on how much time is left: third number
    const timeLeft = (upper: Float32Array) => upper[2]
    expect(timeLeft(last.final.upper)).toBe(0)
    expect(timeLeft(last.upper)).toBe(1)
    const next = cluster.step(lowerActions(cluster, 0), upperActions(cluster, -1))
    expect(next.truncated.includes(1)).toBe(false)
  })

  it('pays a paired one nothing for acting plainly, under any price', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        (seed, price) => {
          const cluster = createCluster([priced], { copies: 2, part, isPaired: true })
          for (const { lowerRewards, upperRewards } of play(cluster, seed, 0, price)) {
            expect(lowerRewards.every((reward) => reward === 0)).toBe(true)
            expect(upperRewards.every((reward) => reward === 0)).toBe(true)
          }
        },
      ),
      { numRuns: 10 },
    )
  })

  it('pays a paired one by how much better than plain it is', () => {
    const own = play(createCluster([flat], { copies: COPIES, part }), 4, 0.5)
    const plain = play(createCluster([flat], { copies: COPIES, part }), 4, 0)
    const paired = play(
      createCluster([flat], { copies: COPIES, part, isPaired: true, scales: [2] }),
      4,
      0.5,
    )
    paired.forEach(({ lowerRewards }, tick) => {
      lowerRewards.forEach((reward, row) => {
        const better = own[tick]!.lowerRewards[row]! - plain[tick]!.lowerRewards[row]!
        expect(reward).toBeCloseTo(better / 2, 9)
      })
    })
  })

  it('refuses twins where the directive would limit what they may spend', () => {
    const shares = hierarchical('shares')
    expect(() => createCluster([shares], { copies: 1, part, isPaired: true })).toThrow(
      'must be price or strategy',
    )
  })

  it('is judged on starts that nobody learned from', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (share) => {
        const learned = drawStart(flat, LEARNED_FROM, () => share)
        const judged = drawStart(flat, JUDGED_ON, () => share)
        expect(learned).toBeGreaterThanOrEqual(flat.firstStart)
        expect(judged).toBeLessThanOrEqual(flat.lastStart)
        expect(drawStart(flat, LEARNED_FROM, () => 1 - 1e-12)).toBeLessThanOrEqual(judged)
      }),
    )
  })
})

describe('services as a vector', () => {
  it('have a row each, of what the agent sees', () => {
    const cluster = createCluster([flat], { copies: COPIES, part })
    const vector = createLowerVector(cluster, 'own')
    expect(vector.count).toBe(COPIES * flat.services.length)
    expect(vector.reset(3).length).toBe(vector.count * vector.observationSize)
    const { truncated } = vector.step(lowerActions(cluster, 0))
    expect(truncated.length).toBe(vector.count)
  })

  it('carry mean and largest of their copy behind their own numbers, in any order of the services', () => {
    const shape = { copies: 2, services: 3, lowerSize: 2 } as Cluster
    const all = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 12, maxLength: 12 })
    fc.assert(
      fc.property(all, (numbers) => {
        const rows = lowerRows(shape, 'all', Float32Array.from(numbers))
        const width = lowerWidth(shape, 'all')
        for (let copy = 0; copy < 2; copy++) {
          const own = Array.from({ length: 3 }, (_, s) => numbers[copy * 6 + s * 2]!)
          for (let s = 0; s < 3; s++) {
            const row = rows.subarray((copy * 3 + s) * width, (copy * 3 + s + 1) * width)
            expect(row[0]).toBeCloseTo(own[s]!, 6)
            expect(row[2]).toBeCloseTo((own[0]! + own[1]! + own[2]!) / 3, 5)
            expect(row[4]).toBeCloseTo(Math.max(...own), 6)
          }
        }
      }),
    )
  })
})
