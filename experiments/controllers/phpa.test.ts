/** Cases of predictive-horizontal-pod-autoscaler v0.13, named in each test. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { decideBy, linearPrediction, phpa } from './phpa.ts'
import { drive, testScenario } from './test-service.ts'

describe('linear regression', () => {
  // algorithms/linear_regression/test_linear_regression.py
  const now = Date.parse('2020-02-01T00:56:12Z')
  const history = [
    ['2020-02-01T00:55:33Z', 1],
    ['2020-02-01T00:55:43Z', 2],
    ['2020-02-01T00:55:53Z', 3],
    ['2020-02-01T00:56:03Z', 4],
  ].map(([time, replicas]) => ({ atMs: Date.parse(String(time)), replicas: Number(replicas) }))

  it.each([
    [0, 5],
    [10, 6],
    [15, 7],
  ])('%i s ahead of 1, 2, 3, 4 is %i', (seconds, expected) => {
    expect(linearPrediction(history, now + seconds * 1000)).toBe(expected)
  })

  it('of one evaluation is that evaluation (linear.go)', () => {
    expect(linearPrediction(history.slice(3), now)).toBe(4)
  })
})

describe('the decision', () => {
  // scalebehavior_test.go, TestDecideTargetReplicasByScalingStrategy
  const counts = [1, 10, 8, 15, 0]
  it.each([
    ['maximum', counts, 15],
    ['minimum', counts, 0],
    ['mean', counts, 7],
    ['median', counts, 8],
    ['median', [...counts, 7], 7],
  ] as const)('%s of %j is %i', (decision, of, expected) => {
    expect(decideBy(decision, of)).toBe(expected)
  })
})

describe('the controller', () => {
  const run = (params: object, loadAt: (tick: number) => number, service: object = {}) => {
    const known = testScenario(service)
    const controller = phpa.create(known, phpa.params.parse(params), seededRandom(1))
    return drive(known, controller, { ticks: 240, initial: 5, loadAt })
  }
  const rising = (tick: number) => 100 + tick * 3

  it('with a line runs ahead of a rising load, further the further it looks', () => {
    const models = (lookAheadSeconds: number) => [
      { type: 'Linear', historySize: 20, lookAheadSeconds },
    ]
    const sum = (lookAheadSeconds: number) =>
      run({ models: models(lookAheadSeconds) }, rising).reduce((total, count) => total + count, 0)
    expect(sum(300)).toBeGreaterThan(sum(0))
  })

  it('with Holt-Winters starts a peak before it comes, from the season in its history', () => {
    // peaks of ten minutes each hour; a season of an hour in steps of a minute
    const peak = (minute: number) => (minute % 60 >= 50 ? 600 : 100)
    const history = Array.from({ length: 6 * 60 }, (_, i) => peak(i))
    const loadAt = (tick: number) => peak(Math.floor(tick / 4))
    const season = { type: 'HoltWinters', alpha: 0.2, beta: 0.01, gamma: 0.3, seasonalPeriods: 60 }
    const models = [{ ...season, storedSeasons: 4, initializationMethod: 'heuristic' }]
    const predictive = run({ models, syncSeconds: 60 }, loadAt, { history })
    const line = [{ type: 'Linear', historySize: 2, lookAheadSeconds: 0 }]
    const reactive = run({ models: line, syncSeconds: 60 }, loadAt, { history })
    // the peak begins with tick 200; what was measured until then says nothing of it. At most double at once.
    expect([predictive[200], reactive[200]]).toEqual([8, 4])
  })

  it('runs a model every perSyncPeriod syncs only', () => {
    const line = { type: 'Linear', historySize: 20, lookAheadSeconds: 300, perSyncPeriod: 8 }
    const rest = { metric: 'external-rps', tolerance: 0, downscaleStabilizationSeconds: 0 }
    const counts = run({ models: [line], ...rest }, rising)
    // 32 requests/s a replica; at 3 more each tick, 300 s ahead are two replicas
    const ahead = counts.flatMap((count, i) => (count > Math.ceil(rising(i) / 32) + 1 ? [i] : []))
    expect(ahead.length).toBeGreaterThan(20)
    expect(ahead.slice(1).map((tick, i) => tick - ahead[i]!)).toEqual(ahead.slice(1).map(() => 8))
  })
})

describe('parameters', () => {
  it.each([
    [{ models: [] }, /models/],
    [{ models: [{ type: 'Prophet' }] }, /type/],
    [{ decisionType: 'latest' }, /decisionType/],
    [{ models: [{ type: 'HoltWinters', seasonalPeriods: 3, storedSeasons: 3 }] }, /storedSeasons/],
    [{ models: [{ type: 'HoltWinters', alpha: 2 }] }, /alpha/],
  ])('%j are refused, naming the field', (bad, field) => {
    expect(() => phpa.params.parse(bad)).toThrow(field)
  })
})
