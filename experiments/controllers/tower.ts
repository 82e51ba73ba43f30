/**
 * Autothrottle's Tower: a contextual bandit that gives the Captains of two groups of services a throttle target each.
 *
 * Once a period it sees the load and what the last pair of targets led to, and takes the pair of least expected cost for
 * that load; now and then a neighbouring pair instead. Cost: while the SLO is met the allocation on a scale of 0 to 1,
 * else 2 to 3 by how badly it was missed. Source: Wang et al., NSDI 2024, §3.3; microsoft/autothrottle utils.py
 * (`VwTower` @9801b9f): the cost of a load and an action is the median of its samples, loads rounded. Vowpal Wabbit's
 * net of three units that spreads those medians over loads and actions is here a kernel average (Nadaraya 1964).
 */
export const TARGETS = [0, 0.02, 0.04, 0.06, 0.1, 0.15, 0.2, 0.25, 0.3] as const

export interface Outcome {
  /** How far outside the SLO; ≤ 0: met. */
  readonly missed: number
  readonly allocation: number
}

export interface Tower {
  /** Index into TARGETS of each group, for the load to come; `outcome` of the last period, undefined without one. */
  decide(loadRps: number, outcome: Outcome | undefined): number[]
}

/** Loads within a twentieth of an e-fold share one median, and ones a quarter of an e-fold apart say a third as much. */
const LOAD_BIN = 0.05
const LOAD_WIDTH = 0.25
/** In places of TARGETS. */
const ACTION_WIDTH = 1

export function createTower(groups: number, explore: number, random: () => number): Tower {
  const memory = createMemory(TARGETS.length ** groups)
  let last: { loadRps: number; action: number } | undefined
  return {
    decide(loadRps, outcome) {
      if (last !== undefined && outcome !== undefined)
        memory.add(last.loadRps, last.action, outcome)
      const best = leastOf(smoothed(memory.evidence(loadRps), groups))
      const action = random() < explore ? neighbourOf(best, groups, random) : best
      last = { loadRps, action }
      return digitsOf(action, groups)
    },
  }
}

/** One index a group: the action in base `TARGETS.length`, first group first. */
function digitsOf(action: number, groups: number): number[] {
  const size = TARGETS.length
  return Array.from(
    { length: groups },
    (_, g) => Math.floor(action / size ** (groups - 1 - g)) % size,
  )
}

function neighbourOf(action: number, groups: number, random: () => number): number {
  const size = TARGETS.length
  const moves = digitsOf(action, groups).flatMap((digit, g) => {
    const step = size ** (groups - 1 - g)
    return [...(digit > 0 ? [-step] : []), ...(digit + 1 < size ? [step] : [])]
  })
  return action + moves[Math.floor(random() * moves.length)]!
}

/** Weighted costs of each action, and the weights. */
interface Evidence {
  readonly costs: Float64Array
  readonly weights: Float64Array
}

interface Memory {
  add(loadRps: number, action: number, outcome: Outcome): void
  /** Of each action at loads like `loadRps`. */
  evidence(loadRps: number): Evidence
}

/**
 * All outcomes by load and action. The scales of the costs move with every sample, but not the order of the samples: so
 * each bin keeps its own sorted, and its median is scaled when it is asked for.
 */
export function createMemory(actions: number): Memory {
  const bins = new Map<number, { readonly context: number; readonly byAction: Outcome[][] }>()
  const allocations = createRange()
  const misses = createRange()
  const costOf = ({ missed, allocation }: Outcome): number =>
    missed > 0 ? 2 + misses.scale(missed) : allocations.scale(allocation)
  return {
    add(loadRps, action, outcome) {
      if (outcome.missed > 0) misses.add(outcome.missed)
      else allocations.add(outcome.allocation)
      const key = Math.round(Math.log1p(loadRps) / LOAD_BIN)
      let bin = bins.get(key)
      if (bin === undefined) {
        const byAction = Array.from({ length: actions }, (): Outcome[] => [])
        bin = { context: key * LOAD_BIN, byAction }
        bins.set(key, bin)
      }
      insertSorted(bin.byAction[action]!, outcome)
    },
    evidence(loadRps) {
      const context = Math.log1p(loadRps)
      const costs = new Float64Array(actions)
      const weights = new Float64Array(actions)
      for (const bin of bins.values()) {
        const weight = kernel((bin.context - context) / LOAD_WIDTH)
        for (let action = 0; action < actions; action++) {
          const outcomes = bin.byAction[action]!
          if (outcomes.length === 0) continue
          const low = outcomes[(outcomes.length - 1) >> 1]!
          const high = outcomes[outcomes.length >> 1]!
          costs[action]! += (weight * (costOf(low) + costOf(high))) / 2
          weights[action]! += weight
        }
      }
      return { costs, weights }
    },
  }
}

/** Places a value on the scale of all that were added: 0 to 1, in the middle while they are all the same. */
function createRange(): { add(value: number): void; scale(value: number): number } {
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  return {
    add(value) {
      least = Math.min(least, value)
      most = Math.max(most, value)
    },
    scale: (value) => (most > least ? (value - least) / (most - least) : 0.5),
  }
}

/** Cheapest first: those that met the SLO by allocation, then those that missed it by how far. */
function insertSorted(outcomes: Outcome[], outcome: Outcome): void {
  const isBefore = (a: Outcome, b: Outcome): boolean => {
    if (a.missed > 0 !== b.missed > 0) return b.missed > 0
    return a.missed > 0 ? a.missed < b.missed : a.allocation < b.allocation
  }
  let from = 0
  let to = outcomes.length
  while (from < to) {
    const middle = (from + to) >> 1
    if (isBefore(outcome, outcomes[middle]!)) to = middle
    else from = middle + 1
  }
  outcomes.splice(from, 0, outcome)
}

/** Expected cost of each action from its own evidence and its neighbours'; infinite where none is near. */
function smoothed({ costs, weights }: Evidence, groups: number): Float64Array {
  const digits = Array.from(costs, (_, action) => digitsOf(action, groups))
  return costs.map((_, action) => {
    let sum = 0
    let weight = 0
    for (let other = 0; other < costs.length; other++) {
      if (weights[other] === 0) continue
      let near = 1
      for (let g = 0; g < groups; g++)
        near *= NEAR[Math.abs(digits[action]![g]! - digits[other]![g]!)]!
      sum += near * costs[other]!
      weight += near * weights[other]!
    }
    return weight > 1e-6 ? sum / weight : Number.POSITIVE_INFINITY
  })
}

/** The first of the least; that of the lowest targets, which allocate most, while nothing was seen. */
function leastOf(costs: Float64Array): number {
  let best = 0
  for (let action = 1; action < costs.length; action++)
    if (costs[action]! < costs[best]!) best = action
  return best
}

function kernel(distance: number): number {
  return Math.exp(-distance * distance)
}

const NEAR = TARGETS.map((_, places) => kernel(places / ACTION_WIDTH))
