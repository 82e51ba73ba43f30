import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LEVELS } from '../../forecaster/forecast.ts'
import { firstMemory, floorOf } from '../agent.ts'
import type { Observation } from '../observation.ts'
import { ServiceSpec } from '../service-spec.ts'
import type { LearnedActor } from './learned/act.ts'
import { STRETCH_LEAST, STRETCH_MOST } from './learned/document.ts'
import { FEATURE_LIMIT, FEATURE_NAMES, writeLearnedFeatures } from './learned/features.ts'
import { learned } from './learned.ts'
import { predictive } from './predictive.ts'

const spec = ServiceSpec.parse({ policy: 'learned', minReplicas: 1, maxReplicas: 200 })

const positive = (max: number) => fc.double({ min: 0, max, noNaN: true })
const observation = fc
  .record({
    capacityPerReplica: fc.double({ min: 0.01, max: 1000, noNaN: true }),
    knee: fc.double({ min: 1.02, max: 3, noNaN: true }),
    load: positive(100),
    demand: fc.array(positive(100), { minLength: LEVELS.length, maxLength: LEVELS.length }),
    replicas: fc.record({
      requested: fc.nat(40),
      ready: fc.nat(40),
      starting: fc.nat(40),
      terminating: fc.nat(40),
    }),
    leadTimeMs: fc.integer({ min: 0, max: 3_600_000 }),
    drifting: fc.boolean(),
    freshness: fc.constantFrom('fresh' as const, 'late' as const),
  })
  .map(({ capacityPerReplica, knee, load, demand, ...rest }) => ({
    ...rest,
    service: 'search',
    nowMs: 1e9,
    capacityPerReplica,
    saturationPerReplica: capacityPerReplica * knee,
    loadRps: load * capacityPerReplica,
    demand: Float64Array.from(demand, (value) => value * capacityPerReplica).sort(),
  }))

const always = (stretch: number): LearnedActor => ({
  version: 'test',
  features: FEATURE_NAMES,
  stretch: () => stretch,
})

const wishOf = (o: Observation, actor: LearnedActor | undefined) =>
  learned.wish(
    spec,
    learned.see(spec, o, actor),
    floorOf(spec, o, firstMemory(o.replicas.requested)),
  )

describe('learned', () => {
  it('is the predictive policy to the bit without an actor, and with one that says 1', () => {
    fc.assert(
      fc.property(observation, fc.nat(50), (o, replicas) => {
        for (const actor of [undefined, always(1)]) {
          const seen = learned.see(spec, o, actor)
          expect(seen).toBe(o)
          expect(learned.loss(spec, seen, replicas)).toBe(predictive.loss(spec, o, replicas))
        }
      }),
    )
  })

  it('wants as much for a stretched demand as for a forecast of that demand', () => {
    fc.assert(
      fc.property(observation, fc.double({ min: 0.3, max: 3, noNaN: true }), (o, stretch) => {
        const foreseen = { ...o, demand: o.demand.map((quantile) => quantile * stretch) }
        expect(wishOf(o, always(stretch))).toEqual(wishOf(foreseen, undefined))
      }),
    )
  })

  it('holds what an actor says within bounds, and does not follow what is no number', () => {
    fc.assert(
      fc.property(observation, (o) => {
        const demandOf = (said: number) => learned.see(spec, o, always(said)).demand
        expect(demandOf(Number.POSITIVE_INFINITY)).toEqual(o.demand.map((q) => q * STRETCH_MOST))
        expect(demandOf(-1)).toEqual(o.demand.map((q) => q * STRETCH_LEAST))
        expect(demandOf(Number.NaN)).toBe(o.demand)
      }),
    )
  })

  it('does not ask the actor where there is no forecast to correct, or no load', () => {
    const asked: LearnedActor = {
      ...always(2),
      stretch: () => {
        throw new Error('asked')
      },
    }
    const [o] = fc.sample(observation, 1)
    for (const blind of [
      { ...o!, demand: undefined },
      { ...o!, freshness: 'dead' as const },
      { ...o!, loadRps: Number.NaN },
    ])
      expect(learned.see(spec, blind, asked)).toBe(blind)
  })
})

describe('features', () => {
  const featuresOf = (o: Observation & { demand: Float64Array }) => {
    const into = new Float32Array(FEATURE_NAMES.length)
    writeLearnedFeatures(FEATURE_NAMES, spec, o, into)
    return [...into]
  }

  it('are finite and within their limit, whatever is seen', () => {
    fc.assert(
      fc.property(observation, (o) => {
        for (const value of featuresOf(o)) {
          expect(Number.isFinite(value)).toBe(true)
          expect(Math.abs(value)).toBeLessThanOrEqual(FEATURE_LIMIT)
        }
      }),
    )
  })

  it('do not depend on the unit of load: requests of twice the size, half as many', () => {
    fc.assert(
      fc.property(observation, (o) => {
        const halved: typeof o = {
          ...o,
          capacityPerReplica: o.capacityPerReplica / 2,
          saturationPerReplica: o.saturationPerReplica / 2,
          loadRps: o.loadRps / 2,
          demand: o.demand.map((quantile) => quantile / 2),
        }
        expect(featuresOf(halved)).toEqual(featuresOf(o))
      }),
    )
  })
})
