import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { estimateArma } from './arima-estimate.ts'
import { fitWithLibrary } from './arima-library.ts'
import { differencesOf, kpss, rankOrders } from './arima-orders.ts'
import { armaAfter, foreseeArma } from './arima-step.ts'

/** Luteinizing hormone in blood samples, R's `lh` (Diggle 1990): the example of `?arima`. */
const LH = Float64Array.of(
  ...[2.4, 2.4, 2.4, 2.2, 2.1, 1.5, 2.3, 2.3, 2.5, 2.0, 1.9, 1.7, 2.2, 1.8, 3.2, 3.2],
  ...[2.7, 2.2, 2.2, 1.9, 1.9, 1.8, 2.7, 3.0, 2.3, 2.0, 2.0, 2.9, 2.9, 2.7, 2.7, 2.3],
  ...[2.6, 2.4, 1.8, 1.7, 1.5, 1.4, 2.1, 3.3, 3.5, 3.5, 3.1, 2.6, 2.1, 3.4, 3.0, 2.9],
)
/** Annual flow of the Nile, R's `Nile` (Durbin & Koopman 2001). */
const NILE = Float64Array.of(
  ...[1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960],
  ...[1180, 799, 958, 1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694],
  ...[940, 833, 701, 916, 692, 1020, 1050, 969, 831, 726, 456, 824, 702, 1120, 1100, 832, 764],
  ...[821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759, 781, 865, 845, 944, 984, 897, 822],
  ...[1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890, 744, 749, 838, 1050],
  ...[918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740],
)
const plain = (p: number, q: number) => ({ p, q, seasonalP: 0, seasonalQ: 0, m: 0 })

describe('published examples', () => {
  it('conditional least squares of AR(3) on lh are those of R: arima(lh, c(3,0,0), method = "CSS")', () => {
    const { phi, mean, variance } = estimateArma(LH, plain(3, 0), true, 3)!
    expect(phi[0]).toBeCloseTo(0.6578, 4)
    expect(phi[1]).toBeCloseTo(-0.0658, 4)
    expect(phi[2]).toBeCloseTo(-0.2348, 4)
    expect(mean).toBeCloseTo(2.3918, 4)
    expect(variance).toBeCloseTo(0.1905, 4)
  })

  it.each([
    { p: 1, q: 0, phi: [0.5739], theta: [], mean: 2.4133, ahead: [2.69262, 2.5736, 2.50529] },
    {
      p: 1,
      q: 1,
      phi: [0.4522],
      theta: [0.1982],
      mean: 2.4101,
      ahead: [2.67962, 2.53196, 2.46519],
    },
  ])(
    'the library comes near R’s exact likelihood on lh, ARMA($p,$q), a fifth of a standard error at most, and our recursion to the forecasts of statsmodels',
    ({ p, q, phi, theta, mean, ahead }) => {
      const fit = fitWithLibrary(Array.from(LH), { p, d: 0, q }, 3)!
      phi.forEach((v, i) => {
        expect(Math.abs(fit.phi[i]! - v)).toBeLessThan(0.02)
      })
      theta.forEach((v, i) => {
        expect(Math.abs(fit.theta[i]! - v)).toBeLessThan(0.02)
      })
      expect(Math.abs(fit.mean - mean)).toBeLessThan(0.02)
      const path = new Float64Array(3)
      foreseeArma(armaAfter(LH, fit, false), path)
      path.forEach((v, k) => {
        expect(Math.abs(v - ahead[k]!)).toBeLessThan(0.01)
      })
    },
  )

  it('KPSS of lh and of the Nile are those of statsmodels and R’s ur.kpss; only the Nile is differenced', () => {
    expect(kpss(LH)).toBeCloseTo(0.2938157, 6)
    expect(kpss(NILE)).toBeCloseTo(0.9654349, 6)
    expect(differencesOf(LH)).toBe(0)
    expect(differencesOf(NILE)).toBe(1)
  })

  it('the differenced Nile takes a strong moving average, as ARIMA(1,1,1) of the literature has it', () => {
    const w = NILE.subarray(1).map((v, i) => v - NILE[i]!)
    const { phi, theta } = estimateArma(w, plain(1, 1), false, 1)!
    // exact likelihood: 0.2544 and −0.8741; conditional least squares come near
    expect(Math.abs(phi[0]! - 0.2544)).toBeLessThan(0.06)
    expect(Math.abs(theta[0]! + 0.8741)).toBeLessThan(0.06)
  })
})

function arma(phi: readonly number[], theta: readonly number[], length: number): Float64Array {
  const random = seededRandom(11)
  const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const errors = Float64Array.from({ length }, gauss)
  const out = new Float64Array(length)
  for (let t = 0; t < length; t++) {
    let sum = errors[t]!
    phi.forEach((v, i) => {
      if (t > i) sum += v * out[t - 1 - i]!
    })
    theta.forEach((v, i) => {
      if (t > i) sum += v * errors[t - 1 - i]!
    })
    out[t] = sum
  }
  return out
}

describe('estimation', () => {
  it.each([
    [[0.7], []],
    [[], [0.6]],
    [[0.5, 0.3], [-0.4]],
    [
      [1.2, -0.5],
      [0.3, 0.2],
    ],
  ])('gets φ %j and θ %j back from 3,000 steps', (phi, theta) => {
    const found = estimateArma(arma(phi, theta, 3000), plain(phi.length, theta.length), true, 5)!
    phi.forEach((v, i) => {
      expect(Math.abs(found.phi[i]! - v)).toBeLessThan(0.1)
    })
    theta.forEach((v, i) => {
      expect(Math.abs(found.theta[i]! - v)).toBeLessThan(0.1)
    })
    expect(found.variance).toBeGreaterThan(0.9)
    expect(found.variance).toBeLessThan(1.1)
  })

  it('multiplies seasonal terms out: (1 − 0.5 z)(1 − 0.6 z⁸) and (1 + 0.4 z)(1 + 0.3 z⁸)', () => {
    const phi = [0.5, 0, 0, 0, 0, 0, 0, 0.6, -0.3]
    const theta = [0.4, 0, 0, 0, 0, 0, 0, 0.3, 0.12]
    const order = { p: 1, q: 1, seasonalP: 1, seasonalQ: 1, m: 8 }
    const found = estimateArma(arma(phi, theta, 4000), order, false, 10)!
    expect(found.phi.length).toBe(9)
    expect(found.parameters).toBe(4)
    found.phi.forEach((v, i) => {
      expect(Math.abs(v - phi[i]!)).toBeLessThan(0.08)
    })
    found.theta.forEach((v, i) => {
      expect(Math.abs(v - theta[i]!)).toBeLessThan(0.08)
    })
  })
})

describe('orders', () => {
  it('of white noise are none, of AR(2) at least the two', () => {
    const best = (phi: number[], theta: number[]) =>
      rankOrders(arma(phi, theta, 1500), true, 0)[0]!.order
    expect(best([], [])).toMatchObject({ p: 0, q: 0 })
    expect(best([0.6, -0.6], []).p).toBeGreaterThanOrEqual(2)
    expect(best([0.6, -0.6], [0.7]).p).toBeGreaterThanOrEqual(2)
  })

  it('have a seasonal term where what comes back is not all in the layer', () => {
    const phi = [0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.6, -0.3]
    const { order } = rankOrders(arma(phi, [], 1500), true, 12)[0]!
    expect(order.seasonalP + order.seasonalQ).toBeGreaterThan(0)
  })

  it('of a random walk ask for a difference, of AR(1) with φ 0.5 for none', () => {
    const steps = arma([], [], 800)
    let walk = 0
    expect(differencesOf(steps.map((v) => (walk += v)))).toBe(1)
    expect(differencesOf(arma([0.5], [], 800))).toBe(0)
  })
})
