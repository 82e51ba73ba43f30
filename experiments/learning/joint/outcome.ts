/**
 * What a way of deciding is worth on episodes that nobody learned from: the same starts and the same chance for everyone,
 * so that differences are paired episode by episode.
 */
import { seededRandom } from '../../../datasets/random.ts'
import { type Controller, knownTo } from '../../controllers/controller.ts'
import { controllerOf } from '../../controllers/registry.ts'
import type { ByAgent, Info } from '../../environments/environment.ts'
import { atMs, ended, initial, transition } from '../../environments/episode.ts'
import { type Prepared, scenarioAt } from '../../environments/prepare.ts'
import { serviceInfo } from '../../environments/single-service.ts'
import {
  type Cluster,
  type ClusterOptions,
  type ClusterSeen,
  createCluster,
  drawStart,
  JUDGED_ON,
} from './cluster.ts'

/** Of all services over one episode. */
export interface Outcome {
  readonly arrivals: number
  readonly violations: number
  /** $ */
  readonly cost: number
  readonly hours: number
  /** Mean of a service's step, as the environment pays it without any directive: −(latency + cost + failures). */
  readonly reward: number
}

/** Actions of the lower agents, and of the upper ones where there are any (train.ts). */
export interface Deciding {
  lower(seen: ClusterSeen): Float32Array
  upper?(seen: ClusterSeen): Float32Array
}

export type CreateCluster = (variants: readonly Prepared[], options: ClusterOptions) => Cluster

const HOUR_MS = 3_600_000

export interface Sample {
  readonly episodes: number
  readonly seed: number
}

/** One outcome an episode; `prepared` is of one budget, `create` makes what they are played in. */
export function judge(
  prepared: Prepared,
  decidingFor: (cluster: Cluster) => Deciding,
  { episodes, seed }: Sample,
  create: CreateCluster = createCluster,
): Outcome[] {
  const cluster = create([prepared], { copies: episodes, part: JUDGED_ON })
  const deciding = decidingFor(cluster)
  const sums = Array.from({ length: episodes }, () => createSum(prepared))
  let seen = cluster.reset(seed)
  let upper: Float32Array = new Float32Array(0)
  for (let tick = 0; tick < prepared.config.episodeTicks; tick++) {
    if (deciding.upper && tick % cluster.everyTicks === 0) upper = deciding.upper(seen).slice()
    const step = cluster.step(deciding.lower(seen), upper)
    step.infos.forEach((infos, i) => {
      sums[i]!.add(infos)
    })
    seen = step
  }
  return sums.map((sum) => sum.outcome())
}

/** The same episodes decided by a controller of experiments/controllers, which sees what was scraped and no features. */
export function judgeController(
  prepared: Prepared,
  { kind, params }: { readonly kind: string; readonly params: unknown },
  { episodes, seed }: Sample,
): Outcome[] {
  return Array.from({ length: episodes }, (_, i) => {
    const start = drawStart(prepared, JUDGED_ON, seededRandom(seed, 'cluster', i))
    let state = initial(prepared, seededRandom(seed + i, 'environment'), start)
    const controller = controllerFor(prepared, start, { kind, params })
    const sum = createSum(prepared)
    while (!ended(prepared, state)) {
      const asked = controller.decide(atMs(prepared, state), state.scraped)
      state = transition(prepared, state, Array.from(asked))
      const now = state
      sum.add(
        Object.fromEntries(
          prepared.services.map(({ name }, s) => [name, serviceInfo(prepared, now, s)]),
        ),
      )
    }
    return sum.outcome()
  })
}

function controllerFor(
  prepared: Prepared,
  start: number,
  { kind, params }: { readonly kind: string; readonly params: unknown },
): Controller {
  const controller = controllerOf(kind)
  const parsed = controller.parse(params)
  const scenario = scenarioAt(prepared, start, prepared.config.seed)
  const known = knownTo({ seesFuture: (read) => controller.seesFuture(read) }, parsed, scenario)
  return controller.create(known, parsed, seededRandom(prepared.config.seed, 'controller'))
}

function createSum({ services, tickMs }: Prepared) {
  const sums = { arrivals: 0, violations: 0, cost: 0, parts: 0, ticks: 0 }
  return {
    add(infos: ByAgent<Info>): void {
      sums.ticks++
      for (const { name } of services) {
        const info = infos[name]!
        sums.arrivals += Number(info.arrivals)
        sums.violations += Number(info.violations)
        sums.cost += Number(info.cost)
        sums.parts += Number(info.latencyPart) + Number(info.costPart) + Number(info.failuresPart)
      }
    },
    outcome: (): Outcome => ({
      arrivals: sums.arrivals,
      violations: sums.violations,
      cost: sums.cost,
      hours: (sums.ticks * tickMs) / HOUR_MS,
      reward: -sums.parts / (sums.ticks * services.length),
    }),
  }
}
