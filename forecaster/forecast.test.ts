import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  demandOver,
  type Forecast,
  ForecastDocument,
  LEVELS,
  quantileAt,
  toDocument,
} from './forecast.ts'
import { probesOf } from './probes.ts'

const STEPS = 6

function forecastOf(point: readonly number[], power: number): Forecast {
  const offsets = probesOf(STEPS).flatMap((k) => LEVELS.map((_, l) => (l - 7) * (1 + k) * 0.3))
  return {
    service: 'search',
    metric: 'requests_per_second',
    issuedAtMs: 10_000,
    expiresAtMs: 15_000,
    stepMs: 1000,
    point: Float64Array.from(point),
    band: {
      horizonSteps: STEPS,
      power,
      spreadFloor: 0.5,
      grain: 0,
      knots: Float64Array.of(0),
      offsets: Float64Array.from(offsets),
    },
    drifting: false,
    model: { kind: 'last-value', version: 'x', fittedAtMs: 0 },
    quality: { mase: null, scaledPinball: null, coverage90: null, origins: 0 },
  }
}

const anyForecast = fc
  .tuple(
    fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: STEPS, maxLength: STEPS }),
    fc.constantFrom(0, 0.5, 1, 0.3),
  )
  .map(([point, power]) => forecastOf(point, power))

describe('demand over an interval', () => {
  it('is per level the largest quantile of the steps that overlap it', () => {
    fc.assert(
      fc.property(
        anyForecast,
        fc.integer({ min: 0, max: 20_000 }),
        fc.integer({ min: 1, max: 5000 }),
        (forecast, fromMs, lengthMs) => {
          const demand = demandOver(forecast, fromMs, fromMs + lengthMs)
          const from = Math.min(Math.max(Math.floor((fromMs - 10_000) / 1000), 0), STEPS - 1)
          const end = Math.ceil((fromMs + lengthMs - 10_000) / 1000) - 1
          const to = Math.min(Math.max(end, from), STEPS - 1)
          LEVELS.forEach((_, level) => {
            let most = 0
            for (let k = from; k <= to; k++) most = Math.max(most, quantileAt(forecast, level, k))
            expect(demand[level]).toBeCloseTo(most, 9)
          })
        },
      ),
    )
  })

  it('is no number where a step of the interval is none, and not the demand of the others', () => {
    for (const bad of [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]) {
      const all = demandOver(forecastOf(Array(STEPS).fill(bad), 1), 10_000, 13_000)
      expect([...all]).toEqual(LEVELS.map(() => Number.NaN))
      const one = demandOver(forecastOf([7, bad, 9, 9, 9, 9], 1), 10_000, 13_000)
      expect([...one]).toEqual(LEVELS.map(() => Number.NaN))
      const later = demandOver(forecastOf([7, 8, 9, 9, 9, bad], 1), 10_000, 13_000)
      expect(later.every(Number.isFinite)).toBe(true)
    }
  })

  it('rises with the level', () => {
    fc.assert(
      fc.property(anyForecast, (forecast) => {
        const demand = demandOver(forecast, 12_000, 15_000)
        for (let l = 1; l < LEVELS.length; l++)
          expect(demand[l]).toBeGreaterThanOrEqual(demand[l - 1]!)
      }),
    )
  })
})

it('has quantiles that do not cross between probes by rounding either', () => {
  const lower = fc.double({ min: 1, max: 100, noNaN: true })
  // hardly apart, or equal: where a + share · (b − a) would come out the wrong way round
  const gap = fc.constantFrom(0, Number.EPSILON, 1e-12, 1)
  fc.assert(
    fc.property(lower, lower, gap, gap, (a, b, gapA, gapB) => {
      const forecast = forecastOf([0, 0, 0, 0, 0, 0], 0)
      const { offsets } = forecast.band
      for (let probe = 0; probe < probesOf(STEPS).length; probe++)
        for (let l = 0; l < LEVELS.length; l++) {
          const [base, apart] = probe % 2 === 0 ? [a, gapA] : [b, gapB]
          offsets[probe * LEVELS.length + l] = base + l * apart * base
        }
      for (let k = 0; k < STEPS; k++)
        for (let l = 1; l < LEVELS.length; l++)
          expect(quantileAt(forecast, l, k)).toBeGreaterThanOrEqual(quantileAt(forecast, l - 1, k))
    }),
  )
})

it('travels as a document that its own schema accepts', () => {
  const document = toDocument(forecastOf([1, 2, 3, 4, 5, 6], 0.5))
  expect(ForecastDocument.parse(JSON.parse(JSON.stringify(document)))).toEqual(document)
  expect(document.quantiles[7]).toEqual([1, 2, 3, 4, 5, 6])
})

it('says in its document what `quantileAt` says, to the bit', () => {
  const grain = fc.constantFrom(0, 0.5, 7)
  fc.assert(
    fc.property(anyForecast, fc.boolean(), grain, (drawn, isOneKnot, grain) => {
      const { knots, offsets } = drawn.band
      const band = {
        ...{ ...drawn.band, grain },
        knots: isOneKnot ? knots : Float64Array.of(1, 1000, 1e5),
        offsets: isOneKnot
          ? offsets
          : Float64Array.of(...offsets, ...offsets.map((o) => 3 * o), ...offsets.map((o) => o / 2)),
      }
      const forecast = { ...drawn, band }
      const each = LEVELS.map((_, level) =>
        Array.from(forecast.point, (_point, k) => quantileAt(forecast, level, k)),
      )
      expect(toDocument(forecast).quantiles).toEqual(each)
    }),
  )
})
