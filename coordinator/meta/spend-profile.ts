/**
 * What the fleet's demand for money is over a week: for each part of it the mean demand curve of the ticks that fell into
 * it, newer ones weighing more. Two curves: what reactive control alone asks for, and what all of it does.
 *
 * A part that was never seen is taken from the same part of other days, and where there is none from all that was seen.
 * So a forecast of demand exists from the first tick on, and gets its shape as days and weeks pass. Growth that other
 * forecasts know of (the outlook) is laid over it by who asks.
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
  /** Demand lately, and what the parts had said of it, $/hour: they lag behind where it grows. */
  lately: { seen: number; said: number }
}

export interface PartDemand {
  /** Time that the means stand for, at most `VISITS` parts. */
  readonly weightMs: number
  readonly reactive: readonly number[]
  readonly all: readonly number[]
}

export interface ProfileGrid {
  readonly dayMs: number
  readonly partsADay: number
  readonly weekDays: number
}

/** Days over which the level is averaged. */
const LEVEL_DAYS = 2
/** A part's mean reaches this many visits back. */
const VISITS = 3

export function openProfile({ dayMs, partsADay, weekDays }: ProfileGrid): SpendProfile {
  const parts = new Array<PartDemand | null>(partsADay * weekDays).fill(null)
  return { partsADay, weekDays, partMs: dayMs / partsADay, parts, lately: { seen: 0, said: 0 } }
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
  profile.parts[at] = {
    weightMs,
    reactive: mixed(known?.reactive, reactive),
    all: mixed(known?.all, all),
  }
  if (known) {
    const weight = Math.min(1, lastedMs / (LEVEL_DAYS * profile.partsADay * profile.partMs))
    const { seen, said } = profile.lately
    profile.lately = {
      seen: seen + (all[0]! - seen) * weight,
      said: said + (profile.parts[at].all[0]! - said) * weight,
    }
  }
  return profile
}

/** Money asked for from `fromMs` to `toMs`, $, by price; undefined before anything was learned. */
export function demandUntil(
  profile: SpendProfile,
  fromMs: number,
  toMs: number,
  growthAt: (atMs: number) => number = () => 1,
): DemandCurves | undefined {
  const { seen, said } = profile.lately
  const level = said > 0 ? seen / said : 1
  const hoursOf = new Float64Array(profile.parts.length)
  for (let atMs = fromMs; atMs < toMs; ) {
    const endMs = Math.min(toMs, (Math.floor(atMs / profile.partMs) + 1) * profile.partMs)
    hoursOf[partAt(profile, atMs)]! += ((endMs - atMs) / 3_600_000) * growthAt(atMs) * level
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
