import { describe, expect, it } from 'vitest'
import { figure, percent, perHour, rps, seconds, signed, span } from './format.ts'

describe('figures', () => {
  it('are short and carry a unit', () => {
    expect([rps(1234), rps(45.23), rps(0.4)]).toEqual(['1234 req/s', '45.2 req/s', '0.40 req/s'])
    expect([seconds(0.1804), seconds(2.5)]).toEqual(['180 ms', '2.50 s'])
    expect([percent(0), percent(0.0001), percent(0.012), percent(0.5)]).toEqual([
      '0 %',
      '<0.1 %',
      '1.2 %',
      '50 %',
    ])
    expect([signed(1.5), signed(-0.26), signed(0)]).toEqual(['+1.5', '−0.3', '+0.0'])
    expect([perHour(2), span(9000), span(90_000), span(7_200_000)]).toEqual([
      '$2.00/h',
      '9 s',
      '90 s',
      '2 h',
    ])
  })

  it('are a dash where nothing is known, never a zero', () => {
    expect([figure(null), rps(Number.NaN), seconds(undefined), percent(null)]).toEqual([
      '–',
      '–',
      '–',
      '–',
    ])
  })
})
