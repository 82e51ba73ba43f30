/**
 * The orders of an ARIMA, found as Hyndman & Khandakar (2008) do: differences by the KPSS test of level stationarity
 * (Kwiatkowski, Phillips, Schmidt & Shin 1992), then a stepwise walk over p, q and, for short seasons, P and Q by AICc
 * of conditional least squares. Returned are the best few: which of them foretells best is for a backtest to say.
 */
import { type Estimate, estimateArma, type SeasonalOrder } from './arima-estimate.ts'
import { isStable } from './arima-step.ts'
import { mean } from './seasonal-profile.ts'

export interface Ranked {
  readonly order: SeasonalOrder
  readonly estimate: Estimate
  readonly aicc: number
}

const MOST_TERMS = 5
const LEAST_ROOT = 1.01
const MOST_TRIED = 20
/** 5 % point of the KPSS statistic for a level (table 1 there). */
const KPSS_CRITICAL = 0.463
const STARTS: readonly (readonly [number, number])[] = [
  [2, 2],
  [0, 0],
  [1, 0],
  [0, 1],
]

/** 1 where stationarity about a level is rejected; `values` are finite. */
export function differencesOf(values: Float64Array): 0 | 1 {
  return kpss(values) > KPSS_CRITICAL ? 1 : 0
}

/** η of the KPSS test about a level, Bartlett weights up to lag ⌊4·(n/100)^¼⌋ as R's `ur.kpss(lags = "short")`. */
export function kpss(values: Float64Array): number {
  const n = values.length
  const level = mean(values)
  const lags = Math.floor(4 * (n / 100) ** 0.25)
  let partial = 0
  let partials = 0
  let variance = 0
  for (let i = 0; i < n; i++) {
    const miss = values[i]! - level
    partial += miss
    partials += partial * partial
    variance += miss * miss
  }
  for (let lag = 1; lag <= lags; lag++) {
    let sum = 0
    for (let i = lag; i < n; i++) sum += (values[i]! - level) * (values[i - lag]! - level)
    variance += 2 * (1 - lag / (lags + 1)) * sum
  }
  return variance > 0 ? partials / (n * variance) : 0
}

/** Best first. `w` is finite and already differenced; `m`: a season short enough for terms of its own, else 0. */
export function rankOrders(w: Float64Array, withMean: boolean, m: number): Ranked[] {
  const tried = new Map<string, Ranked | undefined>()
  const skip = Math.min(w.length >> 2, Math.max(MOST_TERMS, m))
  const attempt = (order: SeasonalOrder): Ranked | undefined => {
    const key = Object.values(order).join()
    if (!tried.has(key) && tried.size < MOST_TRIED) tried.set(key, ranked(w, order, withMean, skip))
    return tried.get(key)
  }
  let best: Ranked | undefined
  const better = (found: Ranked | undefined): boolean => {
    if (!found || (best && found.aicc >= best.aicc)) return false
    best = found
    return true
  }
  const seasonal = m > 0 ? 1 : 0
  for (const [p, q] of STARTS)
    better(attempt({ p, q, seasonalP: p > 0 ? seasonal : 0, seasonalQ: q > 0 ? seasonal : 0, m }))
  for (let improved = best !== undefined; improved; )
    improved = neighbours(best!.order).some((order) => better(attempt(order)))
  return [...tried.values()].filter((r) => r !== undefined).sort((a, b) => a.aicc - b.aicc)
}

function ranked(
  w: Float64Array,
  order: SeasonalOrder,
  withMean: boolean,
  skip: number,
): Ranked | undefined {
  const estimate = estimateArma(w, order, withMean, skip)
  if (!estimate || !(estimate.variance > 0) || isNearUnit(order, estimate)) return undefined
  const { variance, count, parameters } = estimate
  const k = parameters + 1
  const aicc = count * Math.log(variance) + 2 * k + (2 * k * (k + 1)) / Math.max(1, count - k - 1)
  return Number.isFinite(aicc) ? { order, estimate, aicc } : undefined
}

/** Roots nearer to the unit circle than R allows are terms that cancel each other, not structure. */
function isNearUnit({ m, seasonalP, seasonalQ }: SeasonalOrder, found: Estimate): boolean {
  if (m > 0 && seasonalP + seasonalQ > 0) return false
  const nearer = (v: number, i: number): number => v * LEAST_ROOT ** (i + 1)
  return !isStable(found.phi.map(nearer)) || !isStable(found.theta.map((v, i) => -nearer(v, i)))
}

/** One term more or fewer of each kind, and of both kinds at once. */
function neighbours(order: SeasonalOrder): SeasonalOrder[] {
  const out: SeasonalOrder[] = []
  const add = (p: number, q: number, P: number, Q: number): void => {
    const moved = {
      ...order,
      p: order.p + p,
      q: order.q + q,
      seasonalP: order.seasonalP + P,
      seasonalQ: order.seasonalQ + Q,
    }
    const mostSeasonal = order.m > 0 ? 1 : 0
    const within = (v: number, most: number): boolean => v >= 0 && v <= most
    if (within(moved.p, MOST_TERMS) && within(moved.q, MOST_TERMS))
      if (within(moved.seasonalP, mostSeasonal) && within(moved.seasonalQ, mostSeasonal))
        out.push(moved)
  }
  for (const by of [1, -1]) {
    add(by, 0, 0, 0)
    add(0, by, 0, 0)
    add(by, by, 0, 0)
    add(0, 0, by, 0)
    add(0, 0, 0, by)
  }
  return out
}
