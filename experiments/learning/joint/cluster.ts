/**
 * Copies of one environment of several services (environments/parallel.ts), stepped together, as tables for learners: the
 * lower agents' rows are copy by copy, service by service; the upper agents' rows are the copies. An episode that ends
 * begins anew within the same step (agents/learning/environment.ts).
 *
 * With `isPaired` every copy has a twin whose services all act plainly (action 0) from the same start with the same chance,
 * and rewards are by how much better than the twin's they are. What the twin gets does not depend on what is learned, so
 * the best policy stays the best, and what load and scarcity make of both falls out of the figures: common random numbers
 * (Glasserman & Yao 1992) as a baseline that costs no bias (Greensmith, Bartlett & Baxter 2004). With directives that
 * limit what the twin may spend that would not hold: "shares" is refused.
 *
 * A copy draws its budget's environment in turn from those given, and its starts from one part of the load, so that agents
 * meet plenty and scarcity and are judged on days that they did not learn from.
 */
import { seededRandom } from '../../../datasets/random.ts'
import { UPPER } from '../../environments/config.ts'
import type { ByAgent, Info, ParallelEnvironment } from '../../environments/environment.ts'
import { createParallel } from '../../environments/parallel.ts'
import type { Prepared } from '../../environments/prepare.ts'
import type { BoxSpace, Space } from '../../environments/spaces.ts'
import { stretchedCount } from './stretch-actions.ts'
import { upperMember, upperSize } from './upper-actions.ts'

/** Part of the steps at which episodes may begin, as shares of all of them. */
export interface Part {
  readonly from: number
  readonly to: number
}
export const LEARNED_FROM: Part = { from: 0, to: 0.7 }
export const JUDGED_ON: Part = { from: 0.7, to: 1 }

export interface ClusterShape {
  readonly copies: number
  readonly services: number
  /** Numbers that a lower and an upper agent sees; 0 where there is no upper one. */
  readonly lowerSize: number
  readonly upperSize: number
  /** Numbers in an upper agent's action, each −1 to 1; 0 without one. */
  readonly upperActionSize: number
  /** Steps between two actions of the upper agent that count; 0 without one. */
  readonly everyTicks: number
}

export interface ClusterSeen {
  /** [copies · services][lowerSize] */
  readonly lower: Float32Array
  /** [copies][upperSize] */
  readonly upper: Float32Array
}

export interface ClusterStep extends ClusterSeen {
  readonly lowerRewards: Float64Array
  readonly upperRewards: Float64Array
  /** [copies] */
  readonly truncated: Uint8Array
  /** What the copies that ended saw last; elsewhere zeros. */
  readonly final: ClusterSeen
  /** By copy, what happened (environments/single-service.ts); before the reset where one ended. */
  readonly infos: readonly ByAgent<Info>[]
}

export interface Cluster extends ClusterShape {
  reset(seed: number): ClusterSeen
  /**
   * `lowerActions` [copies · services], −1 to 1 (stretch-actions.ts); `upperActions` [copies][upperActionSize], heard at every
   * `everyTicks`-th step of an episode.
   */
  step(lowerActions: Float32Array, upperActions: Float32Array): ClusterStep
}

export interface ClusterOptions {
  readonly copies: number
  readonly part: Part
  readonly isPaired?: boolean
  /** What rewards of each variant are divided by; 1 when absent. */
  readonly scales?: readonly number[]
}

/** `variants` differ in nothing but their budgets; copy i is of variant i modulo their number. */
export function createCluster(
  variants: readonly Prepared[],
  { copies, part, isPaired = false, scales = [] }: ClusterOptions,
): Cluster {
  const create = () =>
    Array.from({ length: copies }, (_, i) => createParallel(variants[i % variants.length]!))
  const environments = create()
  const twins = isPaired ? create() : []
  const [first] = environments
  const { config, services } = variants[0]!
  const sizeOf = (space: Space): number => (space as BoxSpace).low.length
  const isHierarchical = config.kind === 'hierarchical'
  if (isPaired && isHierarchical && config.directive === 'shares')
    throw new RangeError('directive is shares; of paired clusters it must be price or strategy')
  const upperSpace = isHierarchical ? first!.actionSpace(UPPER) : undefined
  const shape: ClusterShape = {
    copies,
    services: services.length,
    lowerSize: sizeOf(first!.observationSpace(services[0]!.name)),
    upperSize: isHierarchical ? sizeOf(first!.observationSpace(UPPER)) : 0,
    upperActionSize: upperSpace ? upperSize(upperSpace) : 0,
    everyTicks: isHierarchical ? config.everyTicks : 0,
  }
  let chances: (() => number)[] = []
  let seen: ClusterSeen = blank(shape)
  let seenByTwins: ClusterSeen = blank(shape)
  const begin = (i: number, seed?: number): void => {
    const start = drawStart(variants[i % variants.length]!, part, chances[i]!)
    put(seen, shape, i, services, environments[i]!.reset(seed, { start }).observations)
    if (isPaired)
      put(seenByTwins, shape, i, services, twins[i]!.reset(seed, { start }).observations)
  }
  const plain = new Float32Array(copies * services.length)

  return {
    ...shape,
    reset(seed) {
      chances = environments.map((_, i) => seededRandom(seed, 'cluster', i))
      seen = blank(shape)
      seenByTwins = blank(shape)
      for (let i = 0; i < copies; i++) begin(i, seed + i)
      return seen
    },
    step(lowerActions, upperActions) {
      const before = seen
      const beforeByTwins = seenByTwins
      seen = blank(shape)
      seenByTwins = blank(shape)
      const final = blank(shape)
      const lowerRewards = new Float64Array(copies * services.length)
      const upperRewards = new Float64Array(copies)
      const truncated = new Uint8Array(copies)
      const pay = (i: number, rewards: ByAgent<number>, sign: number): void => {
        const share = sign / (scales[i % variants.length] ?? 1)
        services.forEach(({ name }, s) => {
          lowerRewards[i * services.length + s]! += share * rewards[name]!
        })
        upperRewards[i]! += share * (rewards[UPPER] ?? 0)
      }
      const infos = environments.map((environment, i) => {
        const said = upperSpace
          ? { [UPPER]: upperMember(upperSpace, upperActions, i * shape.upperActionSize) }
          : {}
        const acting = { shape, services, seen: before, lowerActions }
        const result = environment.step({ ...countsOf(i, acting), ...said })
        pay(i, result.rewards, 1)
        put(seen, shape, i, services, result.observations)
        if (isPaired) {
          const plainly = { shape, services, seen: beforeByTwins, lowerActions: plain }
          const twin = twins[i]!.step({ ...countsOf(i, plainly), ...said })
          pay(i, twin.rewards, -1)
          put(seenByTwins, shape, i, services, twin.observations)
        }
        truncated[i] = hasEnded(environment) ? 1 : 0
        if (truncated[i]) {
          put(final, shape, i, services, result.observations)
          begin(i)
        }
        return result.infos
      })
      return { ...seen, lowerRewards, upperRewards, truncated, final, infos }
    },
  }
}

const hasEnded = (environment: ParallelEnvironment): boolean => environment.agents().length === 0

export function drawStart(
  { firstStart, lastStart }: Prepared,
  part: Part,
  random: () => number,
): number {
  const from = firstStart + Math.round(part.from * (lastStart - firstStart))
  const to = firstStart + Math.round(part.to * (lastStart - firstStart))
  return from + Math.floor(random() * (to - from + 1))
}

function blank({ copies, services, lowerSize, upperSize: upper }: ClusterShape): ClusterSeen {
  return {
    lower: new Float32Array(copies * services * lowerSize),
    upper: new Float32Array(copies * upper),
  }
}

function put(
  into: ClusterSeen,
  shape: ClusterShape,
  copy: number,
  services: Prepared['services'],
  observations: ByAgent<Float32Array>,
): void {
  services.forEach(({ name }, s) => {
    into.lower.set(observations[name]!, (copy * services.length + s) * shape.lowerSize)
  })
  if (shape.upperSize > 0) into.upper.set(observations[UPPER]!, copy * shape.upperSize)
}

interface Acting {
  readonly shape: ClusterShape
  readonly services: Prepared['services']
  readonly seen: ClusterSeen
  readonly lowerActions: Float32Array
}

function countsOf(
  copy: number,
  { shape, services, seen, lowerActions }: Acting,
): Record<string, unknown> {
  const actions: Record<string, unknown> = {}
  services.forEach(({ name, spec }, s) => {
    const row = copy * services.length + s
    actions[name] = stretchedCount(spec, seen.lower, row * shape.lowerSize, lowerActions[row]!)
  })
  return actions
}
