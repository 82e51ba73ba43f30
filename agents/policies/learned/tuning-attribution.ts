/**
 * What each part of a tuning added to a count: Shapley values over its parts, exact. The reference is the tuning at rest,
 * which is the predictive policy to the bit; so effects sum from the analytic count to the tuned one.
 */
import { z } from 'zod'
import { shapley } from './attribution.ts'
import type { Tuning } from './tuning.ts'
import { TUNING_PARTS } from './tuning-words.ts'

export const TuningEffect = z
  .strictObject({
    part: z.enum(TUNING_PARTS),
    replicas: z.number().meta({ description: 'What it added to the count.' }),
  })
  .meta({ id: 'TuningEffect' })
export type TuningEffect = z.infer<typeof TuningEffect>

/** The tuning under which a service of that objective acts as if it had none. */
export function tuningAtRest(objective: number): Tuning {
  const weighing = { kind: 'tolerated' as const, share: 1 - objective }
  return { weighing, stretch: 1, spread: 1, recent: 0, standingRps: 0, holdLeads: 1 }
}

/** The largest effect first. `countAt` is asked 2ⁿ times for the n parts that are not at rest: 64 times at most. */
export function tuningEffects(
  tuning: Tuning,
  objective: number,
  countAt: (tuning: Tuning) => number,
): TuningEffect[] {
  const rest = tuningAtRest(objective)
  const moved = TUNING_PARTS.filter(
    (part) => JSON.stringify(tuning[part]) !== JSON.stringify(rest[part]),
  )
  const counts = Float64Array.from({ length: 2 ** moved.length }, (_, set) => {
    const parts = moved.flatMap((part, bit) => ((set >> bit) & 1 ? [[part, tuning[part]]] : []))
    return countAt({ ...rest, ...Object.fromEntries(parts) })
  })
  return moved
    .map((part, bit) => ({ part, replicas: shapley(counts, moved.length, bit) }))
    .sort((a, b) => Math.abs(b.replicas) - Math.abs(a.replicas))
}
