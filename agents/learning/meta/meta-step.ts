/**
 * The outer step of gradient-based meta-learning, as a function of weight vectors. An inner learner was started at `weights`
 * on several tasks; what it became is put together to a start from which a new task is learned quickly.
 *
 *   reptile            φ ← φ + ε · mean(Uₖ − φ)        Nichol, Achiam & Schulman 2018 (arXiv:1803.02999), algorithm 2
 *   first-order MAML   φ ← φ + ε · mean(Uₖ − Uₖ₋₁)     Finn, Abbeel & Levine 2017 (arXiv:1703.03400), §5.2
 *
 * Uₖ are the weights after k inner steps, of which for MAML the last one is taken on data that the others did not see (the
 * query set). With plain gradient descent of rate α that last difference is −α·∇L(Uₖ₋₁): the gradient of the query loss
 * where adaptation left off, second derivatives dropped. With an adaptive inner optimizer it is that optimizer's step, as
 * Nichol et al. have it in §6.1.
 */
import assert from 'node:assert/strict'

export const META_KINDS = ['reptile', 'first-order-maml'] as const
export type MetaKind = (typeof META_KINDS)[number]

/** What an inner learner made of its start on one task. */
export interface Adapted {
  /** After all steps but the last. */
  readonly beforeLast: Float32Array
  readonly last: Float32Array
}

/**
 * New weights; none of the arguments is written to. `stepSize` is ε: 1 goes all the way to the mean. Throws for no task, for
 * lengths that differ and for a result that is not finite: an inner learner that diverged must not be averaged in.
 */
export function metaStep(
  kind: MetaKind,
  weights: Float32Array,
  adapted: readonly Adapted[],
  stepSize: number,
): Float32Array {
  assert(adapted.length > 0, 'a meta step needs at least one task')
  const next = Float64Array.from(weights)
  const share = stepSize / adapted.length
  for (const { beforeLast, last } of adapted) {
    const from = kind === 'reptile' ? weights : beforeLast
    assert.equal(last.length, weights.length, 'weights of a task')
    assert.equal(from.length, weights.length, 'weights of a task before its last step')
    for (let i = 0; i < next.length; i++) next[i]! += share * (last[i]! - from[i]!)
  }
  assert(next.every(Number.isFinite), 'weights after a meta step must be finite')
  return Float32Array.from(next)
}
