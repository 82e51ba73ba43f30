/**
 * What was learned of one service from its own past, as few numbers that a person can read: by how much to mistrust its
 * forecast, what to keep ready for bursts, for how long to hold after one, and how to weigh violations against cost. They
 * act where a trained network's stretch does, before the predictive rule judges; floor, bounds, rate limits and budget stay
 * what they are. With the share that its objective allows and everything else at rest it is the predictive policy, to the bit.
 *
 * Violations are weighed by the share of them that is tolerated at every tick, as the predictive policy does, or by what
 * avoiding one is worth: then a replica is wanted where the requests that it is expected to save are worth more than it
 * costs. At one price of violations over all ticks (and services) no other counts lose as little for the money (Everett
 * 1963); a bound on every tick spends alike where little and where much is saved.
 */
import { z } from 'zod'
import { LEVELS } from '../../../forecaster/forecast.ts'
import { expectedLoss, replicasWithin, type ViolationCurve } from '../../loss.ts'
import type { Foreseen } from './stretch.ts'

const Weighing = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('tolerated'),
    share: z.number().gt(0).lt(1).meta({
      description: 'Of the expected load, that may be outside the SLO at every tick.',
    }),
  }),
  z.strictObject({
    kind: z.literal('worth'),
    requests: z.number().positive().max(1e9).meta({
      description: 'What avoiding a violating request is worth, in requests carried at capacity.',
    }),
  }),
])
export type Weighing = z.infer<typeof Weighing>

export const Tuning = z
  .strictObject({
    weighing: Weighing.meta({ description: 'How violations are weighed against cost.' }),
    stretch: z.number().min(0.25).max(4).meta({
      description: 'What the forecast demand is multiplied by.',
    }),
    spread: z.number().min(0).max(8).meta({
      description: 'What the part of its band above the median is multiplied by.',
    }),
    recent: z.number().min(0).max(4).meta({
      description: 'The demand is at least so many times the newest load.',
    }),
    standingRps: z.number().min(0).meta({
      description: 'Load for which there is always room, requests/s.',
    }),
    holdLeads: z.number().min(0).max(500).meta({
      description: 'For how many lead times a wish is held; the predictive policy holds for one.',
    }),
  })
  .meta({ id: 'Tuning', description: 'What was learned of one service from its own past.' })
export type Tuning = z.infer<typeof Tuning>

const MEDIAN = LEVELS.indexOf(0.5)

/** The demand as a tuned service takes it for; quantiles stay in order. */
export function tunedDemand(tuning: Tuning, { demand, loadRps }: Foreseen): Float64Array {
  const { stretch, spread, recent, standingRps } = tuning
  const middle = demand[MEDIAN]!
  const least = Math.max(standingRps, recent * loadRps)
  return demand.map((quantile) => {
    const meant = quantile > middle ? middle + spread * (quantile - middle) : quantile
    return Math.max(least, stretch * meant)
  })
}

/** The count that is wanted for `demand`, at most `most`. */
export function replicasBy(
  weighing: Weighing,
  curve: ViolationCurve,
  demand: Float64Array,
  { capacity, most }: { readonly capacity: number; readonly most: number },
): number {
  if (weighing.kind === 'tolerated') return replicasWithin(curve, demand, 1 - weighing.share, most)
  return replicasWorth(curve, demand, { capacity, worth: weighing.requests, most })
}

/**
 * The count whose cost and expected loss together are least, when a violating request weighs as much as carrying `worth`
 * requests at `capacity` each replica; at most `most`, from one on where that is allowed.
 */
export function replicasWorth(
  curve: ViolationCurve,
  demand: Float64Array,
  { capacity, worth, most }: { capacity: number; worth: number; most: number },
): number {
  const first = Math.max(1, Math.ceil(demand[MEDIAN]! / capacity))
  let best = Math.min(first, most)
  let lost = worth * expectedLoss(curve, demand, best)
  let least = best * capacity + lost
  const weigh = (replicas: number): void => {
    lost = worth * expectedLoss(curve, demand, replicas)
    const total = replicas * capacity + lost
    if (total >= least) return
    least = total
    best = replicas
  }
  // up while more could still pay: the next saves no more than what is lost
  for (let replicas = best + 1; replicas <= most && lost > capacity; replicas++) weigh(replicas)
  // down until what is lost alone outweighs the best: fewer lose no less
  lost = 0
  for (let replicas = Math.min(first, most) - 1; replicas >= 1 && lost < least; replicas--)
    weigh(replicas)
  return best
}
