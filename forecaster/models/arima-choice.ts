/**
 * From a remainder to coefficients: the orders that AICc likes best, a few that are safe, each estimated by conditional
 * least squares and the best of them by the package `arima` too; whichever foretells the last third of the remainder best,
 * near, midway and far ahead, is estimated again on all of it.
 */
import { estimateArma, type SeasonalOrder } from './arima-estimate.ts'
import { fitWithLibrary } from './arima-library.ts'
import { differencesOf, rankOrders } from './arima-orders.ts'
import {
  armaAfter,
  type Coefficients,
  followShifting,
  foreseeArma,
  isStable,
} from './arima-step.ts'

export interface Candidate {
  readonly coefficients: Coefficients
  readonly differenced: boolean
}

interface Contender extends Candidate {
  readonly order: SeasonalOrder
  readonly byLibrary: boolean
}

const BEST_ORDERS = 2
const LIBRARY_ORDERS = 1
/** It fails from about 10,000 points on. */
const LIBRARY_POINTS = 600
const CHECK_STEPS = 4
const CHECK_TOLERANCE = 1e-4
const MOST_ORIGINS = 150

/** `remainder` is finite and not constant; `m`: a season that may have terms of its own, or 0. */
export function chooseArma(
  remainder: Float64Array,
  m: number,
  horizonSteps: number,
): Candidate | undefined {
  const split = Math.floor((2 * remainder.length) / 3)
  const train = remainder.subarray(0, split)
  let best: Contender | undefined
  let least = Number.POSITIVE_INFINITY
  for (const contender of contenders(train, m)) {
    const loss = pathError(remainder, split, contender, horizonSteps)
    if (loss < least) {
      least = loss
      best = contender
    }
  }
  return best && (again(remainder, best) ?? best)
}

function contenders(train: Float64Array, m: number): Contender[] {
  const d = differencesOf(train)
  const out = [
    ...ofDifferences(train, d, m, BEST_ORDERS),
    ...ofDifferences(train, d === 0 ? 1 : 0, 0, 1),
  ]
  const plain = out.filter(({ order }) => order.seasonalP + order.seasonalQ === 0)
  for (const { order, differenced } of plain.slice(0, LIBRARY_ORDERS)) {
    const coefficients = byLibrary(train, order, differenced)
    if (coefficients) out.push({ order, differenced, coefficients, byLibrary: true })
  }
  return out
}

function ofDifferences(train: Float64Array, d: 0 | 1, m: number, most: number): Contender[] {
  const w = d === 1 ? train.subarray(1).map((v, i) => v - train[i]!) : train
  return rankOrders(w, d === 0, m)
    .slice(0, most)
    .map(({ order, estimate: { phi, theta, mean } }) => ({
      order,
      differenced: d === 1,
      coefficients: { phi, theta, mean },
      byLibrary: false,
    }))
}

/** The same order and way of estimation, on everything. */
function again(remainder: Float64Array, contender: Contender): Candidate | undefined {
  const { order, differenced } = contender
  if (contender.byLibrary) {
    const coefficients = byLibrary(remainder, order, differenced)
    return coefficients && { coefficients, differenced }
  }
  const w = differenced ? remainder.subarray(1).map((v, i) => v - remainder[i]!) : remainder
  const found = estimateArma(w, order, !differenced, Math.max(order.p, order.q, order.m))
  return (
    found && { coefficients: { phi: found.phi, theta: found.theta, mean: found.mean }, differenced }
  )
}

/** Finite, stable, and with them our recursion gives the library's own forecasts; else undefined. */
function byLibrary(
  remainder: Float64Array,
  { p, q }: SeasonalOrder,
  differenced: boolean,
): Coefficients | undefined {
  if (p + q === 0) return undefined
  const values = remainder.subarray(-LIBRARY_POINTS)
  const fit = fitWithLibrary(Array.from(values), { p, d: differenced ? 1 : 0, q }, CHECK_STEPS)
  if (!fit || ![...fit.phi, ...fit.theta, fit.mean, ...fit.forecasts].every(Number.isFinite))
    return undefined
  if (!isStable(fit.phi) || !isStable(fit.theta.map((v) => -v))) return undefined
  const own = new Float64Array(CHECK_STEPS)
  foreseeArma(armaAfter(values, fit, differenced), own)
  const scale = values.reduce((most, v) => Math.max(most, Math.abs(v)), 1)
  const agrees = own.every((v, k) => Math.abs(v - fit.forecasts[k]!) <= CHECK_TOLERANCE * scale)
  return agrees ? { phi: fit.phi, theta: fit.theta, mean: fit.mean } : undefined
}

/** Mean absolute error of paths issued through the steps from `split` on. */
function pathError(
  remainder: Float64Array,
  split: number,
  { coefficients, differenced }: Candidate,
  horizonSteps: number,
): number {
  const state = armaAfter(remainder.subarray(0, split), coefficients, differenced, followShifting)
  const unseen = remainder.length - split
  const reach = Math.max(1, Math.min(horizonSteps, unseen >> 1))
  const probes = [...new Set([0, (reach - 1) >> 3, (reach - 1) >> 1, reach - 1])]
  const stride = Math.max(1, Math.ceil(unseen / MOST_ORIGINS))
  const path = new Float64Array(reach)
  let sum = 0
  let count = 0
  for (let t = split; t < remainder.length; t++) {
    if ((t - split) % stride === 0) {
      foreseeArma(state, path)
      for (const probe of probes) {
        if (t + probe >= remainder.length) continue
        sum += Math.abs(remainder[t + probe]! - path[probe]!)
        count++
      }
    }
    followShifting(state, remainder[t]!)
  }
  return count === 0 ? Number.POSITIVE_INFINITY : sum / count
}

/** Straight lines across gaps; the nearest known value before the first and after the last. */
export function joinGaps(values: Float64Array): Float64Array {
  const out = values.slice()
  let before = -1
  for (let i = 0; i <= values.length; i++) {
    const known = i < values.length && !Number.isNaN(values[i]!)
    if (!known && i < values.length) continue
    const left = before >= 0 ? values[before]! : values[i]!
    const right = i < values.length ? values[i]! : left
    for (let j = before + 1; j < i; j++)
      out[j] = left + ((right - left) * (j - before)) / (i - before)
    before = i
  }
  return out
}

export function isConstant(values: Float64Array): boolean {
  const first = values[0]!
  return values.every((v) => Math.abs(v - first) <= 1e-9 * (1 + Math.abs(first)))
}
