/**
 * Periods worth testing, in ascending order: where the autocorrelation stands out over its surroundings, where the
 * periodogram stands out over AR(1) noise, and the calendar's. Each is sharpened by the comb of its multiples in the
 * autocorrelation, which tells 288 from 287 once a few seasons are there.
 */
import { movingMean, type RunningSums, runningSums } from './season-test.ts'
import { type Spectrum, spectrumOf } from './spectrum.ts'

export interface Candidate {
  readonly period: number
  /** Whether the calendar names it. */
  readonly exact: boolean
}

/** Lags looked at, as a share of the history: three seasons have two to compare. */
const MOST_LAGS = 0.62
const MOST_PEAKS = 10
const MOST_LINES = 6
const LEAST_CONTRAST = 0.04
/** Two periods nearer than this are one. */
const SAME = 1.12
/** A period found so near to the calendar's is the calendar's. */
const CALENDAR_TOLERANCE = 0.03
/** The autocorrelation is smoothed over this part of a lag to both sides: noise must not move its peaks. */
const BLUR = 48
const COMB_BLUR = 48
const MOST_TEETH = 8

/** `calendar`: periods in steps, at most half as long as the history. */
export function candidatePeriods(
  history: RunningSums,
  calendar: readonly number[],
  shortest: number,
): Candidate[] {
  const steps = history.values.length
  const longest = steps >> 1
  const spectrum = spectrumOf(withoutTrend(history), Math.floor(MOST_LAGS * steps))
  if (!(spectrum.covariance[0]! > 0)) return []
  const smooth = smoother(spectrum.covariance)
  const raw = [...peaks(spectrum, smooth, shortest, longest), ...lines(spectrum, shortest, longest)]
  const found = raw
    .map((period) => combed(smooth, period, steps))
    .filter((period) => !calendar.some((named) => isNear(period, named, 1 + CALENDAR_TOLERANCE)))
  const distinct: number[] = []
  for (const period of found)
    if (
      period >= shortest &&
      period <= longest &&
      !distinct.some((other) => isNear(period, other, 1.02))
    )
      distinct.push(period)
  return [
    ...distinct.map((period) => ({ period, exact: false })),
    ...calendar.map((period) => ({ period, exact: true })),
  ].sort((a, b) => a.period - b.period)
}

function isNear(a: number, b: number, factor: number): boolean {
  return Math.max(a, b) <= Math.max(Math.min(a, b) * factor, Math.min(a, b) + 1)
}

/** Zero-mean, without its straight line and without what moves more slowly than the longest period; gaps are zero. */
function withoutTrend(history: RunningSums): Float64Array {
  const { values } = history
  const level = movingMean(history, values.length >> 1)
  const from = level.findIndex((v) => !Number.isNaN(v))
  const to = level.findLastIndex((v) => !Number.isNaN(v))
  if (from < 0) return values.map((v) => (Number.isNaN(v) ? 0 : v))
  const slope = to > from ? (level[to]! - level[from]!) / (to - from) : 0
  return values.map((v, i) => {
    const inside = level[Math.min(Math.max(i, from), to)]!
    const base = Number.isNaN(inside) ? level[from]! : inside
    const beyond = i < from ? i - from : i > to ? i - to : 0
    const rest = v - base - slope * beyond
    return Number.isNaN(rest) ? 0 : rest
  })
}

/** Mean over the lags up to `reach` away. */
type Smooth = (lag: number, reach: number) => number

function smoother(covariance: Float64Array): Smooth {
  const { sums } = runningSums(covariance)
  return (lag, reach) => {
    const from = Math.max(0, lag - reach)
    const to = Math.min(covariance.length, lag + reach + 1)
    return (sums[to]! - sums[from]!) / (to - from)
  }
}

/** Lags at which the autocorrelation is a peak over what it is half a lag before and after; the best ones. */
function peaks(
  { covariance }: Spectrum,
  smooth: Smooth,
  shortest: number,
  longest: number,
): number[] {
  const last = covariance.length - 1
  const around = (lag: number): number => smooth(lag, Math.floor(lag / BLUR))
  const contrast = new Float64Array(last + 1)
  for (let lag = shortest; lag <= last; lag++) {
    const before = around(Math.round(lag / 2))
    const after = 1.5 * lag <= last ? around(Math.round(1.5 * lag)) : before
    contrast[lag] = (around(lag) - (before + after) / 2) / covariance[0]!
  }
  const found: number[] = []
  for (let lag = shortest; lag <= longest; lag++)
    if (contrast[lag]! >= LEAST_CONTRAST && isHighest(contrast, lag, shortest, last))
      found.push(lag)
  return found.sort((a, b) => contrast[b]! - contrast[a]!).slice(0, MOST_PEAKS)
}

function isHighest(values: Float64Array, at: number, from: number, to: number): boolean {
  const least = Math.max(from, Math.min(at - 1, Math.ceil(at / SAME)))
  const most = Math.min(to, Math.max(at + 1, Math.floor(at * SAME)))
  for (let i = least; i <= most; i++)
    if (values[i]! > values[at]! || (values[i] === values[at] && i < at)) return false
  return true
}

/** Periods of the strongest lines of the periodogram, relative to the spectrum of AR(1) noise. */
function lines({ power, covariance, size }: Spectrum, shortest: number, longest: number): number[] {
  const phi = Math.min(Math.max(covariance[1]! / covariance[0]!, 0), 0.999)
  const strength = power.map(
    (p, i) => p * (1 + phi * phi - 2 * phi * Math.cos((2 * Math.PI * i) / size)),
  )
  const from = Math.max(2, Math.ceil(size / longest))
  const to = Math.min(power.length - 2, Math.floor(size / shortest))
  const found: number[] = []
  for (let i = from; i <= to; i++)
    if (strength[i]! >= strength[i - 1]! && strength[i]! > strength[i + 1]!) found.push(i)
  return found
    .sort((a, b) => strength[b]! - strength[a]!)
    .slice(0, MOST_LINES)
    .map((i) => Math.round(size / i))
}

/** The comb's best period from `period` on, followed while it lies at the edge of what was looked at. */
function combed(smooth: Smooth, period: number, steps: number): number {
  let at = period
  for (let tries = 0; tries < 4; tries++) {
    const reach = Math.max(1, Math.round(0.05 * at))
    const best = bestComb(smooth, at, reach, steps)
    const isEdge = Math.abs(best - at) === reach
    at = best
    if (!isEdge) break
  }
  return at
}

/** The period near by whose multiples the autocorrelation likes best, by the pairs that each has. */
function bestComb(smooth: Smooth, period: number, reach: number, steps: number): number {
  const last = Math.floor(MOST_LAGS * steps)
  const teeth = Math.max(1, Math.min(MOST_TEETH, Math.floor(last / (period + reach))))
  const blur = Math.floor(period / COMB_BLUR)
  let best = period
  let most = Number.NEGATIVE_INFINITY
  for (let p = Math.max(2, period - reach); p <= Math.min(last, period + reach); p++) {
    let sum = 0
    let pairs = 0
    for (let j = 1; j <= teeth; j++) {
      sum += smooth(j * p, blur) * steps
      pairs += steps - j * p
    }
    if (sum / pairs > most) {
      most = sum / pairs
      best = p
    }
  }
  return best
}
