/**
 * The nodes that replicas run on: ordered when a replica finds no room, paid for from then on, up after their start-up
 * time, given back when they were empty for `emptySeconds`, and, where the market is spot, taken away by chance.
 *
 * A replica goes to the fullest node that has room (kube-scheduler's MostAllocated), one that is up before one that is not;
 * where there is none, to a new node of the tier with least waste. Replicas stay where they are: nodes that are half empty
 * are not cleared. Both simulators run on this one; they call it in order of time.
 */
import type { Nodes, NodeTier, SimulatedService } from '../scenario.ts'
import { fitting, leastWaste } from './least-waste.ts'

/** Room for one replica on one node. */
export interface Place {
  readonly service: number
  readonly node: Node
  /** When the node is up, ms since the start of the run; a replica begins to start no earlier. */
  readonly upAtMs: number
}

interface Node {
  readonly tier: number
  readonly upAtMs: number
  readonly evictedAtMs: number
  readonly places: Set<Place>
  cpu: number
  memoryGib: number
  emptySinceMs: number
}

export interface Cluster {
  /**
   * Room for `count` replicas of service i; for fewer where every tier is at its most: ask again later. `isUp`: nodes
   * ordered for them are up at once, as for the replicas that run when a run begins.
   */
  place(service: number, count: number, nowMs: number, isUp?: boolean): Place[]
  release(place: Place, nowMs: number): void
  /** When the next node is taken away. */
  nextEvictionMs(): number
  /** Nodes whose time has come are taken away; what was on them is gone. */
  evict(nowMs: number): Place[]
  /** $ a service since the last call; together what the nodes cost. Shared by what the services asked for. */
  bill(nowMs: number): Float64Array
  /** Nodes there are, up or not, a tier. */
  counts(): readonly number[]
}

type Sized = Pick<SimulatedService, 'name' | 'serving'>

export interface ClusterOptions {
  readonly nodes: Nodes
  readonly services: readonly Sized[]
  /** Decides when spot nodes are taken away. */
  readonly random: () => number
}

interface State extends Pick<ClusterOptions, 'services' | 'random'> {
  readonly nodes: Nodes
  readonly all: Set<Node>
  /** Nodes a tier. */
  readonly existing: number[]
  /** What replicas ask for, and $ since the last bill, a service. */
  readonly asked: Float64Array
  readonly costs: Float64Array
  billedToMs: number
}

/** Throws where a replica of some service fits on no tier. */
export function createCluster({ nodes, services, random }: ClusterOptions): Cluster {
  for (const service of services) checkFits(service, nodes.tiers)
  const state: State = {
    services,
    random,
    nodes,
    all: new Set(),
    existing: nodes.tiers.map(() => 0),
    asked: new Float64Array(services.length),
    costs: new Float64Array(services.length),
    billedToMs: 0,
  }
  return {
    place: (service, count, nowMs, isUp) => place(state, service, count, { nowMs, isUp }),
    release(released, nowMs) {
      passTime(state, nowMs)
      leave(state, released, nowMs)
    },
    nextEvictionMs: () => {
      let next = Number.POSITIVE_INFINITY
      for (const { evictedAtMs } of state.all) next = Math.min(next, evictedAtMs)
      return next
    },
    evict: (nowMs) => evict(state, nowMs),
    bill(nowMs) {
      passTime(state, nowMs)
      const billed = state.costs.slice()
      state.costs.fill(0)
      return billed
    },
    counts: () => [...state.existing],
  }
}

function place(
  state: State,
  service: number,
  count: number,
  { nowMs, isUp }: { readonly nowMs: number; readonly isUp: boolean | undefined },
): Place[] {
  passTime(state, nowMs)
  const { tiers } = state.nodes
  const { serving } = state.services[service]!
  const placed: Place[] = []
  while (placed.length < count) {
    let node = fullest(state.all, tiers, serving, nowMs)
    if (node === undefined) {
      const tier = leastWaste(tiers, state.existing, serving, count - placed.length)
      if (tier === undefined) break
      node = order(state, tier, nowMs, isUp ? nowMs : nowMs + tiers[tier]!.startupSeconds * 1000)
    }
    placed.push(settle(state, service, node))
  }
  return placed
}

function order(state: State, tier: number, nowMs: number, upAtMs: number): Node {
  const { cpu, memoryGib, market, evictionsPerHour } = state.nodes.tiers[tier]!
  const hours =
    market === 'spot' && evictionsPerHour > 0
      ? -Math.log(1 - state.random()) / evictionsPerHour
      : Number.POSITIVE_INFINITY
  const evictedAtMs = nowMs + hours * 3_600_000
  const places = new Set<Place>()
  const node = { tier, upAtMs, evictedAtMs, places, cpu, memoryGib, emptySinceMs: nowMs }
  state.all.add(node)
  state.existing[tier]!++
  return node
}

function drop(state: State, node: Node): void {
  state.all.delete(node)
  state.existing[node.tier]!--
}

function settle(state: State, service: number, node: Node): Place {
  const { cpu, memoryGib } = state.services[service]!.serving
  const settled: Place = { service, node, upAtMs: node.upAtMs }
  node.places.add(settled)
  node.cpu -= cpu
  node.memoryGib -= memoryGib
  state.asked[service]! += weightOf(state.services[service]!, state.nodes.tiers)
  return settled
}

function leave(state: State, left: Place, nowMs: number): void {
  const { node, service } = left
  if (!node.places.delete(left)) return
  const { cpu, memoryGib } = state.services[service]!.serving
  node.cpu += cpu
  node.memoryGib += memoryGib
  const weight = weightOf(state.services[service]!, state.nodes.tiers)
  state.asked[service] = Math.max(0, state.asked[service]! - weight)
  if (node.places.size === 0) node.emptySinceMs = nowMs
}

function evict(state: State, nowMs: number): Place[] {
  passTime(state, nowMs)
  const lost: Place[] = []
  for (const node of [...state.all].filter(({ evictedAtMs }) => evictedAtMs <= nowMs)) {
    lost.push(...node.places)
    for (const gone of [...node.places]) leave(state, gone, nowMs)
    drop(state, node)
  }
  return lost
}

/** Bills, and gives back what has been empty for long enough, in order of time. */
function passTime(state: State, nowMs: number): void {
  const emptyMs = state.nodes.emptySeconds * 1000
  const due = [...state.all]
    .filter(({ places, emptySinceMs }) => places.size === 0 && emptySinceMs + emptyMs <= nowMs)
    .sort((a, b) => a.emptySinceMs - b.emptySinceMs)
  for (const node of due) {
    charge(state, Math.max(state.billedToMs, node.emptySinceMs + emptyMs))
    drop(state, node)
  }
  charge(state, nowMs)
}

function charge(state: State, toMs: number): void {
  let perHour = 0
  for (const { tier } of state.all) perHour += state.nodes.tiers[tier]!.pricePerHour
  share((perHour * (toMs - state.billedToMs)) / 3_600_000, state.asked, state.costs)
  state.billedToMs = toMs
}

function checkFits({ name, serving }: Sized, tiers: readonly NodeTier[]): void {
  if (tiers.some((tier) => fitting(tier, serving) > 0)) return
  const sizes = tiers.map(
    ({ name: tier, cpu, memoryGib }) => `${tier} ${cpu} cores ${memoryGib} GiB`,
  )
  throw new Error(
    `a replica of service ${name} asks for ${serving.cpu} cores and ${serving.memoryGib} GiB, more than any node has: ${sizes.join(', ')}`,
  )
}

/** Of the nodes with room the one with least left, those that are up first; the oldest among equals. */
function fullest(
  all: ReadonlySet<Node>,
  tiers: readonly NodeTier[],
  replica: { readonly cpu: number; readonly memoryGib: number },
  nowMs: number,
): Node | undefined {
  let best: Node | undefined
  let bestLeft = Number.POSITIVE_INFINITY
  for (const node of all) {
    if (fitting(node, replica) < 1) continue
    const { cpu, memoryGib } = tiers[node.tier]!
    const left = node.cpu / cpu + node.memoryGib / memoryGib + (node.upAtMs > nowMs ? 2 : 0)
    if (left >= bestLeft - 1e-9) continue
    best = node
    bestLeft = left
  }
  return best
}

/** What one replica asks for, as a share of the first tier's processor and memory together. */
function weightOf({ serving }: Sized, tiers: readonly NodeTier[]): number {
  const { cpu, memoryGib } = tiers[0]!
  return serving.cpu / cpu + serving.memoryGib / memoryGib
}

/** To each by what it asks for; in equal parts where nobody asks for anything. */
function share(cost: number, asked: Float64Array, costs: Float64Array): void {
  const total = asked.reduce((sum, one) => sum + one, 0)
  for (let i = 0; i < costs.length; i++)
    costs[i]! += cost * (total > 1e-9 ? asked[i]! / total : 1 / costs.length)
}
