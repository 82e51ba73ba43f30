import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { alphaAt } from './alpha-spending.ts'
import { dieboldMariano, type LongRunVariance } from './diebold-mariano.ts'
import { incompleteBeta, studentUpperTail } from './student-t.ts'

/** Errors of a published implementation's own tests: `dieboldmariano` (PyPI, E. Annunziata), tests/dieboldmarianotest.py. */
const FIRST = [
  0.3675225224615024, 0.5450608127223211, 0.22044990720021074, 0.8688743471040006,
  0.6072512228948467, 0.8582283746501538, 0.41662295816718187, 0.3812100211114714,
  0.7185133356116706, 0.30827323290318875, 0.4297093624074402, 0.8615974488577858,
  0.7240514514808826, 0.3450839595261038, 0.19675301374013598,
]
const SECOND = [
  0.12794132529988733, 0.3679643204341153, 0.768715420996091, 0.09972248964114683,
  0.27197653636654284, 0.28797629010039505, 0.9160213458582482, 0.6112628048698798,
  0.5452873235576241, 0.06785907231746158, 0.6072666485541124, 0.6241575753989782,
  0.39998026828867217, 0.19895665605941748, 0.8094941215215619,
]
const ABSOLUTE = FIRST.map((e, i) => Math.abs(e) - Math.abs(SECOND[i]!))

describe('Student’s t', () => {
  it.each([
    // scipy.stats.t.sf 1.17.1
    [0.5, 1, 0.35241638234956674],
    [2, 3, 0.06966298427942152],
    [2.5, 14, 0.012733332307031081],
    [-1.3, 14, 0.892701203719032],
    [6, 59, 6.466188540199119e-8],
    [40, 9, 9.491499224669911e-12],
    [1e-3, 200, 0.49960155615056945],
  ])('has the tail of scipy beyond %d with %d degrees of freedom', (t, freedom, tail) => {
    expect(studentUpperTail(t, freedom) / tail).toBeCloseTo(1, 10)
  })

  it('by an incomplete beta function as scipy.special.betainc has it', () => {
    expect(incompleteBeta(0.5, 0.9, 0.1)).toBeCloseTo(0.07726077507863097, 12)
    expect(incompleteBeta(0.41, 0.17, 0.19)).toBeCloseTo(0.5022324358168205, 12)
    expect(incompleteBeta(0.99, 30, 0.5)).toBeCloseTo(0.43933436890525074, 12)
    expect([incompleteBeta(0, 1, 1), incompleteBeta(1, 1, 1)]).toEqual([0, 1])
  })
})

describe('the Diebold–Mariano test', () => {
  it('gives what the published implementation gives: one step, squared errors', () => {
    const differences = [0, 1, 2, 3, 4, 5].map((e, i) => e ** 2 - [0, 2, 3, 3, 5, 6][i]! ** 2)
    const test = dieboldMariano(differences, 1)!
    expect(test.statistic).toBeCloseTo(-2.4905, 4)
    expect(2 * test.pFirstBetter).toBeCloseTo(0.05513, 5)
  })

  it('gives what the published implementation gives: three steps, absolute errors', () => {
    const test = dieboldMariano(ABSOLUTE, 3)!
    expect(test.statistic).toBeCloseTo(1.2109, 4)
    // its one-sided p-value is that of the first being better
    expect(test.pFirstBetter).toBeCloseTo(0.877, 4)
    expect(test.pSecondBetter + test.pFirstBetter).toBeCloseTo(1, 12)
  })

  it('gives statsmodels’ Newey–West errors under Bartlett’s weights', () => {
    // OLS on a constant, cov_type HAC, maxlags h − 1 (statsmodels 0.15.0), times the small-sample factor
    expect(dieboldMariano(ABSOLUTE, 3, 'bartlett')!.statistic).toBeCloseTo(0.7775569628583073, 12)
    expect(dieboldMariano(ABSOLUTE, 4, 'bartlett')!.statistic).toBeCloseTo(0.9055590043382314, 12)
    expect(dieboldMariano(ABSOLUTE, 4, 'bartlett')!.pSecondBetter).toBeCloseTo(0.190245048488, 11)
  })

  it('falls back to Bartlett’s weights where the plain variance is not positive', () => {
    const test = dieboldMariano(ABSOLUTE, 4)!
    expect(test).toEqual(dieboldMariano(ABSOLUTE, 4, 'bartlett'))
    expect(test.variance).toBe('bartlett')
  })

  it('cannot tell from equal differences, or too few', () => {
    expect(dieboldMariano(Array(30).fill(0), 3)).toBeUndefined()
    expect(dieboldMariano(Array(30).fill(0.1), 3, 'periodogram')).toBeUndefined()
    expect(dieboldMariano([1, 2, 3], 3)).toBeUndefined()
    expect(dieboldMariano([], 1)).toBeUndefined()
  })

  it('says the opposite when the two change places', () => {
    for (const variance of ['rectangular', 'bartlett', 'periodogram'] as const) {
      const there = dieboldMariano(ABSOLUTE, 2, variance)!
      const back = dieboldMariano(
        ABSOLUTE.map((d) => -d),
        2,
        variance,
      )!
      expect(back.statistic).toBeCloseTo(-there.statistic, 12)
      expect(back.pSecondBetter).toBeCloseTo(there.pFirstBetter, 12)
    }
  })
})

/** Share of `runs` in which p ≤ `level`, for differences that overlap by eight and are the same on average. */
function rejected(variance: LongRunVariance, count: number, level: number, runs: number): number {
  const random = seededRandom(7)
  let found = 0
  for (let run = 0; run < runs; run++) {
    const noise = Array.from(
      { length: count + 7 },
      () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
    )
    const differences = Array.from({ length: count }, (_, i) =>
      noise.slice(i, i + 8).reduce((sum, x) => sum + x, 0),
    )
    const test = dieboldMariano(differences, 8, variance)
    if (test && test.pSecondBetter <= level) found++
  }
  return found / runs
}

describe('under equal losses', () => {
  it.each([32, 64, 128])('the periodogram holds its level out in the tail, %d times', (count) => {
    // three standard errors of 4,000 runs above the level
    expect(rejected('periodogram', count, 0.05, 4000)).toBeLessThan(0.05 + 0.015)
    expect(rejected('periodogram', count, 0.01, 4000)).toBeLessThan(0.01 + 0.005)
    expect(rejected('periodogram', count, 0.05, 4000)).toBeGreaterThan(0.03)
  })

  it('the other two reject too often there, which is why they do not decide', () => {
    expect(rejected('rectangular', 32, 0.01, 4000)).toBeGreaterThan(0.03)
    expect(rejected('bartlett', 32, 0.01, 4000)).toBeGreaterThan(0.03)
  })
})

describe('spending the level', () => {
  it('spends all of it over the reviews, and at the first of four the share of Lan & DeMets’ function', () => {
    const spent = [1, 2, 3, 4].map((k) => alphaAt(k, 4, 0.05))
    expect(spent.reduce((sum, alpha) => sum + alpha)).toBeCloseTo(0.05, 12)
    expect(spent[0]).toBeCloseTo(0.05 * Math.log(1 + (Math.E - 1) / 4), 12)
    expect(alphaAt(1, 1, 0.05)).toBeCloseTo(0.05, 12)
  })
})
