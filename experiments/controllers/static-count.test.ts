import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { historicLoad } from './per-service.ts'
import { quantileOf } from './quantile.ts'
import { staticCount } from './static-count.ts'
import { START_MS, testScenario, unseen } from './test-service.ts'

const countFor = (history: number[], params: object): number => {
  const known = testScenario({ history })
  const controller = staticCount.create(known, staticCount.params.parse(params), seededRandom(1))
  return controller.decide(START_MS, [unseen({ ready: 3 })])[0]!
}

describe('a fixed count', () => {
  const history = [40, 80, 120, 160, 200, 240, 280, 320, 360, 400]

  it('is what the chosen share of the history needed, at 40 requests/s a replica', () => {
    expect(countFor(history, { quantile: 1, utilization: 1 })).toBe(10)
    expect(countFor(history, { quantile: 0.9, utilization: 1 })).toBe(9)
    expect(countFor(history, { quantile: 0.5, utilization: 1 })).toBe(5)
    // 400 / (40 · 0.8) = 12.5
    expect(countFor(history, { quantile: 1, utilization: 0.8 })).toBe(13)
  })

  it('may be said outright', () => {
    expect(countFor(history, { replicas: 7 })).toBe(7)
  })

  it('stays as it is without a history', () => {
    expect(countFor([], {})).toBe(3)
  })
})

describe('the history', () => {
  it('of a called service holds what its callers send it', () => {
    const known = testScenario({ history: [10, 20] })
    const caller = known.services[0]!
    const call = (service: string, perRequest: number) => ({ service, perRequest })
    const services = [
      { ...caller, serving: { ...caller.serving, calls: [call('b', 2)] } },
      { ...caller, name: 'b', serving: { ...caller.serving, calls: [call('c', 0.5)] } },
      { ...caller, name: 'c', history: new Float64Array(2) },
    ]
    // b: its own 10 and 20, and twice web's; c: half of b's
    expect(historicLoad({ ...known, services }).map((load) => [...load])).toEqual([
      [10, 20],
      [30, 60],
      [15, 30],
    ])
  })
})

describe('the nearest-rank quantile', () => {
  it('is a sample that at least the given share do not exceed', () => {
    expect(quantileOf([3, 1, 2], 0.5)).toBe(2)
    expect(quantileOf([1, 2, 3, 4], 0.5)).toBe(2)
    expect(quantileOf([1, 2, 3, 4], 0.51)).toBe(3)
    expect(quantileOf([], 0.5)).toBeNaN()
  })
})
