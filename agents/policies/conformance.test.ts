/** To be a policy is to pass this suite; it walks the registry. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LEVELS } from '../../forecaster/forecast.ts'
import { firstMemory, floorOf } from '../agent.ts'
import { FRESHNESS, type Observation } from '../observation.ts'
import { propose } from '../propose.ts'
import { PolicyKind, ServiceSpec } from '../service-spec.ts'
import { policyOf } from './registry.ts'

const count = fc.integer({ min: 0, max: 40 })
const load = fc.oneof(fc.double({ min: 0, max: 1e4, noNaN: true }), fc.constant(Number.NaN))
const observation: fc.Arbitrary<Observation> = fc
  .record({
    loadRps: load,
    freshness: fc.constantFrom(...FRESHNESS),
    replicas: fc.record({
      requested: fc.integer({ min: 1, max: 40 }),
      ready: count,
      starting: count,
      terminating: count,
    }),
    leadTimeMs: fc.integer({ min: 0, max: 600_000 }),
    capacityPerReplica: fc.double({ min: 0.1, max: 1000, noNaN: true }),
    knee: fc.double({ min: 1.01, max: 3, noNaN: true }),
    demand: fc.option(
      fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), {
        minLength: LEVELS.length,
        maxLength: LEVELS.length,
      }),
      { nil: undefined },
    ),
    drifting: fc.boolean(),
  })
  .map(({ knee, demand, ...o }) => ({
    ...o,
    service: 'x',
    nowMs: 1e9,
    saturationPerReplica: o.capacityPerReplica * knee,
    demand: demand && Float64Array.from(demand).sort(),
  }))

describe.each(PolicyKind.options)('%s', (policy) => {
  const spec = ServiceSpec.parse({ policy, minReplicas: 1, maxReplicas: 40 })

  it('says in a sentence what it does', () => {
    expect(policyOf(policy).kind).toBe(policy)
    expect(policyOf(policy).description).toMatch(/^[A-Z].{20,}\.$/)
  })

  it('never wishes for less than the floor needs, and always for a whole, finite count', () => {
    fc.assert(
      fc.property(observation, (o) => {
        const floor = floorOf(spec, o, firstMemory(o.replicas.requested))
        const wish = policyOf(policy).wish(spec, o, floor)
        expect(Number.isInteger(wish.replicas)).toBe(true)
        expect(wish.replicas).toBeGreaterThanOrEqual(floor.need)
      }),
      { numRuns: 1000, seed: 5 },
    )
  })

  it('offers a menu that starts at what is funded, never rises, and has no hole', () => {
    fc.assert(
      fc.property(observation, fc.integer({ min: 1, max: 40 }), (o, base) => {
        const memory = firstMemory(o.replicas.requested)
        const floor = floorOf(spec, o, memory)
        const { proposal } = propose({
          spec,
          observation: o,
          memory,
          actor: undefined,
          floor,
          base,
          allowed: { min: 1, max: 40 },
        })
        expect(proposal.fromReplicas).toBe(base)
        expect(proposal.loss).toHaveLength(Math.max(0, proposal.preferred - base) + 1)
        proposal.loss.forEach((loss, i) => {
          expect(Number.isFinite(loss)).toBe(true)
          if (i > 0) expect(loss).toBeLessThanOrEqual(proposal.loss[i - 1]! * (1 + 1e-9))
        })
      }),
      { numRuns: 1000, seed: 6 },
    )
  })

  it('wishes for nothing beyond the floor when there is no data', () => {
    fc.assert(
      fc.property(observation, (o) => {
        const blind = { ...o, freshness: 'dead' as const, loadRps: Number.NaN }
        const floor = floorOf(spec, blind, firstMemory(o.replicas.requested))
        expect(policyOf(policy).wish(spec, blind, floor)).toEqual({
          replicas: floor.need,
          reason: 'no-data',
        })
      }),
      { numRuns: 200, seed: 7 },
    )
  })
})
