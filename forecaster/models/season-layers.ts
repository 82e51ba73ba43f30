/**
 * Several seasons at once, one layer of additive shape each, as MSTL finds them (Bandara, Hyndman & Bergmeir 2021,
 * algorithm 1): each in turn, shortest first, is taken from what the others leave, and once more when all are known.
 * Where MSTL smooths cycle-subseries by LOESS, the robust, discounted profile of `seasonal-profile.ts` does here: its
 * smoothing is chosen by how well it foretells the newest season, and it is fast at seasons of 10,000 steps. Each
 * layer is then shrunk to the share of itself that steps it has not seen confirm, so that a week of mere noise weighs
 * nothing.
 */
import { mean, median, seasonalProfile } from './seasonal-profile.ts'

/** Shapes whose slot `i % shape.length` belongs to step `i` of the history. */
export type Layers = readonly Float64Array[]

const CLIP_DEVIATIONS = 4
const MOST_UNSEEN_STEPS = 3000
const LEAST_UNSEEN_STEPS = 20
const LEAST_SHARE = 0.05

/** Seasons of which the history shows at least two; else the shortest, once it was seen whole; else none. */
export function knownSeasons(steps: number, seasons: readonly number[]): number[] {
  const twice = seasons.filter((season) => steps >= 2 * season)
  return twice.length > 0 ? twice : seasons.slice(0, 1).filter((season) => steps >= season)
}

/** `values` on an additive scale, NaN where nothing was seen; `seasons` as from `knownSeasons`. */
export function seasonLayers(
  values: Float64Array,
  seasons: readonly number[],
  passes: number,
): Float64Array[] {
  const layers: Float64Array[] = seasons.map((season) => new Float64Array(season))
  for (let pass = 0; pass < (seasons.length > 1 ? passes : 1); pass++) {
    for (let j = 0; j < seasons.length; j++) {
      const others = layers.filter((_, other) => other !== j)
      layers[j] = seasonalProfile(withoutLayers(values, others, 0), seasons[j]!, 'additive')
    }
  }
  return layers
}

/** `values[i]` stands at step `from + i`. */
export function withoutLayers(values: Float64Array, layers: Layers, from: number): Float64Array {
  const out = values.slice()
  for (const layer of layers) {
    let slot = from % layer.length
    for (let i = 0; i < out.length; i++) {
      out[i]! -= layer[slot]!
      slot = slot + 1 === layer.length ? 0 : slot + 1
    }
  }
  return out
}

export interface TestedLayers {
  /** The steps from here on are unseen by `layers`; 0: too little to hold steps back, and all were seen. */
  readonly from: number
  readonly layers: Float64Array[]
  /** Periods that count, and the share of each one's layer that held. */
  readonly periods: readonly number[]
  readonly shares: readonly number[]
}

/** Tested on the newest steps: at least one of the longest season, where two are there. */
export function testedLayers(values: Float64Array, known: readonly number[]): TestedLayers {
  const steps = values.length
  const longest = known.at(-1) ?? 0
  const unseen = Math.max(Math.min(longest, steps >> 1), Math.min(steps >> 2, MOST_UNSEEN_STEPS))
  const from = steps - unseen
  if (unseen < LEAST_UNSEEN_STEPS || longest > from)
    return {
      from: 0,
      layers: seasonLayers(values, known, 1),
      periods: known,
      shares: known.map(() => 1),
    }
  const before = seasonLayers(values.subarray(0, from), known, 1)
  const all = confirmedShares(values.subarray(from), before, from)
  const counts = (_: unknown, j: number): boolean => all[j]! >= LEAST_SHARE
  const shares = all.filter(counts)
  return {
    from,
    layers: weighted(before.filter(counts), shares),
    periods: known.filter(counts),
    shares,
  }
}

/** Each layer by its share. */
export function weighted(layers: Layers, shares: readonly number[]): Float64Array[] {
  return layers.map((layer, j) => scaled(layer, shares[j]!))
}

/**
 * For each layer the share of it, 0 to 1, that best explains the `unseen` steps which begin at step `from`, less one
 * standard error; shortest first, what shorter ones explain taken out; 1 where less than a season is there to tell.
 */
export function confirmedShares(unseen: Float64Array, layers: Layers, from: number): number[] {
  let rest = unseen
  return layers.map((layer) => {
    const share = confirmedShare(rest, layer, from)
    rest = withoutLayers(rest, [scaled(layer, share)], from)
    return share
  })
}

function scaled(layer: Float64Array, share: number): Float64Array {
  return layer.map((v) => share * v)
}

function confirmedShare(unseen: Float64Array, layer: Float64Array, from: number): number {
  const blocks = Math.floor(unseen.length / layer.length)
  if (blocks === 0) return 1
  const start = unseen.length - blocks * layer.length
  let product = 0
  let square = 0
  let total = 0
  let count = 0
  for (let b = 0; b < blocks; b++) {
    const at = start + b * layer.length
    const shape = layer.map((_, i) => layer[(from + at + i) % layer.length]!)
    const seen = centred(unseen.subarray(at, at + layer.length), shape)
    for (let i = 0; i < seen.length; i++) {
      if (Number.isNaN(seen[i]!)) continue
      product += seen[i]! * shape[i]!
      square += shape[i]! * shape[i]!
      total += seen[i]! * seen[i]!
      count++
    }
  }
  if (!(square > 0)) return 0
  const share = product / square
  const noise = Math.max(total - share * product, 0) / count
  return Math.min(Math.max(share - Math.sqrt(noise / square), 0), 1)
}

/** A season's values about their level, those that lie far from the shape drawn in. */
function centred(block: Float64Array, shape: Float64Array): Float64Array {
  const known = (values: Float64Array): Float64Array => values.filter((v) => !Number.isNaN(v))
  const rest = block.map((v, i) => v - shape[i]!)
  const middle = median(known(rest))
  const limit = CLIP_DEVIATIONS * 1.4826 * median(known(rest.map((v) => Math.abs(v - middle))))
  const tame = rest.map((v, i) => {
    const miss = v - middle
    return shape[i]! + (limit > 0 ? Math.min(Math.max(miss, -limit), limit) : miss)
  })
  const level = mean(known(tame))
  return tame.map((v) => v - level)
}
