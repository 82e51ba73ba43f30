/**
 * Which strategy acts, from losses of all of them: every strategy proposes, one acts, all are scored against the same
 * outcome, so that what the others would have lost is known and no trying out is needed.
 *
 * Weights fall with losses (multiplicative weights: Littlestone & Warmuth 1994; Freund & Schapire 1997) and share a
 * little, so that the best strategy is tracked when it changes (fixed share: Herbster & Warmuth 1998). Who acts stays with
 * the probability with which its weight did, else is drawn by weight (shrinking dartboard: Geulen, Vöcking & Winkler 2010,
 * "Regret minimization for online buffering problems using the weighted majority algorithm", §3): the expected loss is that
 * of drawing at every round, regret to the best of K grows as √(rounds · ln K) whatever comes, and so does the number of
 * changes, each of which costs a cluster something. Only differences of losses count, beside the largest one seen: strategies
 * that are hardly ever apart are told apart too (as AdaHedge does: de Rooij et al. 2014).
 */

/** Plain data; one entry a strategy. */
export interface Hedge {
  readonly weights: readonly number[]
  readonly acting: number
  /** The most by which two strategies' losses differed in a round: what losses are measured by. */
  readonly range: number
  /** Of all rounds: losses in [0, 1], and those of whoever acted. */
  readonly losses: readonly number[]
  readonly actedLoss: number
  readonly rounds: number
  readonly changes: number
}

export function openHedge(strategies: number, acting: number): Hedge {
  return {
    weights: new Array<number>(strategies).fill(1 / strategies),
    acting,
    losses: new Array<number>(strategies).fill(0),
    ...{ range: 0, actedLoss: 0, rounds: 0, changes: 0 },
  }
}

/**
 * After a round. `memoryRounds`: how long a best strategy is expected to stay one; sets the rates to those that are best
 * for such stretches. `draw`: two numbers in [0, 1). Throws a RangeError for a loss outside [0, 1].
 */
export function playRound(
  hedge: Hedge,
  losses: readonly number[],
  {
    memoryRounds,
    draw,
  }: { readonly memoryRounds: number; readonly draw: readonly [number, number] },
): Hedge {
  const strategies = hedge.weights.length
  for (const loss of losses)
    if (!(loss >= 0 && loss <= 1)) throw new RangeError(`loss is ${loss}, allowed from 0 to 1`)
  // at most one half: the bound of the dartboard holds below it
  const rate = Math.min(0.5, Math.sqrt(Math.log(strategies) / memoryRounds))
  const best = Math.min(...losses)
  const range = Math.max(hedge.range, Math.max(...losses) - best)
  const beyond = losses.map((loss) => (range > 0 ? (loss - best) / range : 0))
  const fallen = hedge.weights.map((weight, k) => weight * (1 - rate) ** beyond[k]!)
  const stays = fallen[hedge.acting]! / hedge.weights[hedge.acting]!
  const total = sum(fallen)
  const share = 1 / memoryRounds
  const weights = fallen.map((weight) => ((1 - share) * weight) / total + share / strategies)
  const acting = draw[0] < stays ? hedge.acting : drawn(weights, draw[1])
  return {
    weights,
    acting,
    range,
    losses: hedge.losses.map((known, k) => known + losses[k]!),
    actedLoss: hedge.actedLoss + losses[hedge.acting]!,
    rounds: hedge.rounds + 1,
    changes: hedge.changes + (acting === hedge.acting ? 0 : 1),
  }
}

/** How much more was lost than by the one best strategy in all rounds. */
export function regretOf({ actedLoss, losses }: Hedge): number {
  return actedLoss - Math.min(...losses)
}

function drawn(weights: readonly number[], at: number): number {
  let left = at * sum(weights)
  for (let k = 0; k < weights.length; k++) {
    left -= weights[k]!
    if (left < 0) return k
  }
  return weights.length - 1
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)
