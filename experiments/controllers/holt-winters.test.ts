/**
 * Golden values of statsmodels 0.15.0 (0.14.0, which upstream pins, prints the same but for the last digits of what is
 * estimated), printed by
 *
 *   python -c "from statsmodels.tsa.api import ExponentialSmoothing as E; print(E(SERIES, trend=…, seasonal=…,
 *     seasonal_periods=…, damped_trend=…, initialization_method=…).fit(smoothing_level=α, smoothing_trend=β,
 *     smoothing_seasonal=γ, damping_trend=φ).forecast(1)[0])"
 *
 * and the cases of predictive-horizontal-pod-autoscaler v0.13 algorithms/holt_winters/test_holt_winters.py, whose
 * answers are those rounded up.
 */
import { describe, expect, it } from 'vitest'
import { forecastNext, type HoltWinters, leastHistory } from './holt-winters.ts'

const SERIES = [2, 2, 3, 5, 8, 9, 2, 3, 3, 6, 8, 9, 3, 3, 4, 6, 9, 10, 3, 3, 4, 7, 9, 11]
const base: HoltWinters = {
  alpha: 0.3,
  beta: 0.1,
  gamma: 0.2,
  trend: 'add',
  seasonal: 'add',
  seasonalPeriods: 6,
  damping: 1,
  initialization: 'estimated',
}
const next = (model: Partial<HoltWinters>, series: readonly number[] = SERIES) =>
  forecastNext(Float64Array.from(series), { ...base, ...model })

describe('Holt-Winters', () => {
  it.each([
    [{}, 3.772990299471189],
    [{ seasonal: 'mul' }, 3.0541325837059716],
    [{ damping: 0.9 }, 3.660296993644052],
    [{ seasonalPeriods: 5 }, 8.39966338519776],
    [{ alpha: 0.9, beta: 0.9, gamma: 0.9 }, 11.964755564008723],
  ] as const)('from heuristic states with %j is statsmodels’', (model, expected) => {
    expect(next({ ...model, initialization: 'heuristic' })).toBeCloseTo(expected, 9)
  })

  it.each([
    [{}, 3.7470318163929934],
    [{ seasonal: 'mul' }, 2.937806895447539],
    [{ damping: 0.9 }, 3.6412533541030587],
    [{ seasonalPeriods: 5 }, 9.981842316601833],
    [{ alpha: 0.9, beta: 0.9, gamma: 0.9 }, 8.977491753123761],
  ] as const)('from legacy heuristic states with %j is statsmodels’', (model, expected) => {
    expect(next({ ...model, initialization: 'legacy-heuristic' })).toBeCloseTo(expected, 9)
  })

  // to what L-BFGS-B leaves open: the minimum here is exact, there the search stops beside it
  it.each([
    [{}, 3.786709974991798],
    [{ seasonal: 'mul' }, 3.1529942632437153],
    [{ damping: 0.9 }, 3.6723410097854563],
    [{ seasonalPeriods: 5 }, 8.407045135826948],
    [{ alpha: 0.9, beta: 0.9, gamma: 0.9 }, 5.017301813908595],
  ] as const)('from estimated states with %j is statsmodels’', (model, expected) => {
    expect(next(model)).toBeCloseTo(expected, 4)
  })

  it('answers as upstream’s tests have it: 3, 1 and 7', () => {
    const thirteen = [1, 3, 1, 1, 3, 1, 1, 3, 1, 1, 3, 1, 1]
    const fifteen = [...thirteen, 3, 1]
    const nineteen = [1, 1, 1, 1, 2, 1, 1, 3, 1, 1, 4, 1, 1, 5, 1, 1, 6, 1, 1]
    const three = { seasonalPeriods: 3 }
    const ceil = (value: number | undefined) => Math.ceil((value ?? Number.NaN) - 1e-9)
    expect(ceil(next({ ...three, alpha: 0.9, beta: 0.9, gamma: 0.3 }, thirteen))).toBe(3)
    const growing = { ...three, trend: 'mul', alpha: 0.3, beta: 0.3, gamma: 0.9 } as const
    expect(ceil(next(growing, fifteen))).toBe(1)
    const swinging = { ...three, seasonal: 'mul', alpha: 0.005, beta: 0.9, gamma: 0.4 } as const
    expect(ceil(next(swinging, nineteen))).toBe(7)
  })

  it('says so when it has no number: a multiplicative trend from nothing', () => {
    const zeros = new Array<number>(24).fill(0)
    const model = { trend: 'mul', seasonal: 'mul', initialization: 'heuristic' } as const
    expect(next(model, zeros)).toBeUndefined()
  })

  it('needs two seasons, and ten values of the centred mean', () => {
    expect(leastHistory(3)).toBe(12)
    expect(leastHistory(6)).toBe(16)
    expect(leastHistory(288)).toBe(576)
  })
})
