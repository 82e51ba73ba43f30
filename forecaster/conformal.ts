/**
 * Split-conformal calibration (Vovk et al. 2005; Romano et al. 2019 for the normalised form): the backtest's errors,
 * divided by spread(point) = point^power and by how restless the load was when the forecast was issued
 * (volatility.ts), give each probe its own quantiles. Location and scale are taken probe by probe, the shape is
 * pooled with the neighbours', and the tails are the wider the fewer errors there are
 * (error-quantiles.ts).
 */
import type { BacktestPlan } from './accuracy/backtest.ts'
import { ratio } from './accuracy/mase.ts'
import { meanPinball } from './accuracy/pinball.ts'
import { quantilesOf } from './error-quantiles.ts'
import { type Band, LEVELS, spreadOf } from './forecast.ts'
import { placeInCell, toGrain } from './grain.ts'
import { type Unrest, unrestAt, type Volatility } from './volatility.ts'

export interface Scored {
  /** Offsets for a load as restless as usual. */
  readonly band: Band
  readonly unrest: Unrest
  /** Where the volatility stands at the end of the errors. */
  readonly volatility: Volatility
  /** Both measured on issue times that calibration had not seen (blocks held out in turn); null without any. */
  readonly scaledPinball: number | null
  readonly coverage90: number | null
  /** Mean over the probes of the logarithm of their held-out scaled loss: all steps ahead count alike, near and far. */
  readonly logLoss: number | null
}

export interface Errors {
  readonly plan: BacktestPlan
  readonly points: Float64Array
  readonly actuals: Float64Array
  /** One step ahead, every step from `plan.trainSteps` on: error (NaN where nothing was seen) and what came. */
  readonly errors: Float64Array
  readonly loads: Float64Array
  /** Of the loads; 0: they are no counts. */
  readonly grain: number
}

const POWERS = [0.5, 0, 1]
const REACTIONS = [0.35, 0, 0.7]
/** What is tried first stays unless another is better by this share. */
const LEAST_GAIN = 0.005
const FOLDS = 4
const POOL_PROBES = 2
/** Fewer errors than this say nothing of a step: the step before stands in. */
const LEAST_ERRORS = 3
const LOW_90 = LEVELS.indexOf(0.05)
const HIGH_90 = LEVELS.indexOf(0.95)
/** Spread never falls below that of this share of the mean load. */
const FLOOR_SHARE = 0.05

/** The band with the best held-out pinball loss over the powers of the spread, then over the reactions to unrest. */
export function calibrate(errors: Errors, horizonSteps: number, search = true): Scored {
  const meanActual = meanOf(errors.actuals)
  const tried = (power: number, reaction: number): Trial => {
    const scale = scaleOf(errors, power, reaction, meanActual)
    return { power, reaction, scale, score: crossFit(errors, scale) }
  }
  let best = tried(POWERS[0]!, REACTIONS[0]!)
  const challenge = (trial: Trial): void => {
    if (trial.score.pinball < best.score.pinball * (1 - LEAST_GAIN)) best = trial
  }
  for (const power of POWERS.slice(1)) challenge(tried(power, best.reaction))
  if (search) for (const reaction of REACTIONS.slice(1)) challenge(tried(best.power, reaction))
  const { power, reaction, scale, score } = best
  const table = offsetTable(errors, scale, () => true)
  const { probes } = errors.plan
  const offsets = new Float64Array(LEVELS.length * probes.length)
  for (let l = 0; l < LEVELS.length; l++)
    for (let j = 0; j < probes.length; j++)
      offsets[j * LEVELS.length + l] = widened(
        table[l * probes.length + j]!,
        probes[j]!,
        errors.plan,
      )
  return {
    band: { horizonSteps, power, spreadFloor: scale.spreadFloor, grain: errors.grain, offsets },
    unrest: { reaction, usual: scale.usual },
    volatility: scale.volatility,
    scaledPinball: ratio(score.pinball, meanActual),
    coverage90: Number.isFinite(score.coverage) ? score.coverage : null,
    logLoss: meanActual > 0 ? meanLogLoss(score.losses, meanActual) : null,
  }
}

/**
 * Forecasts issued within one horizon miss for the same reasons: the errors of a far probe count for as many as the
 * horizon fits into the backtest, and what is learned from so few is widened as a mean of so few would be.
 */
function widened(offset: number, probe: number, { origins }: BacktestPlan): number {
  const span = origins.at(-1)! - origins[0]! + 1
  const independent = Math.max(1, Math.min(origins.length, span / (probe + 1)))
  return offset * Math.sqrt(1 + 1 / independent)
}

/** A perfect forecast's loss is taken for a billionth of the load. */
function meanLogLoss(losses: Float64Array, meanActual: number): number | null {
  const known = losses.filter((loss) => !Number.isNaN(loss))
  if (known.length === 0) return null
  return known.reduce((sum, loss) => sum + Math.log(loss / meanActual + 1e-9), 0) / known.length
}

interface Trial {
  readonly power: number
  readonly reaction: number
  readonly scale: Scale
  readonly score: Score
}

/** What an error is divided by: the spread of its point, times the unrest at its issue time. */
interface Scale {
  readonly power: number
  readonly spreadFloor: number
  readonly usual: number
  readonly volatility: Volatility
  /** One factor an issue time. */
  readonly factors: Float64Array
}

function scaleOf(errors: Errors, power: number, reaction: number, meanActual: number): Scale {
  const spreadFloor = power === 0 ? 1 : Math.max((FLOOR_SHARE * meanActual) ** power, 1e-9)
  const { origins, trainSteps } = errors.plan
  const { volatility, usual, at } = unrestAt(errors, { power, spreadFloor }, reaction)
  const factors = Float64Array.from(origins, (origin) => at[origin - trainSteps]!)
  return { power, spreadFloor, usual, volatility, factors }
}

interface Score {
  readonly pinball: number
  readonly coverage: number
  /** One a probe; NaN where nothing came. */
  readonly losses: Float64Array
}

function crossFit(errors: Errors, scale: Scale): Score {
  const { origins } = errors.plan
  const folds = Math.min(FOLDS, origins.length)
  const foldOf = (origin: number): number => Math.floor((origin * folds) / origins.length)
  const { length } = errors.plan.probes
  const sums: Sums = {
    loss: 0,
    inside: 0,
    weight: 0,
    losses: new Float64Array(length),
    counts: new Float64Array(length),
  }
  for (let fold = 0; fold < folds; fold++) {
    const table = offsetTable(errors, scale, (o) => folds === 1 || foldOf(o) !== fold)
    for (let o = 0; o < origins.length; o++)
      if (foldOf(o) === fold) addScores(sums, errors, o, table, scale)
  }
  return {
    pinball: sums.loss / sums.weight,
    coverage: sums.inside / sums.weight,
    losses: sums.losses.map((loss, j) => loss / sums.counts[j]!),
  }
}

interface Sums {
  loss: number
  inside: number
  weight: number
  readonly losses: Float64Array
  readonly counts: Float64Array
}

const quantiles = new Float64Array(LEVELS.length)

/** Scores the forecast of one issue time; a probe weighs as much as the steps it stands for. */
function addScores(
  sums: Sums,
  { plan, points, actuals, grain }: Errors,
  origin: number,
  table: Float64Array,
  scale: Scale,
): void {
  const { probes, probeWeights } = plan
  for (let j = 0; j < probes.length; j++) {
    const actual = actuals[origin * probes.length + j]!
    if (Number.isNaN(actual)) continue
    const point = points[origin * probes.length + j]!
    const spread = spreadOf(scale, point) * scale.factors[origin]!
    for (let l = 0; l < LEVELS.length; l++)
      quantiles[l] = toGrain(Math.max(0, point + spread * table[l * probes.length + j]!), grain)
    const weight = probeWeights[j]!
    const loss = meanPinball(quantiles, actual)
    sums.loss += weight * loss
    sums.losses[j]! += loss
    sums.counts[j]! += 1
    sums.weight += weight
    if (actual >= quantiles[LOW_90]! && actual <= quantiles[HIGH_90]!) sums.inside += weight
  }
}

/** Offsets at the probes, `level · probes + probe`, from the errors of the issue times that `include` names. */
function offsetTable(
  errors: Errors,
  scale: Scale,
  include: (origin: number) => boolean,
): Float64Array {
  const { probes, origins } = errors.plan
  const columns = probes.map((_, j) => {
    const column: number[] = []
    for (let o = 0; o < origins.length; o++) {
      const cell = o * probes.length + j
      const error = errors.actuals[cell]! - errors.points[cell]! + errors.grain * placeInCell(o)
      if (!Number.isNaN(error) && include(o))
        column.push(error / (spreadOf(scale, errors.points[cell]!) * scale.factors[o]!))
    }
    return Float64Array.from(column).sort()
  })
  const centres = columns.map(middleOf)
  const scales = columns.map((column, j) =>
    column.length < LEAST_ERRORS ? Number.NaN : meanDistance(column, centres[j]!),
  )
  fillFromBefore(centres, scales, probes)
  const location = smooth(centres)
  const widths = smooth(scales)
  const table = new Float64Array(LEVELS.length * probes.length)
  for (let j = 0; j < probes.length; j++) {
    const source = lastSeen(columns, j)
    const pool: number[] = []
    const to = Math.min(probes.length - 1, source + POOL_PROBES)
    for (let i = Math.max(0, source - POOL_PROBES); i <= to; i++) {
      if (scales[i]! <= 0) continue
      for (const error of columns[i]!) pool.push((error - centres[i]!) / scales[i]!)
    }
    const shape = quantilesOf(Float64Array.from(pool).sort(), columns[source]!.length)
    for (let l = 0; l < LEVELS.length; l++)
      table[l * probes.length + j] = location[j]! + widths[j]! * shape[l]!
  }
  return table
}

/** The nearest probe up to `j` at which enough came. */
function lastSeen(columns: readonly Float64Array[], j: number): number {
  let source = j
  while (source > 0 && columns[source]!.length < LEAST_ERRORS) source--
  return source
}

function middleOf(sorted: Float64Array): number {
  if (sorted.length === 0) return Number.NaN
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** Mean distance of a further error from the centre of these. */
function meanDistance(values: Float64Array, centre: number): number {
  let sum = 0
  for (const value of values) sum += Math.abs(value - centre)
  const n = values.length
  // errors lie nearer to their own median than the next one will
  return (sum / n) * Math.sqrt((n + 1) / (n - 1))
}

/** Steps further ahead than any error was seen: the last known scale, growing with the root of the steps. */
function fillFromBefore(centres: number[], scales: number[], probes: readonly number[]): void {
  for (let j = 0; j < probes.length; j++) {
    if (!Number.isNaN(scales[j]!)) continue
    const before = j - 1
    centres[j] = before < 0 ? 0 : centres[before]!
    scales[j] =
      before < 0 ? 0 : scales[before]! * Math.sqrt((probes[j]! + 1) / (probes[before]! + 1))
  }
}

function smooth(values: readonly number[]): number[] {
  return values.map((v, j) => {
    if (j === 0) return v
    return 0.25 * values[j - 1]! + 0.5 * v + 0.25 * (values[j + 1] ?? v)
  })
}

function meanOf(values: Float64Array): number {
  let sum = 0
  let count = 0
  for (const v of values) {
    if (Number.isNaN(v)) continue
    sum += v
    count++
  }
  return count === 0 ? 0 : sum / count
}
