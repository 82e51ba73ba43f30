/**
 * What an arm would have lost, from units in which chance decided which arm acted: the doubly robust estimate of Dudík,
 * Langford & Li 2011 ("Doubly robust policy evaluation and learning"; for the average effect of a treatment Robins,
 * Rotnitzky & Zhao 1994). A model predicts every arm's loss, and where the arm did act what the model missed is added,
 * divided by the chance of it:
 *
 *   score = Σ_a π(a) q(a)  +  π(o) / p(o) · (y − q(o))          o: the arm that acted, y: what it lost
 *
 * Its mean is right when the chances p are, whatever the model says; with a right model it would be so whatever the chances
 * are said to be. Here the chances are known, because we drew them; the model only takes noise away.
 *
 * The model may look at whatever does not hang on the arm: load, forecast, everything before the unit began. Load comes as
 * it will, whatever we decide (an exogenous input: Mao et al. 2019, "Variance reduction for reinforcement learning in
 * input-driven environments"), hence the unit's own load is one of these.
 */

export interface Drawn {
  /** The arm that acted. */
  readonly arm: number
  /** Chance with which each arm was drawn; sums to 1. */
  readonly probabilities: readonly number[]
  /** What was lost under `arm`. */
  readonly outcome: number
  /** The model's loss under each arm. */
  readonly predicted: readonly number[]
}

/**
 * The score of a policy that plays each arm with the chances `policy`; its mean over units is what the policy loses. Throws
 * where the policy would play an arm that is never drawn: nothing can be said of it then.
 */
export function doublyRobustScore(
  { arm, probabilities, outcome, predicted }: Drawn,
  policy: readonly number[],
): number {
  let score = 0
  for (let a = 0; a < policy.length; a++) {
    const chance = policy[a]!
    if (chance === 0) continue
    if (!(probabilities[a]! > 0))
      throw new RangeError(
        `probabilities[${a}] is ${probabilities[a]}; allowed: above 0, it is played`,
      )
    score += chance * predicted[a]!
  }
  const weight = policy[arm]! / probabilities[arm]!
  return weight === 0 ? score : score + weight * (outcome - predicted[arm]!)
}

/**
 * Kish's effective number of units: how many fully informative ones the weighted ones are worth for `policy`, out of
 * `drawn.length`.
 */
export function effectiveUnits(
  drawn: readonly Pick<Drawn, 'arm' | 'probabilities'>[],
  policies: readonly (readonly number[])[],
): number {
  let sum = 0
  let squares = 0
  drawn.forEach(({ arm, probabilities }, i) => {
    const weight = policies[i]![arm]! / probabilities[arm]!
    sum += weight
    squares += weight * weight
  })
  return squares === 0 ? 0 : (sum * sum) / squares
}
