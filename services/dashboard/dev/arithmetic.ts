/** TEST-ONLY: the little arithmetic behind the synthetic fleet. */
import { LEVELS } from '../../../forecaster/forecast.ts'

/** Standard normal numbers from a seed (mulberry32 and Box-Muller). */
export function createNoise(seed: number): () => number {
  let state = seed >>> 0
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296
  }
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}

/** Expected load above `capacity` under a demand given by its quantiles at LEVELS. */
export function lossAt(demand: readonly number[], capacity: number): number {
  let loss = 0
  let below = 0
  demand.forEach((rps, i) => {
    const above = i === LEVELS.length - 1 ? 1 : (LEVELS[i]! + LEVELS[i + 1]!) / 2
    loss += Math.max(0, rps - capacity) * (above - below)
    below = above
  })
  return loss
}

export interface Want {
  readonly demand: readonly number[]
  readonly reactiveNeed: number
  readonly wanted: number
  readonly from: number
  /** What the scale-down rules leave. */
  readonly lowest: number
  readonly capacity: number
  readonly cost: number
}

/** Buys replicas where they avoid most per $, while the budget lasts; the price is what the next one would avoid. */
export function shareOut(wants: readonly Want[], budget: number): { to: number[]; price: number } {
  const to = wants.map(() => 1)
  let left = budget - wants.reduce((sum, want) => sum + want.cost, 0)
  const gain = (i: number) => {
    const { demand, capacity, cost } = wants[i]!
    return (lossAt(demand, to[i]! * capacity) - lossAt(demand, (to[i]! + 1) * capacity)) / cost
  }
  for (;;) {
    const open = wants
      .map((_, i) => i)
      .filter((i) => to[i]! < Math.max(wants[i]!.wanted, wants[i]!.lowest))
    if (open.length === 0) return { to, price: 0 }
    const best = open.reduce((a, b) => (gain(b) > gain(a) ? b : a))
    if (wants[best]!.cost > left) return { to, price: Math.max(0, gain(best)) }
    left -= wants[best]!.cost
    to[best]!++
  }
}
