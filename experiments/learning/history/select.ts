/**
 * The live selection's rule (coordinator/meta/hedge.ts) between a service's tuning and the analytic policy, block by block on
 * what both of them came to: both propose, one acts, both are scored. Composed of the two runs; what a change itself costs
 * (a lead time) is left out.
 */
import { type Hedge, openHedge, playRound } from '../../../coordinator/meta/hedge.ts'
import { WORST } from '../../../coordinator/meta/shadow.ts'
import type { Block } from '../../frontier/compare-frontiers.ts'

export interface Selected {
  readonly blocks: readonly Block[]
  /** Who acted at the end. */
  readonly endsTuned: boolean
  readonly changes: number
  /** Mean loss of each over all blocks, as the selection scores it. */
  readonly tunedLoss: number
  readonly analyticLoss: number
}

export interface SelectInput {
  readonly tuned: readonly Block[]
  readonly analytic: readonly Block[]
  readonly objective: number
  /** What carrying a request at declared capacity costs, $. */
  readonly carryingCost: number
  readonly random: () => number
}

const TUNED = 0

/** Begins with the tuning, which paid on the past. */
export function selectOnline(input: SelectInput): Selected {
  const { tuned, analytic, random } = input
  let hedge: Hedge = openHedge(2, TUNED)
  const blocks = tuned.map((own, b) => {
    const other = analytic[b]!
    const acted = hedge.acting === TUNED ? own : other
    const losses = [lossOf(own, input), lossOf(other, input)]
    const draw = [random(), random()] as const
    hedge = playRound(hedge, losses, { memoryRounds: tuned.length, draw })
    return acted
  })
  const mean = (k: number) => hedge.losses[k]! / Math.max(1, hedge.rounds)
  return {
    blocks,
    endsTuned: hedge.acting === TUNED,
    changes: hedge.changes,
    tunedLoss: mean(TUNED),
    analyticLoss: mean(1 - TUNED),
  }
}

/** As live (coordinator/meta/shadow.ts): violations over what the SLO allows, and cost over what the load needs. */
function lossOf(
  { requests, violations, cost }: Block,
  { objective, carryingCost }: SelectInput,
): number {
  if (requests <= 0) return 0
  const burn = violations / ((1 - objective) * requests)
  const provisioning = cost / (requests * carryingCost)
  return Math.min(1, (burn + provisioning) / WORST)
}
