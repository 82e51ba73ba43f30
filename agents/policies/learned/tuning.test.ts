import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LEVELS } from '../../../forecaster/forecast.ts'
import { firstMemory, floorOf } from '../../agent.ts'
import { expectedLoss, violationCurve } from '../../loss.ts'
import type { Observation } from '../../observation.ts'
import { ServiceSpec } from '../../service-spec.ts'
import { learned } from '../learned.ts'
import { predictive } from '../predictive.ts'
import type { LearnedActor } from './act.ts'
import { replicasWorth, Tuning, tunedDemand } from './tuning.ts'
import { tuningAtRest, tuningEffects } from './tuning-attribution.ts'

const spec = ServiceSpec.parse({ policy: 'learned', maxReplicas: 60 })
const asPredictive = tuningAtRest

const actor = (tuning: Tuning): LearnedActor => ({
  ...{ version: 'test', features: [], stretch: () => 1 },
  tuningOf: (service) => (service === 'search' ? tuning : undefined),
})

const observation = fc
  .record({
    load: fc.double({ min: 0, max: 300, noNaN: true }),
    demand: fc.array(fc.double({ min: 0, max: 300, noNaN: true }), {
      minLength: LEVELS.length,
      maxLength: LEVELS.length,
    }),
    requested: fc.nat(40),
    drifting: fc.boolean(),
  })
  .map(({ load, demand, requested, drifting }): Observation & { demand: Float64Array } => ({
    ...{ service: 'search', nowMs: 1e9, loadRps: load, freshness: 'fresh', drifting },
    replicas: { requested, ready: requested, starting: 0, terminating: 0 },
    ...{ leadTimeMs: 60_000, capacityPerReplica: 10, saturationPerReplica: 12.5 },
    demand: Float64Array.from(demand).sort(),
  }))

const wishOf = (o: Observation, acting: LearnedActor) =>
  learned.wish(
    spec,
    learned.see(spec, o, acting),
    floorOf(spec, o, firstMemory(o.replicas.requested)),
    acting,
  )

describe('a tuning', () => {
  it('with everything at rest is the predictive policy', () => {
    const same = actor(asPredictive(spec.slo.objective))
    fc.assert(
      fc.property(observation, fc.nat(50), (o, replicas) => {
        const floor = floorOf(spec, o, firstMemory(o.replicas.requested))
        expect(wishOf(o, same)).toEqual(predictive.wish(spec, o, floor))
        const seen = learned.see(spec, o, same)
        expect(learned.loss(spec, seen, replicas)).toBe(predictive.loss(spec, o, replicas))
        expect(learned.holdMs?.(o, same)).toBe(o.leadTimeMs)
      }),
    )
  })

  it('is of the service that it names alone', () => {
    const much = actor({ ...asPredictive(0.99), stretch: 4, holdLeads: 9 })
    fc.assert(
      fc.property(observation, (seen) => {
        const other = { ...seen, service: 'auth' }
        expect(learned.see(spec, other, much)).toBe(other)
        expect(learned.holdMs?.(other, much)).toBe(other.leadTimeMs)
      }),
    )
  })

  it('keeps quantiles in order, above the standing and the recent load', () => {
    const tuning = fc.record({
      ...{ weighing: fc.constant(asPredictive(0.9).weighing) },
      stretch: fc.double({ min: 0.25, max: 4, noNaN: true }),
      spread: fc.double({ min: 0, max: 8, noNaN: true }),
      recent: fc.double({ min: 0, max: 4, noNaN: true }),
      standingRps: fc.double({ min: 0, max: 1000, noNaN: true }),
      holdLeads: fc.double({ min: 0, max: 500, noNaN: true }),
    })
    fc.assert(
      fc.property(observation, tuning, (o, drawn) => {
        const demand = tunedDemand(Tuning.parse(drawn), o)
        expect(demand[0]).toBeGreaterThanOrEqual(
          Math.max(drawn.standingRps, drawn.recent * o.loadRps),
        )
        demand.forEach((quantile, i) => {
          expect(Number.isFinite(quantile)).toBe(true)
          if (i > 0) expect(quantile).toBeGreaterThanOrEqual(demand[i - 1]!)
        })
      }),
    )
  })

  it('by worth wants the count of least cost and loss, as trying every count finds it', () => {
    const curve = violationCurve(10, 12.5, 0.99)
    const worths = fc.double({ min: 0, max: 6, noNaN: true }).map((decades) => 10 ** decades)
    fc.assert(
      fc.property(observation, worths, ({ demand }, worth) => {
        const total = (r: number) => r * 10 + worth * expectedLoss(curve, demand, r)
        const best = Math.min(...Array.from({ length: 60 }, (_, k) => total(k + 1)))
        const found = replicasWorth(curve, demand, { capacity: 10, worth, most: 60 })
        expect(found).toBeGreaterThanOrEqual(1)
        expect(found).toBeLessThanOrEqual(60)
        expect(total(found)).toBeCloseTo(best, 9)
      }),
    )
  })

  it('wants no less for a violation that is worth more', () => {
    const curve = violationCurve(10, 12.5, 0.99)
    fc.assert(
      fc.property(
        observation,
        fc.double({ min: 1, max: 1e5, noNaN: true }),
        ({ demand }, worth) => {
          const at = (w: number) =>
            replicasWorth(curve, demand, { capacity: 10, worth: w, most: 60 })
          expect(at(2 * worth)).toBeGreaterThanOrEqual(at(worth))
        },
      ),
    )
  })

  it('tells what each of its parts added: from the predictive count to its own', () => {
    const tuning: Tuning = {
      ...asPredictive(spec.slo.objective),
      weighing: { kind: 'worth', requests: 5000 },
      ...{ stretch: 1.2, standingRps: 80 },
    }
    fc.assert(
      fc.property(observation, (o) => {
        const countAt = (one: Tuning) => wishOf(o, actor(one)).replicas
        const effects = tuningEffects(tuning, spec.slo.objective, countAt)
        expect(effects.map(({ part }) => part).sort()).toEqual([
          'standingRps',
          'stretch',
          'weighing',
        ])
        const floor = floorOf(spec, o, firstMemory(o.replicas.requested))
        const added = effects.reduce((sum, { replicas }) => sum + replicas, 0)
        const plain = predictive.wish(spec, o, floor).replicas
        expect(plain + added).toBeCloseTo(countAt(tuning), 9)
      }),
    )
  })
})
