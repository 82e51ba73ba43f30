/** Draws training samples from series: an issue time, what was known then, and what came at the steps ahead. */
import { usableHistory } from '../plain-data.ts'
import {
  anchorOf,
  KNOT_FEATURES,
  spreadAt,
  type Target,
  writeKnots,
  writeWindow,
} from './features.ts'
import type { Batch } from './network.ts'
import { emptyBatch } from './network.ts'
import { chosenSeasons, type Past, rootsOf, type Scaling } from './past.ts'
import { learnScaling } from './scaling.ts'
import type { NeuralShape } from './shape.ts'

export interface TrainingSeries {
  /** Load, oldest first, NaN where missing. */
  readonly values: Float64Array
  /** Periods in steps, ascending. */
  readonly seasons: readonly number[]
}

/** A series made ready. */
export interface Lesson {
  readonly past: Past
  readonly values: Float64Array
  readonly scaling: Scaling
  /** Issue times for training: from `first` (at least one), `windows` of them. */
  readonly first: number
  readonly windows: number
  /** What is learned from ends here; the held-out part begins. */
  readonly end: number
  /** How often it is drawn, relative to others: long series more often, but less than in proportion. */
  readonly share: number
}

const LEAST_WINDOWS = 32

export function lessonsOf(
  seriesList: readonly TrainingSeries[],
  shape: NeuralShape,
  heldOutShare: number,
): Lesson[] {
  return seriesList.map((series) => {
    const values = usableHistory(series.values)
    const end = Math.floor(values.length * (1 - heldOutShare))
    const seasons = chosenSeasons(series.seasons).filter((season) => 2 * season <= end)
    const past = { seasons, ring: rootsOf(values, seasons), count: 0 }
    // where the first season is behind, features are as they will be live
    const first = Math.min((seasons[0] ?? 0) + shape.window, Math.floor(end / 2)) + 1
    const possible = Math.max(0, end - first)
    const known = values.subarray(0, end).some((value) => value > 0)
    const windows = known && possible >= LEAST_WINDOWS ? possible : 0
    const scaling = learnScaling(past, values, end, shape.knots)
    return { past, values, scaling, first, windows, end, share: Math.sqrt(windows) }
  })
}

function targetOf(batch: Batch, lane: number): Target {
  const { lanes } = batch
  return {
    inputs: batch.inputs,
    knotInput: batch.knotInput,
    baseline: batch.baseline,
    inputStride: lanes,
    featureStride: lanes,
    knotStride: KNOT_FEATURES * lanes,
    baselineStride: lanes,
    offset: lane,
  }
}

/** Writes one sample into a lane: issued after `count` steps, targets before step `limit`. */
function writeSample(
  lesson: Lesson,
  shape: NeuralShape,
  count: number,
  limit: number,
  aheads: readonly number[],
  batch: Batch,
  lane: number,
): void {
  const { past, scaling, values } = lesson
  past.count = count
  const target = targetOf(batch, lane)
  writeWindow(past, scaling, shape, target)
  writeKnots(past, scaling, shape, aheads, target)
  const anchor = anchorOf(past)
  for (let k = 0; k < aheads.length; k++) {
    const step = count + aheads[k]!
    const known = step < limit && !Number.isNaN(values[step]!)
    const place = k * batch.lanes + lane
    batch.weight[place] = known ? 1 : 0
    batch.target[place] = known
      ? (past.ring[step]! - anchor) / spreadAt(shape, scaling, aheads[k]!)
      : 0
  }
}

/** Fills `batch` with samples drawn by chance. */
export function drawn(
  lessons: readonly Lesson[],
  shape: NeuralShape,
  random: () => number,
  batch: Batch,
): void {
  const total = lessons.reduce((sum, lesson) => sum + lesson.share, 0)
  const aheads = shape.knots.slice()
  for (let lane = 0; lane < batch.lanes; lane++) {
    const lesson = pick(lessons, total * random())
    const count = lesson.first + Math.floor(random() * lesson.windows)
    for (let k = 0; k < aheads.length; k++) aheads[k] = near(shape.knots, k, random())
    writeSample(lesson, shape, count, lesson.end, aheads, batch, lane)
  }
}

function pick(lessons: readonly Lesson[], at: number): Lesson {
  let left = at
  let last = lessons[0]!
  for (const lesson of lessons) {
    if (lesson.windows === 0) continue
    last = lesson
    left -= lesson.share
    if (left < 0) break
  }
  return last
}

/** A step ahead between the middles to the neighbouring knots. */
function near(knots: readonly number[], k: number, chance: number): number {
  const knot = knots[k]!
  const from = k === 0 ? knot : Math.floor((knots[k - 1]! + knot) / 2) + 1
  const to = k === knots.length - 1 ? knot : Math.floor((knots[k + 1]! + knot) / 2)
  return from + Math.floor(chance * (to - from + 1))
}

/** Batches over the held-out parts, issue times evenly spread; none when nothing was held out. */
export function heldOut(
  lessons: readonly Lesson[],
  shape: NeuralShape,
  lanes: number,
  most: number,
): Batch[] {
  const usable = lessons.filter(({ windows, values, end }) => windows > 0 && values.length > end)
  if (usable.length === 0) return []
  const each = Math.max(1, Math.floor((most * lanes) / usable.length))
  const samples = usable.flatMap((lesson) => {
    const length = lesson.values.length - lesson.end
    const count = Math.min(each, length)
    return Array.from({ length: count }, (_, i) => ({
      lesson,
      count: lesson.end + Math.floor((i * length) / count),
    }))
  })
  const batches: Batch[] = []
  for (let from = 0; from < samples.length && batches.length < most; from += lanes) {
    const batch = emptyBatch(shape, lanes)
    samples.slice(from, from + lanes).forEach(({ lesson, count }, lane) => {
      writeSample(lesson, shape, count, lesson.values.length, shape.knots, batch, lane)
    })
    batches.push(batch)
  }
  return batches
}
