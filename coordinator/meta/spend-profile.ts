/**
 * What the fleet's demand for money is over a week: for each part of it the mean demand curve of the ticks that fell into
 * it, newer ones weighing more. Two curves: what reactive control alone asks for, and what all of it does.
 *
 * A part that was never seen is taken from the same part of other days, and where there is none from all that was seen.
 * So a forecast of demand exists from the first tick on, and gets its shape as days and weeks pass.
 *
 * Means lag behind where demand grows. Each knows of when it speaks, and what a day asks for beside what they said of it,
 * weeks before, tells the growth: one rate for the fleet, from the days of the last two weeks, as far as it stands out from
 * their scatter (positive-part shrinkage: James & Stein 1961). What is left of a month is asked for at that rate.
 */
import { type DemandCurve, PRICES } from './price-ladder.ts'

export interface DemandCurves {
  readonly reactive: DemandCurve
  readonly all: DemandCurve
}

/** Plain data; curves are lists of numbers so that they can be stored as JSON. */
export interface SpendProfile {
  readonly partsADay: number
  readonly weekDays: number
  readonly partMs: number
  /** One a part of the week; null: never seen. */
  readonly parts: (PartDemand | null)[]
  /** Today so far: what was asked for and what the parts said of it, $; the middle of their lag, weighted by that, $ · ms. */
  today: Growth & { day: number }
  /** The last days, oldest first. */
  days: readonly Growth[]
}

interface Growth {
  readonly seen: number
  readonly said: number
  readonly lag: number
}

export interface PartDemand {
  /** Time that the means stand for, at most `VISITS` parts. */
  readonly weightMs: number
  /** The middle of the time that they speak of. */
  readonly centreMs: number
  readonly reactive: readonly number[]
  readonly all: readonly number[]
}

export interface ProfileGrid {
  readonly dayMs: number
  readonly partsADay: number
  readonly weekDays: number
}

/** Weeks of days from which growth is told. */
const GROWTH_WEEKS = 2
/** So few days of a fortnight tell nothing: what a week had more or less than the one before is mostly chance. */
const LEAST_OF_DAYS = 0.75
/** Days of less than this share of a whole one are left out. */
const LEAST_OF_DAY = 0.5
/** Growth is no more than e-fold in so many weeks, either way. */
const FASTEST_WEEKS = 4
/** A part's mean reaches this many visits back. */
const VISITS = 3

export function openProfile({ dayMs, partsADay, weekDays }: ProfileGrid): SpendProfile {
  const parts = new Array<PartDemand | null>(partsADay * weekDays).fill(null)
  return {
    ...{ partsADay, weekDays, partMs: dayMs / partsADay, parts },
    today: { day: -1, seen: 0, said: 0, lag: 0 },
    days: [],
  }
}

const partAt = ({ partMs, parts }: SpendProfile, atMs: number): number =>
  Math.floor(atMs / partMs) % parts.length

/** The profile after `lastedMs` of a demand that began at `atMs`. The profile given is changed and returned. */
export function learnDemand(
  profile: SpendProfile,
  { reactive, all }: DemandCurves,
  { atMs, lastedMs }: { readonly atMs: number; readonly lastedMs: number },
): SpendProfile {
  const at = partAt(profile, atMs)
  const known = profile.parts[at]
  const weightMs = Math.min((known?.weightMs ?? 0) + lastedMs, VISITS * profile.partMs)
  const share = Math.min(1, lastedMs / weightMs)
  const mixed = (old: readonly number[] | undefined, now: DemandCurve) =>
    Array.from(now, (value, k) => (old ? old[k]! + (value - old[k]!) * share : value))
  if (known) followGrowth(profile, { seen: all[0]!, said: known.all[0]!, atMs, lastedMs, known })
  profile.parts[at] = {
    weightMs,
    centreMs: known ? known.centreMs + (atMs - known.centreMs) * share : atMs,
    reactive: mixed(known?.reactive, reactive),
    all: mixed(known?.all, all),
  }
  return profile
}

interface Said {
  readonly seen: number
  readonly said: number
  readonly atMs: number
  readonly lastedMs: number
  readonly known: PartDemand
}

/** Notes what a part had said that was last seen before today. */
function followGrowth(profile: SpendProfile, { seen, said, atMs, lastedMs, known }: Said): void {
  const { partMs, partsADay, weekDays } = profile
  const dayMs = partMs * partsADay
  const lagMs = atMs - known.centreMs
  if (lagMs < dayMs || said <= 0) return
  const day = Math.floor(atMs / dayMs)
  if (day !== profile.today.day) {
    const { day: _, ...ended } = profile.today
    if (ended.said > 0) profile.days = [...profile.days, ended].slice(-GROWTH_WEEKS * weekDays)
    profile.today = { day, seen: 0, said: 0, lag: 0 }
  }
  const { today } = profile
  const hours = lastedMs / 3_600_000
  profile.today = {
    day,
    seen: today.seen + seen * hours,
    said: today.said + said * hours,
    lag: today.lag + said * hours * lagMs,
  }
}

/** Growth of demand, its logarithm a ms. */
export function growthOf({ days, partMs, partsADay, weekDays }: SpendProfile): number {
  const most = 1 / (FASTEST_WEEKS * weekDays * partsADay * partMs)
  const usual = days.reduce((sum, { said }) => sum + said, 0) / days.length
  const rates = days
    .filter(({ seen, said }) => seen > 0 && said > LEAST_OF_DAY * usual)
    .map(({ seen, said, lag }) => (Math.log(seen / said) * said) / lag)
  const n = rates.length
  if (n < LEAST_OF_DAYS * GROWTH_WEEKS * weekDays) return 0
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / n
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / (n - 1)
  const certainty = mean === 0 ? 0 : Math.max(0, 1 - variance / n / mean ** 2)
  return Math.min(Math.max(certainty * mean, -most), most)
}

/** Money asked for from `fromMs` to `toMs`, $, by price; undefined before anything was learned. */
export function demandUntil(
  profile: SpendProfile,
  fromMs: number,
  toMs: number,
): DemandCurves | undefined {
  const growth = growthOf(profile)
  const hoursOf = new Float64Array(profile.parts.length)
  for (let atMs = fromMs; atMs < toMs; ) {
    const endMs = Math.min(toMs, (Math.floor(atMs / profile.partMs) + 1) * profile.partMs)
    const part = partAt(profile, atMs)
    const sinceMs = atMs - (profile.parts[part]?.centreMs ?? fromMs)
    hoursOf[part]! += ((endMs - atMs) / 3_600_000) * Math.exp(growth * sinceMs)
    atMs = endMs
  }
  const sums = { reactive: new Float64Array(PRICES.length), all: new Float64Array(PRICES.length) }
  const known = new Map<number, DemandLists | undefined>()
  const ofUnseen = (part: number) => {
    const ofDay = part % profile.partsADay
    if (!known.has(ofDay)) known.set(ofDay, demandOfPart(profile, part))
    return known.get(ofDay)
  }
  for (let part = 0; part < hoursOf.length; part++) {
    const hours = hoursOf[part]!
    if (hours === 0) continue
    const demand = profile.parts[part] ?? ofUnseen(part)
    if (!demand) return undefined
    for (let k = 0; k < PRICES.length; k++) {
      sums.reactive[k]! += hours * demand.reactive[k]!
      sums.all[k]! += hours * demand.all[k]!
    }
  }
  return sums
}

/** The curves of the part that `atMs` falls into, $/hour; undefined before anything was learned. */
export function demandNow(profile: SpendProfile, atMs: number): DemandLists | undefined {
  return demandOfPart(profile, partAt(profile, atMs))
}

export type DemandLists = Pick<PartDemand, 'reactive' | 'all'>

function demandOfPart(profile: SpendProfile, part: number): DemandLists | undefined {
  const { parts, partsADay } = profile
  const own = parts[part]
  if (own) return own
  const ofDay = parts.filter((each, i) => each !== null && (i - part) % partsADay === 0)
  const seen = ofDay.length > 0 ? ofDay : parts.filter((each) => each !== null)
  return seen.length > 0 ? meanOf(seen as readonly PartDemand[]) : undefined
}

function meanOf(parts: readonly PartDemand[]): DemandLists {
  const mean = (list: (part: PartDemand) => readonly number[]) =>
    Array.from(PRICES, (_, k) => {
      let sum = 0
      for (const part of parts) sum += list(part)[k]!
      return sum / parts.length
    })
  return { reactive: mean((part) => part.reactive), all: mean((part) => part.all) }
}
