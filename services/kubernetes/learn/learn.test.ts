/** What is learned of a history: the truth it was drawn from lies within the bounds, and what cannot be told is said. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../forecaster/random.ts'
import { estimateCapacity, type HistoryStep, quantileWithBounds } from './estimate.ts'
import { queriesOf } from './queries.ts'

const input = (steps: readonly HistoryStep[], over: object = {}) => ({
  ...{ steps, stepSeconds: 60, cpuRequest: 0.5, objective: 0.99, declared: 10, blockSteps: 60 },
  ...over,
})

/** A day of minutes: 0.02 idle cores a replica and 0.012 a request, ±5 %. */
function day(random: () => number, over: Partial<HistoryStep> = {}): HistoryStep[] {
  return Array.from({ length: 1440 }, (_, k) => {
    const loadRps = 120 + 80 * Math.sin((2 * Math.PI * k) / 1440)
    const readyReplicas = Math.ceil(loadRps / 30)
    const cpuCores = (0.02 * readyReplicas + 0.012 * loadRps) * (0.95 + 0.1 * random())
    return { loadRps, readyReplicas, cpuCores, violationRatio: Number.NaN, ...over }
  })
}

describe('capacity by CPU', () => {
  it('is where a replica uses what it requests, within bounds that hold it', () => {
    const found = estimateCapacity(input(day(seededRandom(1))))
    if (found.by === 'none') throw new Error(found.why)
    const truth = (0.5 - 0.02) / 0.012
    expect(found.by).toBe('cpu')
    expect(found.low!).toBeLessThan(found.high!)
    expect(found.value / truth).toBeGreaterThan(0.9)
    expect(found.value / truth).toBeLessThan(1.1)
  })

  it('does not take a gap for a zero', () => {
    const whole = day(seededRandom(1))
    const gaps = whole.map((step, k) => (k % 3 === 0 ? { ...step, cpuCores: Number.NaN } : step))
    const [one, two] = [whole, gaps].map((steps) => estimateCapacity(input(steps)))
    if (one!.by === 'none' || two!.by === 'none') throw new Error('nothing found')
    expect(two!.value / one!.value).toBeCloseTo(1, 1)
    expect(two!.steps).toBe(960)
  })

  it.each([
    ['too little', day(seededRandom(1)).slice(0, 59), {}, '59 steps'],
    ['no CPU', day(seededRandom(1), { cpuCores: Number.NaN }), {}, 'CPU is not known'],
    ['no request', day(seededRandom(1)), { cpuRequest: Number.NaN }, 'request no CPU'],
    ['CPU that stands still', day(seededRandom(1), { cpuCores: 1 }), {}, 'does not follow load'],
  ])('of %s is not told, but what was seen is', (_what, steps, over, why) => {
    expect(estimateCapacity(input(steps, over))).toMatchObject({
      by: 'none',
      why: expect.stringContaining(why),
      mostSeen: expect.any(Number),
    })
  })
})

it('capacity by violations is where they begin, whatever CPU says', () => {
  // up to 25 requests/s a replica all is well; beyond, ever more violate
  const steps = day(seededRandom(2)).map((step) => {
    const perReplica = step.loadRps / step.readyReplicas
    return { ...step, violationRatio: Math.min(1, Math.max(0, (perReplica - 25) / 10)) }
  })
  const found = estimateCapacity(input(steps, { declared: 20 }))
  if (found.by === 'none') throw new Error(found.why)
  expect(found.by).toBe('violations')
  expect(found.value).toBeGreaterThan(22)
  expect(found.value).toBeLessThan(28)
  expect(found.low!).toBeLessThanOrEqual(found.value)
})

describe('a quantile with bounds', () => {
  it('has the ranks that the binomial distribution gives', () => {
    // Conover, Practical Nonparametric Statistics, §3.2: of 20 the median's 95 % interval is from the 6th to the 15th
    const values = Array.from({ length: 20 }, (_, i) => i + 1)
    expect(quantileWithBounds(values, 0.5)).toEqual({ value: 10, low: 6, high: 15 })
  })

  it('has no bound where too few could hold it, and is undefined of none', () => {
    expect(quantileWithBounds([3], 0.9)).toEqual({ value: 3, low: null, high: null })
    expect(quantileWithBounds([], 0.9)).toBeUndefined()
  })

  it('lies within its bounds', () => {
    const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), {
      minLength: 1,
      maxLength: 200,
    })
    fc.assert(
      fc.property(values, fc.constantFrom(0.5, 0.9), (all, share) => {
        const { value, low, high } = quantileWithBounds(all, share)!
        expect(low ?? value).toBeLessThanOrEqual(value)
        expect(high ?? value).toBeGreaterThanOrEqual(value)
      }),
    )
  })
})

it('queries name the workload literally, and kinds that nobody tells of have none', () => {
  const ref = { namespace: 'shop', kind: 'Deployment', name: 'a.b', apiVersion: 'apps/v1' }
  expect(queriesOf(ref)!.podReady).toContain('pod=~"a\\\\.b-[0-9a-z]{1,10}-[0-9a-z]{5}"')
  expect(queriesOf({ ...ref, kind: 'Rollout', apiVersion: 'argoproj.io/v1alpha1' })).toBeUndefined()
})
