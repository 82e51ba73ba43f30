import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ForecastConfig } from '../../forecaster/config.ts'
import { advance, fitForecaster, forecastAt } from '../../forecaster/forecaster.ts'
import type { Series } from '../../forecaster/series.ts'
import { ArtifactError, packState, sha256, unpackState } from './artifact.ts'

const SEASON = 24
const config = ForecastConfig.parse({
  seasonsMs: [SEASON * 1000],
  horizonSteps: 8,
  origins: 20,
  models: ['ensemble', 'seasonal-naive', 'ets', 'theta'],
})
const series: Series = {
  service: 'search',
  metric: 'requests_per_second',
  startMs: 0,
  stepMs: 1000,
  values: Float64Array.from(
    { length: 5 * SEASON },
    (_, i) => 30 + 10 * Math.sin((2 * Math.PI * i) / SEASON) + ((i * 7919) % 13) / 4,
  ),
}
const { state } = fitForecaster(series, config, 1)
const endMs = 5 * SEASON * 1000

function refusal(change: Partial<ReturnType<typeof packState>>): ArtifactError {
  try {
    unpackState({ ...packState(state, endMs), ...change })
  } catch (error) {
    if (error instanceof ArtifactError) return error
  }
  throw new Error('it was taken')
}

describe('an artifact', () => {
  it('is the state to the bit: it forecasts and goes on as if nothing had happened', () => {
    let here = fitForecaster(series, config, 1).state
    let there = unpackState(packState(here, endMs))
    expect(there).toEqual(here)
    for (let k = 0; k < 3 * SEASON; k++) {
      const load = k % 17 === 0 ? Number.NaN : 30 + (k % 11)
      here = advance(here, load)
      there = unpackState(packState(advance(there, load), endMs + k))
      expect(forecastAt(there, k, series, config)).toEqual(forecastAt(here, k, series, config))
    }
  })

  it('holds any numbers of any array', () => {
    const anyState = fc.record({
      a: fc.float64Array(),
      b: fc.float32Array(),
      c: fc.int32Array(),
      d: fc.double(),
    })
    fc.assert(
      fc.property(anyState, (stored) => {
        const packed = packState(stored as unknown as typeof state, 0)
        // read past the forecaster's own check, by the error that names what it found
        expect(() => unpackState(packed)).toThrow(ArtifactError)
        expect(packState(structuredClone(stored) as unknown as typeof state, 0)).toEqual(packed)
      }),
      { numRuns: 30 },
    )
  })

  it('is smaller than its numbers as text', () => {
    expect(packState(state, 0).packed.length).toBeLessThan(JSON.stringify(state).length / 2)
  })

  it('that was damaged is refused by its checksum', () => {
    const packed = packState(state, 0).packed.slice()
    packed[packed.length >> 1]! ^= 1
    const { field, allowed } = refusal({ packed })
    expect([field, allowed]).toEqual(['state.sha256', sha256(packed)])
  })

  it('of another form, or that holds no forecaster, is refused with what is allowed', () => {
    expect(refusal({ formatVersion: 2 })).toMatchObject({
      field: 'state.formatVersion',
      value: 2,
      allowed: '1',
    })
    const other = new Uint8Array(deflateSync('{"members": []}'))
    expect(refusal({ packed: other, sha256: sha256(other) }).message).toMatch(/state.data.*model/)
    const noise = new Uint8Array([1, 2, 3])
    expect(refusal({ packed: noise, sha256: sha256(noise) }).allowed).toBe('deflated JSON')
  })
})
