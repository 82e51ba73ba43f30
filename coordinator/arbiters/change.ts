/**
 * What the last dollars buy. The greedy order is the optimum of the relaxed knapsack, in which replicas may be halved; what
 * it leaves over is at most one purchase worth. Among few services that is much: here the best whole purchases are found.
 *
 * At the shadow price each row has a count that is best for it. Any other count costs a regret, unused money costs its
 * price, and their sum is how far a combination is from the relaxed optimum (Dantzig 1957). So only counts with less
 * regret than the greedy combination has in all are worth a try: the core (Balas & Zemel 1980; for multiple choice Pisinger
 * 1995), searched depth first, least regret first. Curves need not be convex.
 */

/** One row's count that may be better than the relaxed optimum's. */
export interface Alternative {
  readonly row: number
  readonly replicas: number
  /** Weighted requests/s lost against the relaxed optimum at its price. */
  readonly regret: number
  /** $/hour more than the relaxed optimum's; may be negative. */
  readonly moreCost: number
}

export interface Core {
  readonly alternatives: readonly Alternative[]
  /** $/hour that the relaxed optimum's whole replicas leave. */
  readonly left: number
  /** Weighted requests/s per $/hour. */
  readonly price: number
  /** Regret and unused money of what is to be beaten. */
  readonly toBeat: number
}

/** Rows with alternatives; where there are more, a purchase is nothing beside the whole. */
export const MOST_ROWS = 48
/** Combinations that are tried. */
const MOST_TRIES = 50_000
/** Money is compared with this slack, $/hour; regrets likewise. */
const SLACK = 1e-9

/** The alternatives to take; undefined when nothing better was found. */
export function bestChange(core: Core): readonly Alternative[] | undefined {
  const rows = rowsOf(core.alternatives)
  const { price } = core
  let best: readonly Alternative[] | undefined
  let least = core.toBeat - SLACK
  let tries = 0
  const taken: Alternative[] = []
  const note = (left: number, regret: number): void => {
    const lost = regret + price * Math.max(0, left)
    if (left < -SLACK || lost >= least) return
    least = lost
    best = taken.slice()
  }
  const search = (at: number, left: number, regret: number): void => {
    if (++tries > MOST_TRIES) return
    note(left, regret)
    for (let next = at; next < rows.length; next++) {
      const options = rows[next]!
      if (regret + options[0]!.regret >= least) return // rows and options rise by regret
      for (const option of options) {
        if (regret + option.regret >= least) break
        taken.push(option)
        search(next + 1, left - option.moreCost, regret + option.regret)
        taken.pop()
      }
    }
  }
  search(0, core.left, 0)
  return best
}

/** Alternatives by row, least regret first, in both. */
function rowsOf(alternatives: readonly Alternative[]): Alternative[][] {
  const rows = Map.groupBy(alternatives, ({ row }) => row)
  const byRegret = (a: Alternative, b: Alternative) => a.regret - b.regret
  return [...rows.values()]
    .map((options) => options.toSorted(byRegret))
    .sort((a, b) => byRegret(a[0]!, b[0]!))
}
