/**
 * Tries candidates on a service's past: analytic policies, then tunings, first those that it begins
 * with, then children of whoever is on the front of cost against violations so far. One archive serves every objective and
 * every price: what a candidate costs and violates does not hang on what it will be asked for.
 *
 * An evolution strategy with the front as its parents (Knowles & Corne 2000, PAES, with more than one parent), on seven
 * numbers; seeded.
 */

import { normalQuantile } from '../../../forecaster/normal-quantile.ts'
import type { Block } from '../../frontier/compare-frontiers.ts'
import { pointOf } from '../../frontier/compare-frontiers.ts'
import { paretoFront } from '../../frontier/frontier.ts'
import { type Candidate, candidateOf, genesOf, type Measure } from './candidate.ts'

export type Genes = readonly number[]

/** A candidate and what it came to in the rehearsed time, block by block. */
export interface Tried {
  readonly candidate: Candidate
  readonly blocks: readonly Block[]
  /** Of a tuning, and of an analytic policy that is one. */
  readonly genes?: Genes
}

export interface SearchInput {
  readonly tryOut: (candidate: Candidate) => readonly Block[]
  readonly measure: Measure
  /** Tried first; those of policy `predictive` are parents too. */
  readonly analytic: readonly Candidate[]
  /** Tunings that the search begins with. */
  readonly start: readonly Genes[]
  readonly evaluations: number
  readonly random: () => number
}

/** Worse than that is no service, and breeds none. */
const MOST_VIOLATION = 0.2
/** A child's step in each of its genes that change, and how many of them do. */
const STEP = 0.15
const CHANGE_SHARE = 0.5
/** Children that have two parents. */
const CROSSED_SHARE = 0.3

/** The analytic candidates in the order of their sweep, then the tunings. */
export function search(input: SearchInput): Tried[] {
  const { tryOut, measure, analytic, start, evaluations, random } = input
  const tried: Tried[] = analytic.map((candidate) => ({
    candidate,
    blocks: tryOut(candidate),
    ...(candidate.policy === 'predictive' ? { genes: genesOf(candidate) } : {}),
  }))
  const tryGenes = (genes: Genes): void => {
    const candidate = candidateOf(genes, measure)
    tried.push({ candidate, blocks: tryOut(candidate), genes })
  }
  for (const genes of start.slice(0, evaluations)) tryGenes(genes)
  for (let left = evaluations - start.length; left > 0; left--)
    tryGenes(childOf(parentsOf(tried), random))
  return tried
}

/** The front of all that have genes. */
function parentsOf(tried: readonly Tried[]): Parent[] {
  const bred = tried.flatMap((one) =>
    one.genes ? [{ genes: one.genes, ...pointOf(one.blocks) }] : [],
  )
  const serving = bred.filter(({ violationRatio }) => violationRatio <= MOST_VIOLATION)
  return paretoFront(serving.length > 0 ? serving : bred)
}

interface Parent {
  readonly genes: Genes
}

function childOf(parents: readonly Parent[], random: () => number): Genes {
  const drawn = () => parents[Math.floor(random() * parents.length)]!.genes
  const one = drawn()
  const other = random() < CROSSED_SHARE ? drawn() : one
  return one.map((own, k) => {
    const gene = random() < 0.5 ? own : other[k]!
    return random() < CHANGE_SHARE ? reflected(gene + STEP * normal(random)) : gene
  })
}

const normal = (random: () => number): number =>
  normalQuantile(Math.min(Math.max(random(), 1e-9), 1 - 1e-9))

/** Back into [0, 1]. */
function reflected(value: number): number {
  const within = Math.abs(value) % 2
  return within > 1 ? 2 - within : within
}
