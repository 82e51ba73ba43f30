/**
 * Split-conformal calibration (Vovk et al. 2005; Romano et al. 2019 for the normalised form): the backtest's errors,
 * divided by spread(point) = point^power and by how restless the load was when the forecast was issued
 * (volatility.ts), give each probe its own quantiles, and where that pays, apart around high points and low ones
 * (offset-table.ts). What is tried is judged by pinball loss on blocks that it had not seen.
 */
import { ratio } from './accuracy/mase.ts'
import { meanPinball } from './accuracy/pinball.ts'
import { type Band, LEVELS, placeAmong, spreadOf } from './forecast.ts'
import { toGrain } from './grain.ts'
import { episodes, KNOT_SHARES, knotsOf, LEAST_EPISODES } from './knots.ts'
import {
  type Around,
  type Errors,
  EVERYWHERE,
  offsetTable,
  type Scale,
  widened,
} from './offset-table.ts'
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

const POWERS = [0.5, 0, 1]
const REACTIONS = [0.35, 0, 0.7]
/** What is tried first stays unless another is better by this share. */
const LEAST_GAIN = 0.005
const FOLDS = 4
const LOW_90 = LEVELS.indexOf(0.05)
const HIGH_90 = LEVELS.indexOf(0.95)
/** Spread never falls below that of this share of the mean load. */
const FLOOR_SHARE = 0.05

/** The band with the best held-out pinball loss over the powers of the spread, then over the reactions to unrest. */
export function calibrate(errors: Errors, horizonSteps: number, search = true): Scored {
  const meanActual = meanOf(errors.actuals)
  const tried = (power: number, reaction: number, around: Around = EVERYWHERE): Trial => {
    const scale = { ...scaleOf(errors, power, reaction, meanActual), ...around }
    return { power, reaction, scale, score: crossFit(errors, scale) }
  }
  let best = tried(POWERS[0]!, REACTIONS[0]!)
  const challenge = (trial: Trial): void => {
    if (trial.score.pinball < best.score.pinball * (1 - LEAST_GAIN)) best = trial
  }
  for (const power of POWERS.slice(1)) challenge(tried(power, best.reaction))
  if (search) {
    for (const reaction of REACTIONS.slice(1)) challenge(tried(best.power, reaction))
    const plain = best
    const losses = (around: Around): Float64Array =>
      tried(plain.power, plain.reaction, around).score.losses
    for (const around of tablesApart(errors, plain.score.losses, losses))
      challenge(tried(plain.power, plain.reaction, around))
  }
  const { power, reaction, scale, score } = best
  const { probes } = errors.plan
  const offsets = offsetTable(errors, scale, () => true).map((offset, at) =>
    widened(offset, probes[Math.floor(at / LEVELS.length) % probes.length]!, errors.plan),
  )
  return {
    band: {
      horizonSteps,
      power,
      spreadFloor: scale.spreadFloor,
      grain: errors.grain,
      knots: scale.knots,
      offsets,
    },
    unrest: { reaction, usual: scale.usual },
    volatility: scale.volatility,
    scaledPinball: ratio(score.pinball, meanActual),
    coverage90: Number.isFinite(score.coverage) ? score.coverage : null,
    logLoss: meanActual > 0 ? meanLogLoss(score.losses, meanActual) : null,
  }
}

/** Knots with the probes at which tables of their own lose less than one for all points, and of enough events. */
function tablesApart(
  errors: Errors,
  plain: Float64Array,
  lossesOf: (around: Around) => Float64Array,
): Around[] {
  return KNOT_SHARES.flatMap((shares) => {
    const knots = knotsOf(errors.points, shares)
    if (knots.length === 1) return []
    const losses = lossesOf({ knots, apart: () => true })
    // NaN, where nothing came, is no gain
    const better = Array.from(
      losses,
      (loss, j) =>
        loss < plain[j]! * (1 - LEAST_GAIN) && episodes(errors, knots, j) >= LEAST_EPISODES,
    )
    return better.includes(true) ? [{ knots, apart: (j: number) => better[j]! }] : []
  })
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

function scaleOf(
  errors: Errors,
  power: number,
  reaction: number,
  meanActual: number,
): Omit<Scale, keyof Around> {
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
  const size = probes.length * LEVELS.length
  for (let j = 0; j < probes.length; j++) {
    const actual = actuals[origin * probes.length + j]!
    if (Number.isNaN(actual)) continue
    const point = points[origin * probes.length + j]!
    const spread = spreadOf(scale, point) * scale.factors[origin]!
    const place = placeAmong(scale.knots, point)
    const above = place % 1
    const at = (Math.floor(place) * probes.length + j) * LEVELS.length
    for (let l = 0; l < LEVELS.length; l++) {
      const low = table[at + l]!
      const offset = above > 0 ? low + above * (table[at + size + l]! - low) : low
      quantiles[l] = toGrain(Math.max(0, point + spread * offset), grain)
    }
    const weight = probeWeights[j]!
    const loss = meanPinball(quantiles, actual)
    sums.loss += weight * loss
    sums.losses[j]! += loss
    sums.counts[j]! += 1
    sums.weight += weight
    if (actual >= quantiles[LOW_90]! && actual <= quantiles[HIGH_90]!) sums.inside += weight
  }
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
