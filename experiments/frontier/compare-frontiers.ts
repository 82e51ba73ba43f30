/**
 * One swept policy against another over the same scenario: cost at equal violation, with intervals. What varies from day
 * to day belongs together, so whole days are drawn again (block bootstrap: Künsch 1989), the same ones for every setting
 * of both (paired), and the frontiers are made anew from each draw: which setting is on the frontier is uncertain too.
 */
import type { RunRecord } from '../simulator/run.ts'
import type { Scenario } from '../simulator/scenario.ts'
import { summarize } from '../simulator/summary.ts'
import {
  bestViolation,
  costAt,
  coveredShare,
  type Dominance,
  dominanceOf,
  type FrontierPoint,
  meanCostRatio,
} from './frontier.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** Violating requests that the bar allows: 0.1 %. */
export const BAR_VIOLATION = 1e-3

/** What a block of time sums up to. */
export interface Block {
  readonly hours: number
  readonly requests: number
  readonly violations: number
  /** $. */
  readonly cost: number
}

/** One parameter set of a policy, run; `blocks[k]` of all settings are of the same time. */
export interface Setting {
  readonly label: string
  readonly blocks: readonly Block[]
}

/** A figure with the interval that holds `level` of the bootstrap's; Infinity and 0: only one side reaches it. */
export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

export interface FrontierComparison {
  readonly dominance: Dominance
  /** Share of their front that we equal or beat in both, and of the draws in which that is all of it. */
  readonly covered: Estimate
  readonly dominatesInDraws: number
  /** Our cost ÷ theirs at most `atViolation` violating requests. */
  readonly costRatio: Estimate
  /** The same at their own best violation ratio. */
  readonly costRatioAtTheirBest: Estimate
  /** Geometric mean of our cost ÷ theirs over the violations that both reach. */
  readonly meanCostRatio: Estimate
}

export interface CompareOptions {
  readonly atViolation?: number
  /** Points that violate more than this are no service, and are not compared; 1 compares all. */
  readonly mostViolation?: number
  readonly draws?: number
  /** Of the intervals. */
  readonly level?: number
}

/** A run in blocks of a day (the last may be shorter), all services together. */
export function blocksOf(
  record: RunRecord,
  scenario: Pick<Scenario, 'services'>,
  blockMs: number = DAY_MS,
): Block[] {
  const ticks = record.columns[0]?.arrivals.length ?? 0
  const ticksABlock = Math.max(1, Math.round(blockMs / record.tickMs))
  const blocks: Block[] = []
  for (let from = 0; from < ticks; from += ticksABlock) {
    const { total } = summarize(record, scenario, from, Math.min(ticks, from + ticksABlock))
    const { hours, requests, violations, cost } = total
    blocks.push({ hours, requests, violations, cost })
  }
  return blocks
}

/** Cost and violations of the blocks `drawn` (default: each once) together. */
export function pointOf(blocks: readonly Block[], drawn?: readonly number[]): FrontierPoint {
  let hours = 0
  let requests = 0
  let violations = 0
  let cost = 0
  const length = drawn?.length ?? blocks.length
  for (let i = 0; i < length; i++) {
    const block = blocks[drawn ? drawn[i]! : i]!
    hours += block.hours
    requests += block.requests
    violations += block.violations
    cost += block.cost
  }
  return { cost: cost / hours, violationRatio: requests > 0 ? violations / requests : 0 }
}

/** Throws a RangeError when a side has no setting, or settings differ in their number of blocks. */
export function compareFrontiers(
  ours: readonly Setting[],
  theirs: readonly Setting[],
  random: () => number,
  {
    atViolation = BAR_VIOLATION,
    mostViolation = 1,
    draws = 2000,
    level = 0.95,
  }: CompareOptions = {},
): FrontierComparison {
  const blocks = sameBlocks(ours, theirs)
  const figuresOf = (drawn?: readonly number[]) => {
    const pointsOf = (side: readonly Setting[]) =>
      side
        .map((setting) => pointOf(setting.blocks, drawn))
        .filter((point) => point.violationRatio <= mostViolation)
    const a = pointsOf(ours)
    const b = pointsOf(theirs)
    const best = bestViolation(b)
    return {
      covered: coveredShare(a, b),
      costRatio: costAt(a, atViolation) / costAt(b, atViolation),
      costRatioAtTheirBest: costAt(a, best) / costAt(b, best),
      meanCostRatio: meanCostRatio(a, b),
      dominance: dominanceOf(a, b),
    }
  }
  const whole = figuresOf()
  const drawn = Array.from({ length: draws }, () =>
    figuresOf(Array.from({ length: blocks }, () => Math.floor(random() * blocks))),
  )
  const estimate = (name: 'covered' | 'costRatio' | 'costRatioAtTheirBest' | 'meanCostRatio') =>
    intervalOf(
      whole[name],
      drawn.map((d) => d[name]),
      level,
    )
  return {
    dominance: whole.dominance,
    covered: estimate('covered'),
    dominatesInDraws: drawn.filter((d) => d.covered === 1).length / draws,
    costRatio: estimate('costRatio'),
    costRatioAtTheirBest: estimate('costRatioAtTheirBest'),
    meanCostRatio: estimate('meanCostRatio'),
  }
}

function sameBlocks(ours: readonly Setting[], theirs: readonly Setting[]): number {
  const blocks = ours[0]?.blocks.length
  if (blocks === undefined || theirs.length === 0) throw new RangeError('a side has no setting')
  for (const { label, blocks: own } of [...ours, ...theirs])
    if (own.length !== blocks || blocks === 0)
      throw new RangeError(`setting ${label} has ${own.length} blocks, allowed are ${blocks}`)
  return blocks
}

/** Percentiles of the draws; draws in which neither side reaches the figure (NaN) say nothing. */
function intervalOf(value: number, draws: readonly number[], level: number): Estimate {
  const known = Float64Array.from(draws.filter((d) => !Number.isNaN(d))).sort()
  const at = (share: number) =>
    known[Math.min(known.length - 1, Math.floor(share * known.length))] ?? Number.NaN
  return { value, low: at((1 - level) / 2), high: at(1 - (1 - level) / 2) }
}
