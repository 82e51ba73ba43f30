/** What is said of a learned policy's part in a count: it sums to what it added, and nothing is said where none acted. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Observation } from '../agents/observation.ts'
import type { LearnedActor } from '../agents/policies/learned/act.ts'
import { ServiceSpec } from '../agents/service-spec.ts'
import { LEVELS } from '../forecaster/forecast.ts'
import { attributePolicy } from './policy-attribution.ts'
import { decideTick } from './tick.ts'
import type { ServiceInput } from './tick-input.ts'

const TICK = { tick: 7, atMs: 1e6 }
/** Asks for more the less sure the forecast is, and for less where the load is falling. */
const CAREFUL: LearnedActor = {
  version: 'careful',
  features: ['doubt', 'trend', 'size'],
  stretch: ([doubt, trend]) => Math.exp(doubt! + 0.5 * trend!),
}

function inputOf(
  { load = 100, median = 120, spread = 0.3, ready = 12 } = {},
  more: Partial<ServiceInput> = {},
): ServiceInput {
  const observation: Observation = {
    ...{ service: 'web', nowMs: TICK.atMs, loadRps: load, freshness: 'fresh', drifting: false },
    replicas: { requested: ready, ready, starting: 0, terminating: 0 },
    ...{ leadTimeMs: 30_000, capacityPerReplica: 10, saturationPerReplica: 13 },
    demand: Float64Array.from(LEVELS, (level) => median * (1 + spread * (level - 0.5))),
  }
  const spec = ServiceSpec.parse({ policy: 'learned', maxReplicas: 100, capacityPerReplica: 10 })
  return { spec, mode: 'enforce', memory: undefined, observation, actor: CAREFUL, ...more }
}

const alone = (input: ServiceInput) =>
  decideTick({ ...TICK, costBudgetPerHour: 1e9, services: [input] }).grants[0]!.to

describe('the part of a learned policy in a count', () => {
  it('sums from the count without it to the count with it', () => {
    const seen = fc.record({
      load: fc.double({ min: 1, max: 400, noNaN: true }),
      median: fc.double({ min: 1, max: 400, noNaN: true }),
      spread: fc.double({ min: 0, max: 1, noNaN: true }),
      ready: fc.integer({ min: 1, max: 60 }),
    })
    fc.assert(
      fc.property(seen, (what) => {
        const input = inputOf(what)
        const acted = attributePolicy(TICK, input)!
        expect(acted.alone).toBe(alone(input))
        expect(acted.analytic).toBe(alone({ ...input, actor: undefined }))
        const added = acted.effects.reduce((sum, e) => sum + e.replicas, acted.atRest.replicas)
        expect(acted.analytic + added).toBeCloseTo(acted.alone, 9)
      }),
      { numRuns: 100 },
    )
  })

  it('names what moved it, and nothing that it does not look at', () => {
    const acted = attributePolicy(TICK, inputOf({ load: 120, spread: 0.8 }))!
    expect(acted.version).toBe('careful')
    expect(acted.effects.map(({ feature }) => feature)).toEqual(['doubt'])
    expect(acted.effects[0]!.replicas).toBeGreaterThan(0)
    expect(acted.effects[0]!.factor).toBeCloseTo(acted.stretch, 9)
  })

  it('is not spoken of where none acted', () => {
    const { spec, observation } = inputOf()
    const idle: Partial<ServiceInput>[] = [
      { actor: undefined },
      { mode: 'off' },
      { spec: { ...spec, policy: 'predictive' } },
      { observation: { ...observation, demand: undefined } },
      { observation: { ...observation, freshness: 'dead', loadRps: Number.NaN } },
    ]
    for (const more of idle) expect(attributePolicy(TICK, inputOf({}, more))).toBeUndefined()
  })
})
