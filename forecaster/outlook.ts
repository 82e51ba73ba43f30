/**
 * Load of whole days to come, weeks ahead, as simulated days: a level that grows and wanders, times the shape of days
 * that were.
 *
 *   log level(d) = a + b·d + week(d) + u(d),   u(d) = φ·u(d−1) + ε(d)
 *
 * b is the median slope between days half a history apart (Theil 1950, incomplete method; whole weeks apart, so that
 * weekends do not look like decline), week(d) is kept only where it foretells days left out, φ is freed of its
 * downward bias (Marriott & Pope 1954). A path draws a history of its own from the residuals, fits it anew and goes on
 * from the real last day (sieve bootstrap for forecasts: Thombs & Schucany 1990, Bühlmann 1997): so it carries the
 * uncertainty of trend and memory too, not only tomorrow's noise. The shape of each day is that of a day of the past,
 * whole (block bootstrap: Künsch 1989), of the same weekday where weekdays differ.
 */

/** Parts of a day, each with one load. */
export const PARTS_A_DAY = 24
/** A day of which less is known says nothing. */
const LEAST_PARTS = PARTS_A_DAY / 2
/** Fewest days that any outlook needs. */
const LEAST_DAYS = 7
/** Shapes are taken from so many days at most, the newest. */
const SHAPE_DAYS = 28
/** Left-out days must be foretold so much better for a week to be believed. */
const WEEK_GAIN = 0.9
/** One day of outage, or one flash crowd, is drawn as no further away than so many times the usual innovation. */
const MOST_SPREADS = 10
/** A simulated day has at most so many times the load of the largest day seen. */
const MOST_GROWTH = 20
/** Levels below this share of the middle one count as this: an outage is no trend. */
const LEAST_LEVEL = 1e-2

export interface OutlookModel {
  /** Days since the first of the history, the last known one. */
  readonly lastDay: number
  readonly weekDays: number
  /** Logarithms of the daily levels; NaN for a day that is not known. */
  readonly levels: Float64Array
  readonly trend: Trend
  /** Innovations to draw from, their mean taken out. */
  readonly innovations: Float64Array
  /** Shapes of known days with their day's number: loads of the parts over the level. */
  readonly shapes: readonly { readonly day: number; readonly parts: Float64Array }[]
  readonly mostLevel: number
}

interface Trend {
  readonly start: number
  readonly slope: number
  /** By day of the week; zeros where weekdays are not told apart. */
  readonly week: Float64Array
  readonly memory: number
}

/** Known days that an outlook over `horizonDays` needs: whole weeks are seen twice, and half as long as foretold. */
export function daysNeeded(horizonDays: number, weekDays: number): number {
  return Math.max(LEAST_DAYS, weekDays > 1 ? 2 * weekDays : 0, Math.ceil(horizonDays / 2))
}

/** Days of `days` that are known well enough to count. */
export function knownDays(days: readonly Float64Array[]): number {
  return days.filter((parts) => !Number.isNaN(levelOf(parts))).length
}

/**
 * `days`: one array of `PARTS_A_DAY` loads a day, consecutive, oldest first, NaN where nothing was measured;
 * `weekDays`: days of a week, 1 where there are none. Undefined when fewer than a handful of days are known.
 */
export function fitOutlook(
  days: readonly Float64Array[],
  weekDays: number,
): OutlookModel | undefined {
  const raw = days.map(levelOf)
  const seen = raw.filter((level) => !Number.isNaN(level))
  if (seen.length < LEAST_DAYS) return undefined
  const floor = Math.max(LEAST_LEVEL * median(seen), Number.MIN_VALUE)
  const levels = Float64Array.from(raw, (level) => Math.log(Math.max(level, floor)))
  const lastDay = lastKnown(levels)
  const trend = fitTrend(levels, weekDays)
  const rest = Float64Array.from(levels, (y, d) => y - trendAt(trend, d, weekDays))
  const innovations = innovationsOf(rest, trend.memory)
  return {
    lastDay,
    weekDays,
    levels,
    trend,
    innovations,
    shapes: shapesOf(days, raw),
    mostLevel: Math.log(MOST_GROWTH * Math.max(...seen, Number.MIN_VALUE)),
  }
}

/**
 * One possible future: loads of the parts of `horizonDays` days after the last of the history that `fitOutlook` got,
 * `out[day · PARTS_A_DAY + part]`. Draws as many numbers for every service with as long a history, so that services
 * given the same stream live the same days.
 */
export function simulateDays(
  model: OutlookModel,
  historyDays: number,
  horizonDays: number,
  random: () => number,
  out: Float64Array,
): void {
  const { levels, weekDays, lastDay, mostLevel } = model
  const drawn = redraw(model, random)
  let rest = levels[lastDay]! - trendAt(drawn, lastDay, weekDays)
  for (let day = lastDay + 1; day < historyDays + horizonDays; day++) {
    rest = drawn.memory * rest + pick(model.innovations, random)
    const choice = random()
    if (day < historyDays) continue
    const level = Math.exp(Math.min(trendAt(drawn, day, weekDays) + rest, mostLevel))
    const parts = shapeFor(model, day, choice)
    const at = (day - historyDays) * PARTS_A_DAY
    for (let part = 0; part < PARTS_A_DAY; part++) out[at + part] = level * parts[part]!
  }
}

/** The trend as it might have come out: fitted to a history drawn from the model itself. */
function redraw(model: OutlookModel, random: () => number): Trend {
  const { levels, weekDays, trend, innovations } = model
  const history = new Float64Array(levels.length)
  // begun early enough that where it began is forgotten
  let rest = 0
  for (let d = -20; d < levels.length; d++) {
    rest = trend.memory * rest + pick(innovations, random)
    if (d < 0) continue
    const isKnown = !Number.isNaN(levels[d]!)
    history[d] = isKnown ? trendAt(trend, d, weekDays) + rest : Number.NaN
  }
  const fitted = fitTrend(history, weekDays)
  // weekdays are told apart or not by what was really seen
  return { ...fitted, week: trend.week.some((w) => w !== 0) ? fitted.week : trend.week }
}

function fitTrend(levels: Float64Array, weekDays: number): Trend {
  const slope = slopeOf(levels, weekDays)
  const flat = Float64Array.from(levels, (y, d) => y - slope * d)
  const start = medianOfKnown(flat)
  const rest = flat.map((y) => y - start)
  const week = weekOf(rest, weekDays)
  const noise = rest.map((u, d) => u - week[d % weekDays]!)
  return { start, slope, week, memory: memoryOf(noise) }
}

const trendAt = ({ start, slope, week }: Trend, day: number, weekDays: number): number =>
  start + slope * day + week[day % weekDays]!

/** Median slope between known days that lie half the history apart, in whole weeks where there are two. */
function slopeOf(levels: Float64Array, weekDays: number): number {
  const half = levels.length >> 1
  const weeks = Math.floor(half / weekDays)
  const apart = weeks > 0 ? weeks * weekDays : half
  const slopes: number[] = []
  for (let d = apart; d < levels.length; d++) {
    const slope = (levels[d]! - levels[d - apart]!) / apart
    if (!Number.isNaN(slope)) slopes.push(slope)
  }
  return slopes.length === 0 ? 0 : median(slopes)
}

/** Median by day of the week, when that foretells days left out; zeros otherwise. */
function weekOf(rest: Float64Array, weekDays: number): Float64Array {
  const none = new Float64Array(weekDays)
  if (weekDays === 1 || rest.length < 2 * weekDays) return none
  let without = 0
  let withWeek = 0
  for (let d = 0; d < rest.length; d++) {
    const others = sameWeekday(rest, d, weekDays)
    if (Number.isNaN(rest[d]!) || others.length === 0) continue
    without += Math.abs(rest[d]!)
    withWeek += Math.abs(rest[d]! - median(others))
  }
  if (!(withWeek < WEEK_GAIN * without)) return none
  return none.map((_, weekday) => {
    const own = sameWeekday(rest, weekday - weekDays, weekDays)
    return own.length === 0 ? 0 : median(own)
  })
}

/** Known values of the same weekday as `day`, that day itself left out. */
function sameWeekday(rest: Float64Array, day: number, weekDays: number): number[] {
  const out: number[] = []
  const first = ((day % weekDays) + weekDays) % weekDays
  for (let d = first; d < rest.length; d += weekDays)
    if (d !== day && !Number.isNaN(rest[d]!)) out.push(rest[d]!)
  return out
}

/** Autocorrelation from one day to the next, freed of the bias that a fitted trend gives it; 0 to 1. */
function memoryOf(rest: Float64Array): number {
  let products = 0
  let squares = 0
  let pairs = 0
  for (let d = 1; d < rest.length; d++) {
    if (Number.isNaN(rest[d]!) || Number.isNaN(rest[d - 1]!)) continue
    products += rest[d]! * rest[d - 1]!
    squares += (rest[d]! ** 2 + rest[d - 1]! ** 2) / 2
    pairs++
  }
  if (pairs < 3 || squares === 0) return 0
  const raw = products / squares
  return Math.min(Math.max(raw + (2 + 4 * raw) / pairs, 0), 1)
}

function innovationsOf(rest: Float64Array, memory: number): Float64Array {
  const out: number[] = []
  for (let d = 1; d < rest.length; d++) {
    const innovation = rest[d]! - memory * rest[d - 1]!
    if (!Number.isNaN(innovation)) out.push(innovation)
  }
  if (out.length === 0) return new Float64Array(1)
  const spread = median(out.map(Math.abs))
  const most = spread > 0 ? MOST_SPREADS * spread : Number.POSITIVE_INFINITY
  const near = out.map((e) => Math.min(Math.max(e, -most), most))
  const mean = near.reduce((a, b) => a + b, 0) / near.length
  // start, slope and memory were fitted to them: the next ones will be larger
  const widened = Math.sqrt(out.length / Math.max(1, out.length - 3))
  return Float64Array.from(near, (e) => (e - mean) * widened)
}

function shapesOf(days: readonly Float64Array[], levels: readonly number[]) {
  const shapes = days.flatMap((parts, day) => {
    const level = levels[day]!
    if (!(level > 0)) return []
    return [{ day, parts: parts.map((load) => (Number.isNaN(load) ? 1 : load / level)) }]
  })
  // a service that never had any load keeps none
  return shapes.length > 0
    ? shapes.slice(-SHAPE_DAYS)
    : [{ day: 0, parts: new Float64Array(PARTS_A_DAY) }]
}

function shapeFor({ shapes, trend, weekDays }: OutlookModel, day: number, choice: number) {
  const own = trend.week.some((w) => w !== 0)
    ? shapes.filter((shape) => shape.day % weekDays === day % weekDays)
    : shapes
  const from = own.length > 0 ? own : shapes
  return from[Math.floor(choice * from.length)]!.parts
}

const pick = (values: Float64Array, random: () => number): number =>
  values[Math.floor(random() * values.length)]!

/** Mean of the known parts; NaN when too few are known. */
function levelOf(parts: Float64Array): number {
  let sum = 0
  let known = 0
  for (const load of parts) {
    if (Number.isNaN(load)) continue
    sum += load
    known++
  }
  return known < LEAST_PARTS ? Number.NaN : sum / known
}

function lastKnown(levels: Float64Array): number {
  return levels.findLastIndex((y) => !Number.isNaN(y))
}

function medianOfKnown(values: Float64Array): number {
  return median(Array.from(values).filter((v) => !Number.isNaN(v)))
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
