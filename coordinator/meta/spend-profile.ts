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

/** A part's mean reaches this many visits back. */
const VISITS = 3

export function openProfile({ dayMs, partsADay, weekDays }: ProfileGrid): SpendProfile {
  const parts = new Array<PartDemand | null>(partsADay * weekDays).fill(null)
  return { partsADay, weekDays, partMs: dayMs / partsADay, parts }
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
  return profile
}

/** Money asked for from `fromMs` to `toMs`, $, by price; undefined before anything was learned. */
export function demandUntil(
  profile: SpendProfile,
  fromMs: number,
  toMs: number,
  growthAt: (atMs: number) => number = () => 1,
): DemandCurves | undefined {
  const filled = filledParts(profile)
  if (!filled) return undefined
  const sums = { reactive: new Float64Array(PRICES.length), all: new Float64Array(PRICES.length) }
  for (let atMs = fromMs; atMs < toMs; ) {
    const endMs = Math.min(toMs, (Math.floor(atMs / profile.partMs) + 1) * profile.partMs)
    const hours = ((endMs - atMs) / 3_600_000) * growthAt(atMs)
    const { reactive, all } = filled[partAt(profile, atMs)]!
    for (let k = 0; k < PRICES.length; k++) {
      sums.reactive[k]! += hours * reactive[k]!
      sums.all[k]! += hours * all[k]!
    }
    atMs = endMs
  }
  return sums
}

/** The curves of the part that `atMs` falls into, $/hour. */
export function demandNow(profile: SpendProfile, atMs: number): DemandCurves | undefined {
  return filledParts(profile)?.[partAt(profile, atMs)]
}

function filledParts({ parts, partsADay, weekDays }: SpendProfile): DemandCurves[] | undefined {
  const known = parts.filter((part) => part !== null)
  if (known.length === 0) return undefined
  const overall = meanOf(known)
  const ofDay = Array.from({ length: partsADay }, (_, part) => {
    const same = Array.from({ length: weekDays }, (_, day) => parts[day * partsADay + part]!)
    const seen = same.filter((each) => each !== null)
    return seen.length > 0 ? meanOf(seen) : overall
  })
  return parts.map((part, i) =>
    part === null
      ? ofDay[i % partsADay]!
      : { reactive: Float64Array.from(part.reactive), all: Float64Array.from(part.all) },
  )
}

function meanOf(parts: readonly PartDemand[]): DemandCurves {
  const mean = (list: (part: PartDemand) => readonly number[]) =>
    Float64Array.from(PRICES, (_, k) => {
      let sum = 0
      for (const part of parts) sum += list(part)[k]!
      return sum / parts.length
    })
  return { reactive: mean((part) => part.reactive), all: mean((part) => part.all) }
}
