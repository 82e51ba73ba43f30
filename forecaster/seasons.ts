/**
 * Finds the periods after which a load repeats itself, several at once. Candidates come from the peaks of the
 * autocorrelation, from the strongest lines of the periodogram over an AR(1) background, and from the calendar (hour,
 * day, week), which breaks ties and is never required. Each is tested on what the shorter ones already found leave
 * unexplained, by how much of it comes back in other seasons (`season-test.ts`): a harmonic or a multiple adds
 * nothing there, a week stays only if it says clearly more than its days.
 */
import { usable } from './plain-data.ts'
import { type Candidate, candidatePeriods } from './season-candidates.ts'
import { movingMean, type RunningSums, repetitionOf, runningSums } from './season-test.ts'

export interface SeasonOptions {
  /** Most periods returned. */
  readonly most?: number
  /** Given: periods of an hour, a day and a week are looked at even where no peak stands out. */
  readonly calendar?: { readonly stepMs: number }
}

const HOUR_MS = 3_600_000
const CALENDAR_MS = [HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS]
const SHORTEST = 4
const MOST_SEASONS = 3
const LEAST_STEPS = 16
/** Errors are compared over robust deviations: a flash crowd counts, but not as its square. */
const SOFT_DEVIATIONS = 3

/**
 * Standard errors that a period must exceed AR(1) noise by, and the share of the variance that it must explain; as a
 * multiple of a period already found, beyond what that one's own repetition still explains of what it left.
 */
const BAR = { significance: 5, share: 0.05, multiple: 0.15 }
const CALENDAR_BAR = { significance: 3.5, share: 0.04, multiple: 0.1 }
/** Standard errors that are taken off before shares are compared. */
const CHANCE_ERRORS = 3
/** A divisor that explains so much of what a period does is the period; of the calendar's, only a nearly equal one. */
const SAME_SHARE = 0.75
const SAME_AS_CALENDAR = 0.95
/** Up to so many times: the shorter one is a harmonic of the longer's shape. A week is seven days, and keeps them. */
const MOST_HARMONIC = 6
/** A day in a week is a season of its own when it explains this much of what the week does. */
const OWN_SHARE = 0.3

/** Periods in steps, ascending; empty when nothing repeats. `history`: oldest first, NaN where nothing was seen. */
export function detectSeasons(history: Float64Array, options: SeasonOptions = {}): number[] {
  const { most = MOST_SEASONS, calendar } = options
  const even = evened(history)
  if (!even) return []
  let rest = runningSums(even)
  const known = calendarSteps(calendar?.stepMs).filter((m) => m <= history.length / 2)
  const candidates = candidatePeriods(rest, known, SHORTEST)
  const found: Candidate[] = []
  while (found.length < most) {
    const best = choose(passing(rest, candidates, found))
    if (!best) break
    const chosen = { ...best, period: aligned(best, found) }
    for (let i = found.length - 1; i >= 0; i--)
      if (isHarmonic(found[i]!, chosen)) found.splice(i, 1)
    found.push(chosen)
    rest = withoutSeason(rest, chosen.period)
  }
  return found.map(({ period }) => period).sort((a, b) => a - b)
}

interface Passing extends Candidate {
  /** Less what chance may have added to it. */
  readonly share: number
  /** Variance that comes back, whatever noise is beside it. */
  readonly repeated: number
}

/** Candidates that repeat, significantly and enough, in what those found have left. */
function passing(
  rest: RunningSums,
  candidates: readonly Candidate[],
  found: readonly Candidate[],
): Passing[] {
  const out: Passing[] = []
  // slowly changing, a season found leaves some to all its multiples
  const left = new Map(found.map((other) => [other, repeatedIn(rest, other.period)]))
  for (const candidate of candidates) {
    const { period, exact } = candidate
    if (found.some((other) => other.period === period || isKin(candidate, other))) continue
    const { share, variance, significance } = repetitionOf(rest, period)
    const parts = found.filter((other) => timesIn(other.period, period))
    const bar = exact ? CALENDAR_BAR : BAR
    const own = exact ? 0 : Math.max(0, ...parts.map((part) => left.get(part)!)) / variance
    const least = own + (parts.length === 0 ? bar.share : bar.multiple)
    if (significance >= bar.significance && share >= least)
      out.push({
        ...candidate,
        share: share * (1 - CHANCE_ERRORS / significance),
        repeated: share * variance,
      })
  }
  return out
}

/** Variance that comes back after this period. */
function repeatedIn(rest: RunningSums, period: number): number {
  const { share, variance } = repetitionOf(rest, period)
  return share * variance
}

/** The one that explains most, the calendar's first; then down to the shortest period that it is a multiple of. */
function choose(candidates: readonly Passing[]): Passing | undefined {
  const named = candidates.filter(({ exact }) => exact)
  let chosen = largest(named.length > 0 ? named : candidates)
  while (chosen) {
    const whole: Passing = chosen
    const parts = candidates.filter((part) => {
      const times = timesIn(part.period, whole.period)
      if (times === undefined) return false
      if (whole.exact && !part.exact) return part.repeated >= SAME_AS_CALENDAR * whole.repeated
      const isSame = part.repeated >= SAME_SHARE * whole.repeated
      return isSame || (times > MOST_HARMONIC && part.share >= OWN_SHARE * whole.share)
    })
    if (parts.length === 0) break
    chosen = largest(parts)
  }
  return chosen
}

function largest(candidates: readonly Passing[]): Passing | undefined {
  return candidates.reduce<Passing | undefined>(
    (best, other) => (best === undefined || other.share > best.share ? other : best),
    undefined,
  )
}

/** How many times `shorter` goes into `period`, when it does so about wholly and more than once. */
function timesIn(shorter: number, period: number): number | undefined {
  const times = Math.round(period / shorter)
  return times >= 2 && Math.abs(period - times * shorter) <= 0.03 * period ? times : undefined
}

/** A whole number of the season found before, where it all but is one. */
function aligned({ period, exact }: Candidate, found: readonly Candidate[]): number {
  for (const other of exact ? [] : found) {
    const times = Math.round(period / other.period)
    if (times > 1 && Math.abs(period - times * other.period) <= 0.01 * period)
      return times * other.period
  }
  return period
}

/** Whether `part` is but a harmonic in the shape of `whole`; the calendar's only of the calendar's. */
function isHarmonic(part: Candidate, whole: Candidate): boolean {
  const times = timesIn(part.period, whole.period)
  return times !== undefined && times <= MOST_HARMONIC && (whole.exact || !part.exact)
}

/** Whether `other`, already found, leaves nothing to `candidate`: as its whole, or as the calendar's part of it. */
function isKin(candidate: Candidate, other: Candidate): boolean {
  const times = timesIn(other.period, candidate.period)
  const small = times !== undefined && times <= MOST_HARMONIC
  return isHarmonic(candidate, other) || (small && other.exact && !candidate.exact)
}

function calendarSteps(stepMs: number | undefined): number[] {
  if (stepMs === undefined || !(stepMs > 0)) return []
  return CALENDAR_MS.map((ms) => ms / stepMs)
    .filter((steps) => steps >= SHORTEST && Math.abs(steps - Math.round(steps)) < 0.005 * steps)
    .map(Math.round)
}

/** Square roots, centred, far ones drawn in; undefined when too little was seen or nothing ever changes. */
function evened(history: Float64Array): Float64Array | undefined {
  const roots = history.map((v) => Math.sqrt(usable(v)))
  const known = roots.filter((v) => !Number.isNaN(v)).sort()
  if (known.length < LEAST_STEPS) return undefined
  const middle = known[known.length >> 1]!
  const spread = deviation(known, middle)
  if (!(spread > 1e-12 * (1 + middle))) return undefined
  return roots.map((v) => Math.asinh((v - middle) / (SOFT_DEVIATIONS * spread)))
}

/** Robust where most values differ, the mean deviation where most are alike (counts that are mostly zero). */
function deviation(sorted: Float64Array, middle: number): number {
  const misses = sorted.map((v) => Math.abs(v - middle)).sort()
  const median = misses[misses.length >> 1]!
  return median > 0 ? 1.4826 * median : misses.reduce((sum, v) => sum + v, 0) / misses.length
}

/** Less the mean of what each step of the season is above the level around it. */
function withoutSeason(rest: RunningSums, seasonSteps: number): RunningSums {
  const { values } = rest
  const level = movingMean(rest, seasonSteps)
  const sums = new Float64Array(seasonSteps)
  const counts = new Float64Array(seasonSteps)
  for (let i = 0; i < values.length; i++) {
    const above = values[i]! - level[i]!
    if (Number.isNaN(above)) continue
    sums[i % seasonSteps]! += above
    counts[i % seasonSteps]!++
  }
  return runningSums(
    values.map((v, i) => {
      const count = counts[i % seasonSteps]!
      return count > 0 ? v - sums[i % seasonSteps]! / count : v
    }),
  )
}
