/**
 * Two results against each other: paired block bootstrap over time and seeds of what both simulated alike. Arms of one
 * name in both are compared with one another; within one folder, its reference with every other arm.
 */

import { seededRandom } from '../../datasets/random.ts'
import { bootstrapInterval } from '../bootstrap.ts'
import {
  compareFrontiers,
  type Estimate,
  type FrontierComparison,
} from '../frontier/compare-frontiers.ts'
import { type DatasetResults, type Results, settingsByArm } from './results.ts'
import { percent, sayCost, sayDominance, type Verdict } from './wording.ts'

export interface Line extends FrontierComparison {
  readonly dataset: string
  readonly synthetic: boolean
  readonly ours: string
  readonly theirs: string
  readonly verdict: Verdict
  readonly words: string
  readonly dominanceWords: string
}

export interface Overall {
  readonly ours: string
  readonly theirs: string
  readonly wins: number
  readonly loses: number
  readonly open: number
  /** Geometric mean over the data sets of our cost ÷ theirs at the violations that count; of those that both reach. */
  readonly costRatio: Estimate
  readonly words: string
}

export interface Comparison {
  readonly atViolation: number
  readonly level: number
  readonly lines: readonly Line[]
  readonly overall: readonly Overall[]
  /** Data sets that cannot be paired, and why. */
  readonly left: readonly { readonly dataset: string; readonly reason: string }[]
}

export interface ArmPair {
  readonly ours: string
  readonly theirs: string
}

/** `pairs`: arm of A, arm of B; those of one name when absent. Throws RangeError for an arm that there is not. */
export function compareResults(a: Results, b: Results, pairs: readonly ArmPair[]): Comparison {
  const { atViolation, draws, level } = a
  const lines: Line[] = []
  const left: { dataset: string; reason: string }[] = []
  for (const own of a.datasets) {
    const other = b.datasets.find(({ dataset }) => dataset === own.dataset)
    const reason = reasonAgainst(own, other)
    if (reason !== undefined) {
      left.push({ dataset: own.dataset, reason })
      continue
    }
    const [inA, inB] = [a, b].map((results) =>
      settingsByArm(results.runs.filter(({ dataset }) => dataset === own.dataset)),
    )
    for (const { ours, theirs } of pairs) {
      const random = seededRandom('compare', own.dataset, ours, theirs)
      const options = { atViolation, draws, level }
      const comparison = compareFrontiers(armOf(inA!, ours), armOf(inB!, theirs), random, options)
      const names =
        ours === theirs ? { ours: `A's ${ours}`, theirs: `B's ${theirs}` } : { ours, theirs }
      const said = sayCost(names, comparison.costRatio, `≤ ${percent(atViolation)} violating`)
      const dominanceWords = sayDominance(names, comparison)
      const { dataset, synthetic } = own
      lines.push({ dataset, synthetic, ours, theirs, ...said, dominanceWords, ...comparison })
    }
  }
  const overall = pairs.flatMap((pair) => overallOf(pair, lines, level))
  return { atViolation, level, lines, overall, left }
}

/** Who is compared when nobody says: see the file's head. */
export function usualPairs(a: Results, b: Results, same: boolean): ArmPair[] {
  const armsOf = (results: Results) => [...new Set(results.runs.map(({ arm }) => arm))]
  if (same)
    return armsOf(a)
      .filter((arm) => arm !== a.reference)
      .map((theirs) => ({ ours: a.reference, theirs }))
  const inB = new Set(armsOf(b))
  return armsOf(a)
    .filter((arm) => inB.has(arm))
    .map((arm) => ({ ours: arm, theirs: arm }))
}

function reasonAgainst(own: DatasetResults, other: DatasetResults | undefined): string | undefined {
  if (other === undefined) return 'not in B'
  if (other.scenarioHash === own.scenarioHash) return undefined
  return 'simulated differently in A and B (setting, seeds, blocks or data)'
}

function armOf<T>(byArm: ReadonlyMap<string, T>, arm: string): T {
  const found = byArm.get(arm)
  if (found !== undefined) return found
  throw new RangeError(`arm ${arm} is not there; allowed: ${[...byArm.keys()].join(', ')}`)
}

function overallOf({ ours, theirs }: ArmPair, lines: readonly Line[], level: number): Overall[] {
  const own = lines.filter((line) => line.ours === ours && line.theirs === theirs)
  if (own.length === 0) return []
  const count = (verdict: Verdict) => own.filter((line) => line.verdict === verdict).length
  const logs = own
    .map(({ costRatio }) => Math.log(costRatio.value))
    .filter((log) => Number.isFinite(log))
  const meanOf = (drawn: readonly number[]) => drawn.reduce((sum, v) => sum + v, 0) / drawn.length
  const random = seededRandom('compare', 'overall', ours, theirs)
  const interval = bootstrapInterval(logs, meanOf, random, { level })
  const costRatio = {
    value: Math.exp(meanOf(logs)),
    low: Math.exp(interval.low),
    high: Math.exp(interval.high),
  }
  const [wins, loses, open] = [count('wins'), count('loses'), count('open')]
  const names =
    ours === theirs ? { ours: `A's ${ours}`, theirs: `B's ${theirs}` } : { ours, theirs }
  const where = `the violations that count, ${logs.length} of ${own.length} data sets`
  const tally = `wins ${wins}, loses ${loses}, open ${open}`
  return [
    {
      ours,
      theirs,
      wins,
      loses,
      open,
      costRatio,
      words: `${tally}; ${sayCost(names, costRatio, where).words}`,
    },
  ]
}
