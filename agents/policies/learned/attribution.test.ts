import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LEVELS } from '../../../forecaster/forecast.ts'
import { ServiceSpec } from '../../service-spec.ts'
import type { LearnedActor } from './act.ts'
import { attributionOf as attribute } from './attribution.ts'
import type { FeatureName } from './features.ts'
import type { Foreseen } from './stretch.ts'

const spec = ServiceSpec.parse({ policy: 'learned', maxReplicas: 200 })
const FEATURES: readonly FeatureName[] = ['size', 'pressure', 'trend', 'doubt', 'drifting']

const actorOf = (stretch: (features: Float32Array) => number): LearnedActor => ({
  version: 'test',
  features: FEATURES,
  stretch,
})

const observation: fc.Arbitrary<Foreseen> = fc
  .record({
    load: fc.double({ min: 1, max: 300, noNaN: true }),
    ready: fc.integer({ min: 1, max: 40 }),
    spread: fc.double({ min: 0, max: 1, noNaN: true }),
    drifting: fc.boolean(),
  })
  .map(({ load, ready, spread, drifting }) => ({
    ...{ service: 'search', nowMs: 0, loadRps: load, freshness: 'fresh' as const, drifting },
    replicas: { requested: ready, ready, starting: 0, terminating: 0 },
    ...{ leadTimeMs: 60_000, capacityPerReplica: 10, saturationPerReplica: 12 },
    demand: Float64Array.from(LEVELS, (level) => load * (1 + spread * level)),
  }))

/** A count that grows in steps, as counts do. */
const countAt = (stretch: number) => Math.ceil(20 * stretch)
const attributionOf = (actor: LearnedActor, of: ServiceSpec, seen: Foreseen) =>
  attribute(actor, of, seen, countAt)

describe('an attribution', () => {
  it('sums in replicas to what the policy adds to the count without it', () => {
    const odd = actorOf(([a, b, c, d, e]) => Math.exp(Math.sin(a! + b! * c!) * 0.5 + d! * e!))
    fc.assert(
      fc.property(observation, (o) => {
        const { stretch, atRest, effects } = attributionOf(odd, spec, o)
        const sum = effects.reduce((all, { replicas }) => all + replicas, atRest.replicas)
        expect(countAt(1) + sum).toBeCloseTo(countAt(stretch), 9)
      }),
    )
  })

  it('asks for the count of each stretch once', () => {
    const [o] = fc.sample(observation, 1)
    const asked: number[] = []
    const byDoubt = actorOf(([, , , doubt]) => (doubt! > 0 ? 1.4 : 0.8))
    attribute(byDoubt, spec, { ...o!, demand: o!.demand.map((q, i) => q * (1 + i / 10)) }, (s) => {
      asked.push(s)
      return countAt(s)
    })
    expect(asked.sort()).toEqual([0.8, 1, 1.4])
  })

  it('multiplies to the stretch: what is at rest times every effect (efficiency)', () => {
    const odd = actorOf(([a, b, c, d, e]) => Math.exp(Math.sin(a! + b! * c!) * 0.5 + d! * e!))
    fc.assert(
      fc.property(observation, (o) => {
        const { stretch, atRest, effects } = attributionOf(odd, spec, o)
        const product = effects.reduce((all, { factor }) => all * factor, atRest.factor)
        expect(product / stretch).toBeCloseTo(1, 9)
      }),
    )
  })

  it('of a sum gives each input its own term', () => {
    const sum = actorOf(([, b, c, d]) => Math.exp(0.1 * b! - 0.2 * c! + 0.3 * d!))
    fc.assert(
      fc.property(observation, (o) => {
        const { atRest, effects } = attributionOf(sum, spec, o)
        expect(atRest).toEqual({ factor: 1, replicas: 0 })
        const weights: Partial<Record<FeatureName, number>> = {
          pressure: 0.1,
          trend: -0.2,
          doubt: 0.3,
        }
        for (const { feature, value, factor } of effects)
          expect(Math.log(factor)).toBeCloseTo((weights[feature] ?? 0) * value, 6)
      }),
    )
  })

  it('shares a product evenly between inputs that are worth nothing alone (symmetry)', () => {
    const both = actorOf(([, b, , d]) => (b !== 0 && d !== 0 ? Math.exp(0.4) : 1))
    const [o] = fc.sample(
      observation.filter(({ loadRps, replicas }) => loadRps > 12 * replicas.ready),
      1,
    )
    const doubtful = { ...o!, demand: o!.demand.map((q, i) => q * (1 + i / 10)) }
    const { effects } = attributionOf(both, spec, doubtful)
    const logOf = (name: FeatureName) =>
      Math.log(effects.find(({ feature }) => feature === name)!.factor)
    expect(logOf('pressure')).toBeCloseTo(0.2, 9)
    expect(logOf('doubt')).toBeCloseTo(0.2, 9)
    expect(logOf('trend')).toBeCloseTo(0, 9)
  })

  it('gives what a service is no effect, and says nothing of an actor that says nothing', () => {
    const [o] = fc.sample(observation, 1)
    const bySize = attributionOf(
      actorOf(([size]) => 1 + size! / 10),
      spec,
      o!,
    )
    expect(bySize.effects.every(({ factor }) => factor === 1)).toBe(true)
    expect(bySize.stretch).toBe(bySize.atRest.factor)
    expect(
      attributionOf(
        actorOf(() => Number.NaN),
        spec,
        o!,
      ).stretch,
    ).toBe(1)
  })
})
