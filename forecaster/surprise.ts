/**
 * How surprising a value is under a forecast: the probability of as much or more, and of as little or less, read from
 * the quantiles. Straight lines between the levels; beyond the outer ones a Pareto tail of shape 4 through the outer
 * two, which is heavier than any exponential one, so that no probability comes out too small.
 * Where several quantiles coincide (an idle service) the whole mass counts as "as much" and as "as little".
 *
 * Under a calibrated forecast each of both is, at every step anew, not smaller than uniform (probability integral
 * transform: Rosenblatt 1952; Diebold, Gunther & Tay 1998).
 */
import { type Forecast, LEVELS, quantileAt } from './forecast.ts'

export interface Surprise {
  /** Probability of a value as large or larger. */
  readonly atLeast: number
  /** Probability of a value as small or smaller. */
  readonly atMost: number
}

const TAIL_SHAPE = 4
const LAST = LEVELS.length - 1
const TOP = LEVELS.indexOf(0.95)
const BOTTOM = LEVELS.indexOf(0.05)
/** Of both sides, for the levels are symmetric. */
const TAIL_MASS = 1 - LEVELS[TOP]!
/** How many times rarer the outermost level is than where the tail begins, to the power 1/shape, minus one. */
const TAIL_REACH = (TAIL_MASS / (1 - LEVELS[LAST]!)) ** (1 / TAIL_SHAPE) - 1
/** Tails are taken for no narrower than a grain, or this share of the load: a forecast of nothing but one value is not certain. */
const NARROWEST = 1e-3

/** `value` as the load of step `k`, counted from 0; both finite. */
export function surpriseOf(forecast: Forecast, k: number, value: number): Surprise {
  const quantile = (level: number): number => quantileAt(forecast, level, k)
  const { grain } = forecast.band
  return { atLeast: atLeast(quantile, value, grain), atMost: atMost(quantile, value, grain) }
}

type QuantileOf = (levelIndex: number) => number

function atLeast(quantile: QuantileOf, value: number, grain: number): number {
  const at = firstLevel((level) => quantile(level) >= value)
  if (at === 0) return 1
  if (at > LAST) return tailMass(quantile(TOP), quantile(LAST), value, grain)
  return 1 - between(quantile, at, value)
}

function atMost(quantile: QuantileOf, value: number, grain: number): number {
  const at = firstLevel((level) => quantile(level) > value)
  if (at > LAST) return 1
  if (at === 0) return tailMass(quantile(BOTTOM), quantile(0), value, grain)
  return between(quantile, at, value)
}

/** The first level at which `holds`, which then holds at all further ones; the number of levels when at none. */
function firstLevel(holds: (levelIndex: number) => boolean): number {
  let low = 0
  let high = LAST + 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}

/** Probability of less than `value`, which lies between the quantiles of the levels before and at `above`. */
function between(quantile: QuantileOf, above: number, value: number): number {
  const low = quantile(above - 1)
  const share = (value - low) / (quantile(above) - low)
  return LEVELS[above - 1]! + share * (LEVELS[above]! - LEVELS[above - 1]!)
}

/** Mass beyond `value`, on the side on which the tail begins at `begin` and has its outermost quantile at `outer`. */
function tailMass(begin: number, outer: number, value: number, grain: number): number {
  const width = Math.max(Math.abs(outer - begin), NARROWEST * begin, grain)
  // nothing says how long the tail is
  if (width === 0) return 1 - LEVELS[LAST]!
  return TAIL_MASS * (1 + (TAIL_REACH * Math.abs(value - begin)) / width) ** -TAIL_SHAPE
}
