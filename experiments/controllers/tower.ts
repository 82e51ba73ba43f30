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

export interface Experience {
  readonly loadRps: number
  readonly action: number
  /** How far outside the SLO, ≤ 0: met. */
  readonly missed: number
  readonly allocation: number
}

export interface Tower {
  /** Index into TARGETS of each group, for the load to come; `outcome` of the last period, undefined without one. */
  decide(loadRps: number, outcome: { missed: number; allocation: number } | undefined): number[]
}

/** Samples that are remembered; upstream keeps all. */
const MOST_SAMPLES = 5000
/** Loads within a twentieth of an e-fold share one median, and ones a quarter of an e-fold apart say a third as much. */
const LOAD_BIN = 0.05
const LOAD_WIDTH = 0.25
/** In places of TARGETS. */
const ACTION_WIDTH = 1

export function createTower(groups: number, explore: number, random: () => number): Tower {
  const size = TARGETS.length
  const samples: Experience[] = []
  let last: { loadRps: number; action: number } | undefined
  return {
    decide(loadRps, outcome) {
      if (last !== undefined && outcome !== undefined) samples.push({ ...last, ...outcome })
      if (samples.length > MOST_SAMPLES) samples.shift()
      const best = bestAction(samples, loadRps, size ** groups)
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

/** Costs on upstream's scale: 0 to 1 by allocation when met, 2 to 3 by the miss when not. */
export function costsOf(samples: readonly Experience[]): number[] {
  const scaled = (value: number, values: readonly number[]): number => {
    const least = Math.min(...values)
    const range = Math.max(...values) - least
    return range > 0 ? (value - least) / range : 0.5
  }
  const allocations = samples.filter(({ missed }) => missed <= 0).map((s) => s.allocation)
  const misses = samples.filter(({ missed }) => missed > 0).map((s) => s.missed)
  return samples.map(({ missed, allocation }) =>
    missed <= 0 ? scaled(allocation, allocations) : 2 + scaled(missed, misses),
  )
}

/** The action of least expected cost; the lowest targets, which allocate most, while nothing was seen. */
function bestAction(samples: readonly Experience[], loadRps: number, actions: number): number {
  const medians = mediansOf(samples)
  if (medians.length === 0) return 0
  const context = Math.log1p(loadRps)
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (let action = 0; action < actions; action++) {
    let sum = 0
    let weight = 0
    for (const median of medians) {
      const w =
        kernel((median.context - context) / LOAD_WIDTH) * actionKernel(median.action, action)
      sum += w * median.cost
      weight += w
    }
    const cost = weight > 1e-6 ? sum / weight : Number.POSITIVE_INFINITY
    if (cost < least) {
      least = cost
      best = action
    }
  }
  return best
}

const kernel = (distance: number): number => Math.exp(-distance * distance)

function actionKernel(a: number, b: number): number {
  const size = TARGETS.length
  const rows = Math.floor(a / size) - Math.floor(b / size)
  const columns = (a % size) - (b % size)
  return kernel(rows / ACTION_WIDTH) * kernel(columns / ACTION_WIDTH)
}

/** Median cost of each action at each rounded load. */
function mediansOf(
  samples: readonly Experience[],
): { readonly context: number; readonly action: number; readonly cost: number }[] {
  const costs = costsOf(samples)
  const groups = new Map<string, { context: number; action: number; costs: number[] }>()
  samples.forEach(({ loadRps, action }, i) => {
    const bin = Math.round(Math.log1p(loadRps) / LOAD_BIN)
    const key = `${bin} ${action}`
    const group = groups.get(key) ?? { context: bin * LOAD_BIN, action, costs: [] }
    group.costs.push(costs[i]!)
    groups.set(key, group)
  })
  return [...groups.values()].map(({ context, action, costs: all }) => {
    const sorted = all.sort((a, b) => a - b)
    const half = sorted.length >> 1
    const cost = sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
    return { context, action, cost }
  })
}
