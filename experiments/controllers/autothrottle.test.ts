/** Wang et al., "Autothrottle", NSDI 2024, and microsoft/autothrottle: worked by hand from worker-daemon.py and utils.py. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { applicationsOf, autothrottle, throttledShare } from './autothrottle.ts'
import { createCaptain } from './captain.ts'
import { erlangC } from './erlang.ts'
import { drive, testScenario } from './test-service.ts'
import { createMemory, createTower, TARGETS } from './tower.ts'

const captainAt = (limit: number) => createCaptain({ limit, margin: 3, samples: 50 })
const FREE = { minReplicas: 0, maxReplicas: 1000 }

describe('a Captain', () => {
  it('scales up by how much the throttling exceeds three times its target', () => {
    // 10 · (1 + 0.5 − 3 · 0.1), then 12 · (1 + 0.4 − 0.3)
    const captain = captainAt(10)
    expect(captain.step(9, 0.5, 0.1, FREE)).toBeCloseTo(12, 12)
    expect(captain.step(9, 0.4, 0.1, FREE)).toBeCloseTo(13.2, 12)
  })

  it('stays while the proposal is within a tenth of its limit', () => {
    const captain = captainAt(10)
    expect(captain.step(9.5, 0.1, 0.1, FREE)).toBe(10)
  })

  it('scales down to the largest usage and its margin of deviations, to half at most', () => {
    // margin 3 − 0.1, then 2.8: one sample has no deviation
    const captain = captainAt(10)
    expect(captain.step(6, 0, 0.1, FREE)).toBe(6)
    const steep = captainAt(10)
    expect(steep.step(1, 0, 0.1, FREE)).toBe(5)
    // usage 4 and 6: 6 + 2.8 · √2 = 9.96 of a limit of 20 → 10
    const wide = captainAt(20)
    expect(wide.step(4, 0, 0.1, FREE)).toBe(10)
    expect(wide.step(6, 0, 0.1, FREE)).toBe(10)
  })

  it('rolls a scale-down back, and as much again, when it throttles', () => {
    const captain = captainAt(10)
    expect(captain.step(6, 0, 0.1, FREE)).toBe(6)
    // 2 · 10 − 6
    expect(captain.step(6, 0.9, 0.1, FREE)).toBe(14)
    // the margin has grown by 0.8 to 3.7; −0.1 now. No deviation: 6 ≤ 0.9 · 14, half of 14 at most
    expect(captain.step(6, 0, 0.1, FREE)).toBe(7)
  })

  it('does not wind up beyond the bounds', () => {
    const captain = captainAt(10)
    const bounds = { minReplicas: 1, maxReplicas: 12 }
    for (let i = 0; i < 20; i++) captain.step(9, 1, 0.1, bounds)
    expect(captain.step(9, 1, 0.1, bounds)).toBeLessThanOrEqual(12 * 1.7 + 1e-9)
  })
})

describe('Erlang’s formula C', () => {
  it('is the offered load for one server, 1/3 for two with one busy, and 0.0361 for 10 with 5 busy', () => {
    expect(erlangC(1, 0.7)).toBeCloseTo(0.7, 12)
    expect(erlangC(2, 1)).toBeCloseTo(1 / 3, 12)
    // tables of Erlang C: B(10, 5) = 0.018385, C = B / (1 − 0.5 (1 − B))
    expect(erlangC(10, 5)).toBeCloseTo(0.0361, 4)
    expect(erlangC(10, 10)).toBe(1)
    expect(erlangC(10, 0)).toBe(0)
  })

  it('in tenths stands for the throttled periods', () => {
    expect(throttledShare(8, 0.5)).toBe(0.1)
    expect(throttledShare(8, 0.3)).toBe(0)
    expect(throttledShare(8, 1)).toBe(1)
  })
})

describe('the Tower', () => {
  it('costs 0 to 1 by allocation while the SLO is met, 2 to 3 by the miss when not', () => {
    const memory = createMemory(5)
    const outcomes = [
      { missed: 0, allocation: 10 },
      { missed: -1, allocation: 30 },
      { missed: 0, allocation: 20 },
      { missed: 0.1, allocation: 5 },
      { missed: 0.3, allocation: 5 },
    ]
    for (const [action, outcome] of outcomes.entries()) memory.add(100, action, outcome)
    const { costs, weights } = memory.evidence(100)
    expect([...costs].map((cost, action) => cost / weights[action]!)).toEqual([0, 1, 0.5, 2, 3])
  })

  it('takes the median of what an action cost, in the middle of its scale while all are the same', () => {
    const memory = createMemory(1)
    const costAfter = (missed: number, allocation: number) => {
      memory.add(100, 0, { missed, allocation })
      const { costs, weights } = memory.evidence(100)
      return costs[0]! / weights[0]!
    }
    expect(costAfter(0, 10)).toBe(0.5)
    // of 0.5 and 2.5, of 0, 1 and 2.5, then of 0, 0.5, 1 and 2.5
    expect(costAfter(0.2, 0)).toBe(1.5)
    expect(costAfter(0, 20)).toBe(1)
    expect(costAfter(0, 15)).toBe(0.75)
  })

  it('begins with the targets that throttle least', () => {
    expect(createTower(2, 0, () => 0.5).decide(100, undefined)).toEqual([0, 0])
  })

  it('learns the highest target that still meets the SLO', () => {
    const random = seededRandom('tower')
    const tower = createTower(1, 0.5, random)
    // allocation falls with the target; from the sixth on the SLO is missed
    let outcome: { missed: number; allocation: number } | undefined
    const seen: number[] = []
    for (let i = 0; i < 600; i++) {
      const [action] = tower.decide(100, outcome)
      outcome = { missed: action! >= 5 ? 0.01 * action! : -0.01, allocation: 20 - action! }
      seen.push(action!)
    }
    const mean = seen.slice(300).reduce((sum, action) => sum + action, 0) / 300
    expect(mean).toBeGreaterThan(2)
    expect(mean).toBeLessThan(5.5)
  })

  it('tries neighbours only, of one group at a time', () => {
    const tower = createTower(2, 1, seededRandom('neighbours'))
    const tried = new Set(Array.from({ length: 50 }, () => tower.decide(100, undefined).join()))
    expect([...tried].sort()).toEqual(['0,1', '1,0'])
  })

  it('has the paper’s nine targets', () => {
    expect(TARGETS).toEqual([0, 0.02, 0.04, 0.06, 0.1, 0.15, 0.2, 0.25, 0.3])
  })
})

describe('the controller', () => {
  it('looks after services that call one another as one application', () => {
    const { services, ...known } = testScenario()
    const named = (name: string, ...calls: string[]) => ({
      ...services[0]!,
      name,
      serving: {
        ...services[0]!.serving,
        calls: calls.map((service) => ({ service, perRequest: 1 })),
      },
    })
    const all = [named('a', 'c'), named('b'), named('c', 'd'), named('d'), named('e', 'b')]
    expect(applicationsOf({ ...known, services: all })).toEqual([
      [0, 2, 3],
      [1, 4],
    ])
  })

  it('needs fewer replicas the more throttling it accepts', () => {
    const known = testScenario()
    const loadAt = (tick: number) => 200 + 40 * Math.sin(tick / 7)
    const sum = (fixedTarget: number) => {
      const params = autothrottle.params.parse({ fixedTarget })
      const controller = autothrottle.create(known, params, seededRandom(1))
      return drive(known, controller, { ticks: 960, initial: 8, loadAt }).reduce((a, b) => a + b, 0)
    }
    expect(sum(0.3)).toBeLessThan(sum(0))
  })

  it('with its Tower carries a steady load after a while', () => {
    const known = testScenario()
    const controller = autothrottle.create(known, autothrottle.params.parse({}), seededRandom(1))
    const counts = drive(known, controller, { ticks: 1440, initial: 3, loadAt: () => 200 })
    const last = counts.slice(-480)
    expect(last.filter((count) => count >= 5).length).toBeGreaterThan(0.9 * last.length)
    expect(last.reduce((a, b) => a + b, 0) / last.length).toBeLessThan(15)
  })
})

describe('parameters', () => {
  it.each([
    [{ explore: 2 }, /explore/],
    [{ allowance: 0 }, /allowance/],
    [{ usageSamples: 1 }, /usageSamples/],
    [{ fixedTarget: -0.1 }, /fixedTarget/],
  ])('%j are refused, naming the field', (bad, field) => {
    expect(() => autothrottle.params.parse(bad)).toThrow(field)
  })
})
