/** What an attribution promises: it sums, it blames nothing that stayed the same, and it names what moved. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Observation } from '../agents/observation.ts'
import { ServiceSpec } from '../agents/service-spec.ts'
import { LEVELS } from '../forecaster/forecast.ts'
import { attribute, type Moment } from './attribution.ts'
import { PARTS, type Part } from './attribution-parts.ts'
import { decideTick } from './tick.ts'
import type { ServiceInput } from './tick-input.ts'

const BUDGET = 100

const demandAround = (median: number, spread: number): Float64Array =>
  Float64Array.from(LEVELS, (level) => median * (1 + spread * (level - 0.5)))

function inputOf(seen: Partial<Observation> = {}, spec: object = {}): ServiceInput {
  return {
    spec: ServiceSpec.parse({ maxReplicas: 50, capacityPerReplica: 10, ...spec }),
    mode: 'enforce',
    memory: undefined,
    observation: {
      service: 'web',
      nowMs: 1e6,
      loadRps: 30,
      freshness: 'fresh',
      replicas: { requested: 4, ready: 4, starting: 0, terminating: 0 },
      leadTimeMs: 30_000,
      capacityPerReplica: 10,
      saturationPerReplica: 13,
      demand: demandAround(40, 0.2),
      drifting: false,
      ...seen,
    },
  }
}

function momentOf(input: ServiceInput, tick: number, costBudgetPerHour = BUDGET): Moment {
  const atMs = input.observation.nowMs
  const { grants } = decideTick({ tick, atMs, costBudgetPerHour, services: [input] })
  return { input, tick, atMs, to: grants[0]!.to }
}

function partsOf(then: Moment, now: Moment): Record<Part, number> {
  const { replicas } = attribute(then, now)
  return Object.fromEntries(PARTS.map((part, i) => [part, replicas[i]!])) as Record<Part, number>
}

const seen = fc.record({
  loadRps: fc.double({ min: 0, max: 200, noNaN: true }),
  freshness: fc.constantFrom('fresh', 'late', 'stale', 'dead'),
  capacityPerReplica: fc.double({ min: 5, max: 20, noNaN: true }),
  drifting: fc.boolean(),
  replicas: fc.nat(30).map((ready) => ({ requested: ready, ready, starting: 0, terminating: 0 })),
  demand: fc.option(
    fc
      .tuple(
        fc.double({ min: 0, max: 300, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      )
      .map(([median, spread]) => demandAround(median, spread)),
    { nil: undefined },
  ),
})
const moments = fc
  .tuple(
    seen.map((s) => inputOf({ ...s, saturationPerReplica: 1.3 * s.capacityPerReplica } as object)),
    fc.double({ min: 0.1, max: 8, noNaN: true }),
  )
  .map(([input, budget]) => momentOf(input, 1, budget))

describe('an attribution', () => {
  it('sums to the difference between the two counts', () => {
    fc.assert(
      fc.property(moments, moments, (then, now) => {
        const { replicas, from, to } = attribute(then, now)
        expect([from, to]).toEqual([then.to, now.to])
        expect(replicas.reduce((sum, part) => sum + part, 0)).toBeCloseTo(to - from, 9)
      }),
      { numRuns: 60 },
    )
  })

  it('blames nothing that stayed the same', () => {
    fc.assert(
      fc.property(moments, fc.double({ min: 0, max: 200, noNaN: true }), (then, loadRps) => {
        const input = inputOf({ ...then.input.observation, loadRps })
        const { load: _, money: __, ...rest } = partsOf(then, momentOf(input, 2))
        for (const share of Object.values(rest)) expect(share).toBeCloseTo(0, 12)
      }),
      { numRuns: 40 },
    )
  })

  it('is the same the other way round, with the signs turned', () => {
    fc.assert(
      fc.property(moments, moments, (then, now) => {
        // alone, the tick's number and time decide nothing
        const forth = attribute(then, now).replicas
        const back = attribute(now, then).replicas
        forth.forEach((share, i) => {
          expect(share).toBeCloseTo(-back[i]!, 9)
        })
      }),
      { numRuns: 40 },
    )
  })

  it.each<[Part, Partial<Observation>]>([
    ['forecast', { demand: demandAround(80, 0.2) }],
    ['spread', { demand: demandAround(40, 1.2) }],
    ['capacity', { capacityPerReplica: 5, saturationPerReplica: 6.5 }],
    ['load', { loadRps: 120 }],
  ])('names %s where only that changed', (part, change) => {
    const then = momentOf(inputOf(), 1)
    const now = momentOf(inputOf(change), 2)
    expect(now.to).toBeGreaterThan(then.to)
    expect(partsOf(then, now)[part]).toBeCloseTo(now.to - then.to, 12)
  })

  it('shares a growth between the two things that together made it', () => {
    const then = momentOf(inputOf(), 1)
    const change = { demand: demandAround(80, 0.2), capacityPerReplica: 7, saturationPerReplica: 9 }
    const { forecast, capacity } = partsOf(then, momentOf(inputOf(change), 2))
    expect(forecast).toBeGreaterThan(0)
    expect(capacity).toBeGreaterThan(0)
  })

  it('names money where the budget alone was cut, and the declaration where that was changed', () => {
    const then = momentOf(inputOf(), 1)
    const poor = momentOf(inputOf(), 2, 0.41)
    expect(poor.to).toBeLessThan(then.to)
    expect(partsOf(then, poor).money).toBeCloseTo(poor.to - then.to, 12)
    const declared = momentOf(inputOf({}, { minReplicas: 9 }), 2)
    expect(partsOf(then, declared).settings).toBeCloseTo(declared.to - then.to, 12)
  })
})
