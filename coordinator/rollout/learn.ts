/**
 * A policy learned from units in which chance drew the arm: in each cell of what was seen when a block began, the arm whose
 * doubly robust loss is surely below the champion's, the champion where none is (policy learning by doubly robust scores:
 * Athey & Wager 2021, "Policy learning with observational data"; by pessimism: Swaminathan & Joachims 2015,
 * "Counterfactual risk minimization"). Little data changes nothing.
 */
import { intervalOf, noTally, tallied } from './confidence-sequence.ts'
import { doublyRobustScore } from './doubly-robust.ts'

/** A unit as a learner takes it: seen, done with what chance, lost. */
export interface Transition {
  readonly features: readonly number[]
  readonly arm: number
  readonly probabilities: readonly number[]
  readonly loss: number
  /** The model's loss under each arm. */
  readonly predicted: readonly number[]
}

export interface LearnedTable {
  /** For each feature ascending borders of its cells. */
  readonly edges: readonly (readonly number[])[]
  /** [cells][arms], the last feature and then the arm running fastest: what an arm surely saves; the champion's is 0. */
  readonly values: Float32Array
  /** Cells in which another arm than the champion's is chosen. */
  readonly changed: number
}

/** The intervals lean on the central limit: below this they say nothing. */
const LEAST_IN_CELL = 20

/** Borders that share the values seen among three cells as evenly as they can be. */
function borders(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(share * sorted.length)]!
  const [low, high] = [at(1 / 3), at(2 / 3)]
  return low < high ? [low, high] : []
}

/** `champion`: place of its arm. `alpha`: chance that any cell's choice is wrong. */
export function learnTable(
  transitions: readonly Transition[],
  champion: number,
  alpha: number,
): LearnedTable {
  const arms = transitions[0]!.probabilities.length
  const width = transitions[0]!.features.length
  const edges = Array.from({ length: width }, (_, f) =>
    borders(transitions.map(({ features }) => features[f]!)),
  )
  const cells = edges.reduce((product, bounds) => product * (bounds.length + 1), 1)
  const values = new Float32Array(cells * arms)
  const options = { alpha: alpha / (cells * (arms - 1)), tightestAt: 40 }
  let changed = 0
  for (let cell = 0; cell < cells; cell++) {
    const within = transitions.filter(({ features }) => cellOf(edges, features) === cell)
    for (let arm = 0; arm < arms; arm++) {
      if (arm === champion) continue
      if (within.length < LEAST_IN_CELL) {
        values[cell * arms + arm] = -1
        continue
      }
      const { high } = intervalOf(contrast(within, arm, champion), options)
      values[cell * arms + arm] = -Math.min(high, 1)
    }
    const row = values.subarray(cell * arms, (cell + 1) * arms)
    if (row.some((value) => value > 0)) changed++
  }
  return { edges, values, changed }
}

function cellOf(edges: readonly (readonly number[])[], features: readonly number[]): number {
  let cell = 0
  edges.forEach((bounds, f) => {
    const above = bounds.filter((bound) => features[f]! >= bound).length
    cell = cell * (bounds.length + 1) + above
  })
  return cell
}

function contrast(transitions: readonly Transition[], arm: number, champion: number) {
  let tally = noTally
  for (const { probabilities, loss, predicted, arm: acted } of transitions) {
    const drawn = { arm: acted, probabilities, outcome: loss, predicted }
    const only = (one: number) => probabilities.map((_, a) => (a === one ? 1 : 0))
    const difference =
      doublyRobustScore(drawn, only(arm)) - doublyRobustScore(drawn, only(champion))
    tally = tallied(tally, difference)
  }
  return tally
}
