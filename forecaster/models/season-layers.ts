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

export function scaled(layer: Float64Array, share: number): Float64Array {
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
    const block = unseen.subarray(at, at + layer.length)
    const middle = median(block.filter((v) => !Number.isNaN(v)))
    const misses = block.map((v) => v - middle)
    const limit = CLIP_DEVIATIONS * 1.4826 * median(misses.map(Math.abs).filter((v) => v >= 0))
    const centred = misses.map((v) => (limit > 0 ? Math.min(Math.max(v, -limit), limit) : v))
    const level = mean(centred.filter((v) => !Number.isNaN(v)))
    for (let i = 0; i < block.length; i++) {
      const shape = layer[(from + at + i) % layer.length]!
      if (Number.isNaN(centred[i]!)) continue
      product += (centred[i]! - level) * shape
      square += shape * shape
      total += (centred[i]! - level) ** 2
      count++
    }
  }
  if (!(square > 0)) return 0
  const share = product / square
  const noise = Math.max(total - share * product, 0) / count
  return Math.min(Math.max(share - Math.sqrt(noise / square), 0), 1)
}
