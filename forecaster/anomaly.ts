/**
 * Anomalies: departures from the calibrated band, with a stated rate of false alarms.
 *
 * Each step is a bet against the forecast that was issued before it. An upper-tail probability p is turned into an
 * e-value κ·p^(κ−1) (Vovk & Wang 2021, Annals of Statistics 49, §2): its mean is at most 1 under a calibrated forecast. A small κ
 * pays for one step that is all but impossible, a large κ for many that are a little too high. E-values of successive
 * ticks are multiplied and summed over all possible beginnings, M ← e·(M + 1) (Shiryaev–Roberts e-detector: Shin,
 * Ramdas & Rinaldo 2023, Definition 2.2): stopped at M ≥ c its mean time to a false alarm is at least c ticks, whatever
 * the load is like. Several bets share one M, their weighted mean. Steps that became known at once are averaged
 * before, which needs no independence between them. Missing and exactly repeated values are bets in the same way,
 * against how often the series itself has shown them.
 *
 * Over a fleet the bar is that of e-BH (Wang & Ramdas 2022; for e-detectors: Dandapanthula & Ramdas 2025): the k
 * strongest of n are anomalies where the k-th reaches c·n/k. While nothing is amiss the whole fleet has one false
 * alarm in c ticks, and when much is amiss at once the bar is as low as that of one service alone.
 */
import type { Surprise } from './surprise.ts'

export const ASPECTS = ['load', 'silence', 'repetition'] as const
/** What an anomaly is of; each is open at most once at a time. */
export type Aspect = (typeof ASPECTS)[number]

export type Direction = 'up' | 'down'

/** An anomaly that is going on. */
export interface Departure {
  readonly aspect: Aspect
  /** Of the load; null for the other aspects. */
  readonly direction: Direction | null
  /** Start of the first step that belongs to it. */
  readonly sinceMs: number
  /** Steps in a row since then that were as they should be. */
  calm: number
}

export const ANOMALY_KINDS = ['spike', 'drop', 'level-shift', 'silent', 'stuck'] as const
export type AnomalyKind = (typeof ANOMALY_KINDS)[number]

/** How often something happens: after a step without it, and after a step with it. */
interface Habit {
  readonly happened: [number, number]
  readonly chances: [number, number]
  /** Steps in a row in which it has happened. */
  run: number
}

/** Plain data; written in place. */
export interface Detector {
  /** M of each bet. */
  readonly evidence: Float64Array
  /** E-values of this tick's steps, summed, and their number. */
  readonly sums: Float64Array
  readonly counts: Int32Array
  /** End of the last step before a bet's evidence began to grow; NaN before any. */
  readonly sinceMs: Float64Array
  readonly missing: Habit
  readonly repeated: Habit
  lastValue: number
  open: Partial<Record<Aspect, Departure>>
}

const BETS = [0.1, 0.3, 0.6, 0.85]
const UP = 0
const DOWN = BETS.length
const SILENCE = 2 * BETS.length
const REPETITION = SILENCE + 1
const ALL = REPETITION + 1
const ASPECT_OF: readonly Aspect[] = Array.from({ length: ALL }, (_, bet) =>
  bet === SILENCE ? 'silence' : bet === REPETITION ? 'repetition' : 'load',
)

/** Share of the stake that is put on "it happens", after a step without it and after one with it. */
const STAKES = [0.1, 0.9] as const
/** Before anything was seen: once in 50 steps, and once in 4 when it happened the step before. */
const PRIOR_HAPPENED = 1
const PRIOR_CHANCES = [50, 4] as const
const HABIT_MEMORY = 20_000
/** A single value that the forecast gives more than this is no surprise, however often it comes. */
const FORESEEN_MASS = 0.05
/** A run teaches as if it were no longer than this: one long outage is no habit. */
const RUN_TAUGHT = 8
/** Evidence beyond this says no more. */
const MOST_EVIDENCE = 1e12
/** Evidence below this has not begun. */
const BEGINS = 20
/** A load that has been away for so many steps has moved. */
const SHIFT_STEPS = 20
/** A step whose probability on its side is above this is as it should be. */
const CALM_PROBABILITY = 0.05
/** An anomaly ends after so many calm steps; what comes before belongs to it. */
const CALM_STEPS: Readonly<Record<Aspect, number>> = { load: 20, silence: 5, repetition: 5 }

export function createDetector(): Detector {
  const habit = (): Habit => ({ happened: [0, 0], chances: [0, 0], run: 0 })
  return {
    evidence: new Float64Array(ALL),
    sums: new Float64Array(ALL),
    counts: new Int32Array(ALL),
    sinceMs: new Float64Array(ALL).fill(Number.NaN),
    missing: habit(),
    repeated: habit(),
    lastValue: Number.NaN,
    open: {},
  }
}

/**
 * One step that ended at `endMs`. `value` NaN: nothing was measured. `surprise` undefined: no forecast had been issued
 * for it, so its load is not judged; the habits of the series are learned all the same. `judging` false: only they are.
 */
export function judgeStep(
  detector: Detector,
  endMs: number,
  value: number,
  surprise: Surprise | undefined,
  judging = true,
): void {
  const isMissing = Number.isNaN(value)
  // a series that has not begun is not silent
  if (isMissing && Number.isNaN(detector.lastValue)) return
  bet(detector, SILENCE, follow(detector.missing, isMissing), endMs, judging)
  if (isMissing) {
    calm(detector, 'silence', false)
    return
  }
  calm(detector, 'silence', true)
  const isRepeated = value === detector.lastValue
  detector.lastValue = value
  // where the forecast itself puts mass on one value (an idle night), repeating it is what was foreseen
  const mass = surprise ? surprise.atLeast + surprise.atMost - 1 : 0
  const foreseen = mass > FORESEEN_MASS ? 1 : 0
  bet(detector, REPETITION, follow(detector.repeated, isRepeated, foreseen), endMs, judging)
  calm(detector, 'repetition', !isRepeated)
  if (!surprise || !judging) return
  for (const [from, p] of [
    [UP, surprise.atLeast],
    [DOWN, surprise.atMost],
  ] as const)
    BETS.forEach((kappa, i) => {
      bet(detector, from + i, kappa * p ** (kappa - 1), endMs, true)
    })
  const { load } = detector.open
  if (load)
    calm(
      detector,
      'load',
      (load.direction === 'up' ? surprise.atLeast : surprise.atMost) > CALM_PROBABILITY,
    )
}

function bet(
  { sums, counts, evidence, sinceMs }: Detector,
  at: number,
  eValue: number,
  endMs: number,
  judging: boolean,
): void {
  if (!judging) return
  sums[at]! += eValue
  counts[at]!++
  const begins = evidence[at]! < BEGINS && sums[at]! <= counts[at]!
  if (begins || Number.isNaN(sinceMs[at]!)) sinceMs[at] = endMs
}

/**
 * The e-value of what happened against how often it usually does, or against `foreseen` where that is more; learns from
 * it. A run is learned when it is over: it must not become its own excuse.
 */
function follow(habit: Habit, happens: boolean, foreseen = 0): number {
  const { happened, chances, run } = habit
  const after = run > 0 ? 1 : 0
  const own = (happened[after] + PRIOR_HAPPENED) / (chances[after] + PRIOR_CHANCES[after])
  const usual = Math.max(own, foreseen)
  const stake = STAKES[after]
  if (run === 0) teach(habit, 0, happens ? 1 : 0, 1)
  if (happens) habit.run++
  else if (run > 0) {
    const taught = Math.min(run, RUN_TAUGHT)
    teach(habit, 1, run > RUN_TAUGHT ? taught : taught - 1, taught)
    habit.run = 0
  }
  return 1 - stake + (happens ? stake / usual : 0)
}

function teach({ happened, chances }: Habit, after: 0 | 1, times: number, of: number): void {
  if (chances[after] >= HABIT_MEMORY) {
    happened[after] *= 0.5
    chances[after] *= 0.5
  }
  happened[after] += times
  chances[after] += of
}

function calm(detector: Detector, aspect: Aspect, isCalm: boolean): void {
  const departure = detector.open[aspect]
  if (!departure) return
  departure.calm = isCalm ? departure.calm + 1 : 0
}

/** The tick is over: what its steps said is laid to the evidence, whose weighted mean over the bets is returned. */
export function weigh({ evidence, sums, counts, open }: Detector): number {
  let total = 0
  for (let at = 0; at < ALL; at++) {
    if (counts[at]! > 0) {
      const eValue = sums[at]! / counts[at]!
      evidence[at] = Math.min(MOST_EVIDENCE, eValue * (evidence[at]! + 1))
      sums[at] = 0
      counts[at] = 0
    }
    if (!open[ASPECT_OF[at]!]) total += evidence[at]!
  }
  return total / ALL
}

/** Begins the anomaly for which there is most evidence, of an aspect that has none open. */
export function openDeparture(detector: Detector): Departure {
  const { evidence, sinceMs, open } = detector
  let strongest = -1
  for (let at = 0; at < ALL; at++) {
    if (open[ASPECT_OF[at]!]) continue
    if (strongest < 0 || evidence[at]! > evidence[strongest]!) strongest = at
  }
  const aspect = ASPECT_OF[strongest]!
  const direction = aspect !== 'load' ? null : strongest < DOWN ? 'up' : 'down'
  const departure: Departure = { aspect, direction, sinceMs: sinceMs[strongest]!, calm: 0 }
  open[aspect] = departure
  return departure
}

/** What it looks like by the step that ended at `endMs`: a spike that stays is a level shift. */
export function kindOf(departure: Departure, endMs: number, stepMs: number): AnomalyKind {
  const { aspect, direction, sinceMs, calm } = departure
  if (aspect !== 'load') return aspect === 'silence' ? 'silent' : 'stuck'
  if ((endMs - sinceMs) / stepMs - calm >= SHIFT_STEPS) return 'level-shift'
  return direction === 'up' ? 'spike' : 'drop'
}

/** Goes on with an anomaly that was open before a restart. */
export function resumeDeparture(detector: Detector, departure: Departure): void {
  detector.open[departure.aspect] = { ...departure }
}

/** The anomalies that have ended; their evidence begins anew. */
export function closeCalm(detector: Detector): Departure[] {
  const ended = ASPECTS.flatMap((aspect) => {
    const departure = detector.open[aspect]
    return departure && departure.calm >= CALM_STEPS[aspect] ? [departure] : []
  })
  for (const { aspect } of ended) {
    delete detector.open[aspect]
    ASPECT_OF.forEach((of, at) => {
      if (of === aspect) detector.evidence[at] = 0
    })
  }
  return ended
}

/**
 * The evidence from which on a service of this fleet has an anomaly (e-BH); Infinity when none has. `ticksPerAlarm`:
 * mean time between false alarms of the whole fleet, in ticks.
 */
export function fleetBar(evidence: readonly number[], ticksPerAlarm: number): number {
  const n = evidence.length
  // below the lowest possible bar nothing can count: in quiet times nothing is sorted
  const strong = evidence.filter((m) => m >= ticksPerAlarm).sort((a, b) => b - a)
  for (let k = strong.length; k > 0; k--) {
    const bar = (ticksPerAlarm * n) / k
    if (strong[k - 1]! >= bar) return bar
  }
  return Number.POSITIVE_INFINITY
}
