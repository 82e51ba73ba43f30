import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import {
  type Block,
  blocksOf,
  compareFrontiers,
  pointOf,
  type Setting,
} from './compare-frontiers.ts'
import {
  commonRange,
  costAt,
  coveredShare,
  dominanceOf,
  type FrontierPoint,
  hypervolume,
  meanCostRatio,
  paretoFront,
  violationAt,
} from './frontier.ts'

const at = (cost: number, violationRatio: number): FrontierPoint => ({ cost, violationRatio })

const point = fc.record({
  cost: fc.double({ min: 0.01, max: 100, noNaN: true }),
  violationRatio: fc.double({ min: 0, max: 1, noNaN: true }),
})
const points = fc.array(point, { minLength: 1, maxLength: 12 })

describe('a frontier', () => {
  const swept = [at(4, 0.01), at(1, 0.2), at(3, 0.05), at(3.5, 0.05), at(2, 0.3), at(5, 0.01)]

  it('is what no other point beats in both, by rising cost', () => {
    expect(paretoFront(swept)).toEqual([at(1, 0.2), at(3, 0.05), at(4, 0.01)])
  })

  it('tells the least cost of a quality and the best quality of a cost, of what was run', () => {
    expect(costAt(swept, 0.06)).toBe(3)
    expect(costAt(swept, 0.001)).toBe(Number.POSITIVE_INFINITY)
    expect(violationAt(swept, 3.9)).toBe(0.05)
    expect(violationAt(swept, 0.5)).toBe(Number.POSITIVE_INFINITY)
  })

  it('holds for any points: falling in both, and every point is covered by it', () => {
    fc.assert(
      fc.property(points, (all) => {
        const front = paretoFront(all)
        for (let i = 1; i < front.length; i++) {
          expect(front[i]!.cost).toBeGreaterThan(front[i - 1]!.cost)
          expect(front[i]!.violationRatio).toBeLessThan(front[i - 1]!.violationRatio)
        }
        for (const { cost, violationRatio } of all)
          expect(costAt(front, violationRatio)).toBeLessThanOrEqual(cost)
      }),
      { seed: 1 },
    )
  })
})

describe('dominance', () => {
  it('is of the whole front', () => {
    const a = [at(1, 0.1), at(2, 0.01)]
    expect(dominanceOf(a, [at(1.5, 0.1), at(2, 0.05)])).toBe('dominates')
    expect(dominanceOf(a, [at(1, 0.05), at(2, 0.001)])).toBe('dominated')
    expect(dominanceOf(a, [at(0.5, 0.2), at(3, 0.01)])).toBe('crosses')
    expect(dominanceOf(a, [...a, at(3, 0.01)])).toBe('equal')
    expect(coveredShare(a, [at(0.5, 0.2), at(3, 0.01)])).toBe(0.5)
  })

  it('turns round with the sides, and is shared by what is cheaper everywhere', () => {
    const turned = {
      dominates: 'dominated',
      dominated: 'dominates',
      equal: 'equal',
      crosses: 'crosses',
    }
    fc.assert(
      fc.property(points, points, fc.double({ min: 0.1, max: 0.9, noNaN: true }), (a, b, share) => {
        expect(dominanceOf(b, a)).toBe(turned[dominanceOf(a, b)])
        const cheaper = a.map((p) => at(p.cost * share, p.violationRatio))
        expect(dominanceOf(cheaper, a)).toBe('dominates')
      }),
      { seed: 2 },
    )
  })
})

describe('cost at equal violation', () => {
  it('is averaged over the nines', () => {
    // ours: 2 $/h down to 1 %, 4 $/h down to 0.1 %; theirs: 4 $/h down to 0.1 %. One decade at 1/2, one at 1.
    const ours = [at(2, 0.01), at(4, 0.001)]
    const theirs = [at(4, 0.001)]
    expect(meanCostRatio(ours, theirs, { low: 0.001, high: 0.1 })).toBeCloseTo(Math.sqrt(0.5), 12)
  })

  it('is infinite where only they reach the range, and nothing where only we do', () => {
    const range = { low: 1e-3, high: 0.1 }
    expect(meanCostRatio([at(1, 0.1)], [at(1, 1e-3)], range)).toBe(Number.POSITIVE_INFINITY)
    expect(meanCostRatio([at(1, 1e-3)], [at(1, 0.1)], range)).toBe(0)
  })

  it('is the reciprocal from the other side, and the factor between a frontier and its multiple', () => {
    fc.assert(
      fc.property(points, points, fc.double({ min: 0.2, max: 5, noNaN: true }), (a, b, factor) => {
        expect(meanCostRatio(a, b) * meanCostRatio(b, a)).toBeCloseTo(1, 9)
        const dearer = a.map((p) => at(p.cost * factor, p.violationRatio))
        expect(meanCostRatio(dearer, a)).toBeCloseTo(factor, 9)
        const { low, high } = commonRange(a, b)
        expect(low).toBeLessThanOrEqual(high)
      }),
      { seed: 3 },
    )
  })
})

describe('hypervolume', () => {
  it('is the share of the box behind the front', () => {
    // box: 10 $/h × six decades to 100 %; one point at half of the cost with three decades left behind it
    expect(hypervolume([at(5, 1e-3)], at(10, 1))).toBeCloseTo(0.25, 12)
    // another at 2 $/h and 10 %: one decade more for the cost between 2 and 5
    expect(hypervolume([at(5, 1e-3), at(2, 0.1)], at(10, 1))).toBeCloseTo(0.25 + 0.3 / 6, 12)
    expect(hypervolume([at(20, 1e-3)], at(10, 1))).toBe(0)
  })

  it('never falls when a point is added, and is at least that of what is dominated', () => {
    fc.assert(
      fc.property(points, points, (a, b) => {
        const worst = at(100, 1)
        const both = hypervolume([...a, ...b], worst)
        expect(both).toBeGreaterThanOrEqual(hypervolume(a, worst) - 1e-12)
        if (dominanceOf(a, b) === 'dominates')
          expect(hypervolume(a, worst)).toBeGreaterThanOrEqual(hypervolume(b, worst) - 1e-12)
      }),
      { seed: 4 },
    )
  })
})

const day = (requests: number, violations: number, cost: number): Block => ({
  ...{ hours: 24, requests, violations, cost },
})

describe('comparing swept policies', () => {
  const random = () => seededRandom('frontier', 1)
  const days = Array.from({ length: 14 }, (_, k) => 1 + (k % 7) / 7)
  const setting = (label: string, cost: number, ratio: number): Setting => ({
    label,
    blocks: days.map((size) => day(1e6 * size, 1e6 * size * ratio, 24 * cost * size)),
  })

  it('sums days up to a pair', () => {
    expect(pointOf([day(100, 1, 48), day(300, 1, 24)])).toEqual(at(1.5, 0.005))
    expect(pointOf([day(100, 1, 48), day(300, 1, 24)], [0, 0])).toEqual(at(2, 0.01))
  })

  it('finds the factor between two that differ by one, without doubt where every day says so', () => {
    const ours = [setting('a', 0.8, 5e-4), setting('b', 0.4, 0.05)]
    const theirs = [setting('c', 1, 5e-4), setting('d', 0.5, 0.05)]
    const compared = compareFrontiers(ours, theirs, random(), { draws: 200 })
    expect(compared.dominance).toBe('dominates')
    expect(compared.dominatesInDraws).toBe(1)
    for (const name of ['costRatio', 'costRatioAtTheirBest', 'meanCostRatio'] as const) {
      expect(compared[name].value).toBeCloseTo(0.8, 9)
      expect(compared[name].high - compared[name].low).toBeLessThan(1e-9)
    }
  })

  it('leaves out what is no service, when told what that is', () => {
    const ours = [setting('a', 0.8, 5e-4)]
    const theirs = [setting('c', 1, 5e-4), setting('dead', 0.1, 0.95)]
    const options = { draws: 50 }
    expect(compareFrontiers(ours, theirs, random(), options).dominance).toBe('crosses')
    const compared = compareFrontiers(ours, theirs, random(), { ...options, mostViolation: 0.1 })
    expect(compared.dominance).toBe('dominates')
  })

  it('doubts what one day decides: the interval holds both ways', () => {
    const even = (label: string, cost: number): Setting => ({
      label,
      blocks: days.map(() => day(1e6, 100, 24 * cost)),
    })
    // theirs is cheaper on all days but one, on which it costs twenty times as much
    const odd: Setting = {
      label: 'odd',
      blocks: days.map((_, k) => day(1e6, 100, 24 * (k === 3 ? 20 : 0.9))),
    }
    const { costRatio } = compareFrontiers([even('a', 1)], [odd], random())
    expect(costRatio.value).toBeLessThan(1)
    expect(costRatio.low).toBeLessThan(1)
    expect(costRatio.high).toBeGreaterThan(1)
  })

  it('says the same for the same seed, and refuses what cannot be compared', () => {
    const [a, b] = [[setting('a', 1, 0.01)], [setting('b', 2, 0.001)]]
    expect(compareFrontiers(a, b, random())).toEqual(compareFrontiers(a, b, random()))
    const short = [{ label: 'short', blocks: [day(1, 0, 1)] }]
    expect(() => compareFrontiers(a, short, random())).toThrow('setting short has 1 blocks')
    expect(() => compareFrontiers([], b, random())).toThrow('no setting')
  })

  it('cuts a run into days', () => {
    const ticks = 60
    const column = () => new Float64Array(ticks).fill(1)
    const names = [
      ...['arrivals', 'violations', 'failures', 'queued', 'requested', 'ready', 'starting'],
      ...['terminating', 'utilization', 'latencyMeanSeconds', 'latencyP95Seconds'],
      ...['replicaSeconds', 'cost'],
    ]
    const columns = [Object.fromEntries(names.map((name) => [name, column()]))]
    const record = { startMs: 0, tickMs: 3_600_000, services: ['a'], columns }
    const services = [{ spec: { slo: { objective: 0.99 } } }]
    const blocks = blocksOf(record as never, { services } as never)
    expect(blocks.map(({ requests }) => requests)).toEqual([24, 24, 12])
    expect(blocks[2]!.hours).toBe(12)
  })
})
