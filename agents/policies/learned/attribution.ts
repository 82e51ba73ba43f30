/**
 * Which inputs moved a learned policy: Shapley values of the logarithm of its stretch, and of the count that comes of it
 * (Shapley 1953; for models Strumbelj & Kononenko 2014, Lundberg & Lee 2017), exact, over the features that tell how a
 * service stands now. The reference is the same service at rest: its size, objective, start-up time and knee as they are,
 * load where forecast and replicas have it, a forecast without doubt. Effects and the reference multiply to the stretch
 * that was followed; in replicas they sum to what the policy adds to the analytic count, the one without any stretch.
 */
import type { ServiceSpec } from '../../service-spec.ts'
import type { LearnedActor } from './act.ts'
import { type FeatureName, writeLearnedFeatures } from './features.ts'
import { type Foreseen, followed } from './stretch.ts'

/** What a service is, not how it stands. */
const STANDING: readonly FeatureName[] = ['size', 'knee', 'nines', 'lead', 'headroom']

export interface Effect {
  readonly feature: FeatureName
  /** As the policy saw it. */
  readonly value: number
  /** What this input multiplied the stretch by. */
  readonly factor: number
  /** What it added to the count. */
  readonly replicas: number
}

export interface PolicyAttribution {
  readonly stretch: number
  /** Of the same service at rest. */
  readonly atRest: Pick<Effect, 'factor' | 'replicas'>
  /** By size of effect on the stretch, the largest first. */
  readonly effects: readonly Effect[]
}

/**
 * Asks the actor 2ⁿ times for the n features that are not as at rest: at most 1024 for all there are. `countAt` says how
 * many replicas come of a stretch; it is asked once for each that occurs.
 */
export function attributionOf(
  actor: LearnedActor,
  spec: ServiceSpec,
  observation: Foreseen,
  countAt: (stretch: number) => number,
): PolicyAttribution {
  const { features } = actor
  const seen = new Float32Array(features.length)
  writeLearnedFeatures(features, spec, observation, seen)
  const rest = seen.map((value, i) => (STANDING.includes(features[i]!) ? value : 0))
  const moved = features.flatMap((_, i) => (seen[i] === rest[i] ? [] : [i]))
  const stretches = stretchesOfSets(actor, seen, rest, moved)
  const logs = stretches.map(Math.log)
  const counts = countsOf(stretches, countAt)
  const effects = moved.map((place, bit) => ({
    feature: features[place]!,
    value: seen[place]!,
    factor: Math.exp(shapley(logs, moved.length, bit)),
    replicas: shapley(counts, moved.length, bit),
  }))
  effects.sort((a, b) => Math.abs(Math.log(b.factor)) - Math.abs(Math.log(a.factor)))
  const atRest = { factor: stretches[0]!, replicas: counts[0]! - countAt(1) }
  return { stretch: stretches.at(-1)!, atRest, effects }
}

/** Many sets of features come to the same stretch, most of all where actions are few. */
function countsOf(stretches: Float64Array, countAt: (stretch: number) => number): Float64Array {
  const known = new Map<number, number>()
  return stretches.map((stretch) => {
    const count = known.get(stretch) ?? countAt(stretch)
    known.set(stretch, count)
    return count
  })
}

/** By set: the stretch with the moved features of that set (bits) as seen, the others as at rest. */
function stretchesOfSets(
  actor: LearnedActor,
  seen: Float32Array,
  rest: Float32Array,
  moved: readonly number[],
): Float64Array {
  const mixed = new Float32Array(seen.length)
  return Float64Array.from({ length: 2 ** moved.length }, (_, set) => {
    mixed.set(rest)
    for (const [bit, place] of moved.entries()) if ((set >> bit) & 1) mixed[place] = seen[place]!
    return followed(actor.stretch(mixed))
  })
}

/** Mean of what feature `bit` adds, over all orders in which features could have come. */
export function shapley(worth: Float64Array, count: number, bit: number): number {
  const weights = orderWeights(count)
  let sum = 0
  for (let set = 0; set < worth.length; set++) {
    if ((set >> bit) & 1) continue
    sum += weights[bitsIn(set)]! * (worth[set | (1 << bit)]! - worth[set]!)
  }
  return sum
}

/** By size s of the set before it: s! (n − s − 1)! ÷ n!. */
function orderWeights(count: number): number[] {
  const weights = [1 / count]
  for (let size = 1; size < count; size++)
    weights.push((weights[size - 1]! * size) / (count - size))
  return weights
}

function bitsIn(set: number): number {
  let bits = 0
  for (let left = set; left > 0; left &= left - 1) bits++
  return bits
}
