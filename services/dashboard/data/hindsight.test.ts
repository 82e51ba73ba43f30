import { describe, expect, it } from 'vitest'
import type { ForecastDocument } from '../../../forecaster/forecast.ts'
import { type BandRow, bandOf, coverageOf, remember } from './hindsight.ts'

/** A forecast whose quantile at level l, step k is 100·l + k, so that every number tells where it is from. */
function forecast(issuedAtMs: number, steps = 4, add = 0): ForecastDocument {
  const levels = [0.05, 0.2, 0.5, 0.8, 0.95]
  return {
    service: 'search',
    metric: 'requests_per_second',
    issuedAtMs,
    expiresAtMs: issuedAtMs + 1000,
    stepMs: 10,
    levels,
    quantiles: levels.map((l) => Array.from({ length: steps }, (_, k) => 100 * l + k + add)),
    drifting: false,
    model: { kind: 'seasonal-naive', version: 'v', fittedAtMs: 0 },
    quality: { mase: 1, scaledPinball: null, coverage90: null, origins: 2 },
  }
}

const issues = (rows: readonly BandRow[]) => rows.map(({ t, issuedAtMs }) => [t, issuedAtMs])

it('bandOf gives each step its end and the five shown levels', () => {
  expect(bandOf(forecast(100, 2))).toEqual([
    { t: 110, issuedAtMs: 100, q: [5, 20, 50, 80, 95] },
    { t: 120, issuedAtMs: 100, q: [6, 21, 51, 81, 96] },
  ])
})

describe('remember', () => {
  it('keeps for each step the newest forecast that was at least one lead time ahead', () => {
    let rows: readonly BandRow[] = []
    for (const at of [100, 110, 120]) rows = remember(rows, forecast(at), 20, 0)
    // lead time 20: the step that ends at 130 may use issues up to 110, the one at 140 up to 120
    expect(issues(rows)).toEqual([
      [120, 100],
      [130, 110],
      [140, 120],
      [150, 120],
      [160, 120],
    ])
  })

  it('does not care in which order forecasts arrive', () => {
    const inOrder = [100, 110, 120].reduce<readonly BandRow[]>(
      (rows, at) => remember(rows, forecast(at), 20, 0),
      [],
    )
    const mixed = [120, 100, 110].reduce<readonly BandRow[]>(
      (rows, at) => remember(rows, forecast(at), 20, 0),
      [],
    )
    expect(mixed).toEqual(inOrder)
  })
})

describe('coverageOf', () => {
  const rows = remember([], forecast(100), 0, 0)

  it('counts steps that were measured, and names those that left the 5–95 % band', () => {
    // bands: [5, 95] at 110, [6, 96] at 120, [7, 97] at 130
    const load = [
      { t: 110, v: 50 },
      { t: 120, v: 97 },
      { t: 130, v: 6 },
      { t: 140, v: null },
    ]
    const { steps, inside, outside } = coverageOf(load, rows, 0)
    expect([steps, inside]).toEqual([3, 1])
    expect(outside.map(({ t }) => t)).toEqual([120, 130])
  })

  it('looks only at what is shown', () => {
    expect(coverageOf([{ t: 110, v: 500 }], rows, 111).steps).toBe(0)
  })
})
