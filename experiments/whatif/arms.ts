/**
 * Who scales in a replay: the manifest's rule, the same rule with other targets, Forescale at several objectives, and
 * under several budgets. Each is run over the same days on the same simulated replicas, begun as if it had been there
 * before, and summed up day by day.
 */
import { seededRandom } from '../../datasets/random.ts'
import { type Controller, knownTo } from '../controllers/controller.ts'
import { createTapes } from '../controllers/forescale/models.ts'
import type { ForescaleParams } from '../controllers/forescale/params.ts'
import { forescaleKind } from '../controllers/forescale.ts'
import { perService } from '../controllers/per-service.ts'
import { createFluidPlant } from '../simulator/fluid/plant.ts'
import { type RunRecord, simulate } from '../simulator/run.ts'
import type { Scenario } from '../simulator/scenario.ts'
import { createScrape } from '../simulator/scrape.ts'
import { type Summary, summarize } from '../simulator/summary.ts'
import { aimPerReplica, type Cluster, createPresentRule, type Swallowed } from './present-rule.ts'
import type { Replayed } from './scenario.ts'

const DAY_MS = 86_400_000

/** A run, summed up: a row a day for each service, in the scenario's order, and all of them together. */
export interface Arm {
  readonly label: string
  readonly record: RunRecord
  readonly total: readonly Summary[]
  readonly services: readonly (readonly Summary[])[]
}

export interface RuleArm extends Arm {
  /** What the tolerance kept from happening, by service; `ticks` that could have. */
  readonly swallowed: readonly (readonly Swallowed[])[]
}

export interface Arms {
  /**
   * The manifests' rule; with `share`, every target is multiplied so that a replica is to carry this share of its declared
   * capacity, or with `within-slo` all that a load test found it to carry.
   */
  rule(label: string, services: readonly Replayed[], share?: number | 'within-slo'): RuleArm
  forescale(label: string, params: ForescaleParams): Arm
}

export interface ArmsInput {
  readonly scenario: Scenario
  /** Under Forescale: bounds and declarations in the scenario's order. */
  readonly services: readonly Replayed[]
  readonly cluster: Cluster
}

export function createArms({ scenario, services, cluster }: ArmsInput): Arms {
  const steps = scenario.services.reduce((sum, { load }) => sum + load.length, 0)
  const kind = forescaleKind(createTapes(steps))
  return {
    rule(label, own, share) {
      const swallowed: Swallowed[][] = own.map(() => [])
      const stretches = own.map((one) => stretchOf(one, share))
      // an edited manifest may have other bounds
      const bounded = withBounds(scenario, own)
      const controller = perService(knownTo({}, undefined, bounded), ({ service }) => {
        const i = own.findIndex(({ history }) => history.service === service.name)
        const { manifest, declared } = own[i]!
        return createPresentRule({
          ...{ manifest, declared, cluster, tickMs: scenario.tickMs, stretch: stretches[i]! },
          // of the rule as it is; asking twice costs time
          ...(share === undefined
            ? { onSwallowed: (one: Swallowed) => swallowed[i]!.push(one) }
            : {}),
        })
      })
      const aims = own.map((one, i) => {
        const aim = aimPerReplica(one.manifest, one.declared) * stretches[i]!
        return Number.isFinite(aim) ? aim : one.capacityWithinSlo
      })
      return { ...run(label, bounded, controller, aims), swallowed }
    },
    forescale(label, params) {
      const known = knownTo(kind, params, scenario)
      const random = seededRandom('whatif', scenario.seed, 'forescale')
      const aims = services.map(({ capacityWithinSlo }) => capacityWithinSlo)
      return run(label, scenario, kind.create(known, params, random), aims)
    },
  }
}

function stretchOf(
  { manifest, declared, capacityWithinSlo }: Replayed,
  share: number | 'within-slo' | undefined,
): number {
  const aim = aimPerReplica(manifest, declared)
  if (share === undefined || !Number.isFinite(aim)) return 1
  return (share === 'within-slo' ? capacityWithinSlo : share * declared.capacity) / aim
}

function withBounds(scenario: Scenario, own: readonly Replayed[]): Scenario {
  return {
    ...scenario,
    services: scenario.services.map((service, i) => {
      const { manifest } = own[i]!
      const minReplicas = manifest.keda?.idleReplicas ?? manifest.minReplicas
      return {
        ...service,
        spec: { ...service.spec, minReplicas, maxReplicas: manifest.maxReplicas },
      }
    }),
  }
}

/** `aims`: requests/s that a replica is meant to carry; what was there when the replay began follows from them. */
function run(
  label: string,
  scenario: Scenario,
  controller: Controller,
  aims: readonly number[],
): Arm {
  const { seed, services } = scenario
  const initial = services.map(({ history, load, spec }, i) => {
    const last = history.findLast((value) => !Number.isNaN(value)) ?? load[0]!
    const needed = Math.ceil(last / aims[i]!)
    return Math.max(spec.minReplicas, Math.min(spec.maxReplicas, needed))
  })
  const random = (name: string) => seededRandom('whatif', seed, name)
  const plant = createFluidPlant(scenario, { initial, random })
  const scrape = createScrape(scenario, random('scrape'))
  const record = simulate(scenario, { plant, controller, scrape })
  const days = daysOf(record, scenario)
  return {
    label,
    record,
    total: days.map(({ total }) => total),
    services: services.map(({ name }) => days.map((day) => day.services[name]!)),
  }
}

function daysOf(record: RunRecord, scenario: Scenario) {
  const ticks = record.columns[0]!.arrivals.length
  const ticksADay = DAY_MS / scenario.tickMs
  return Array.from({ length: Math.round(ticks / ticksADay) }, (_, day) =>
    summarize(record, scenario, day * ticksADay, (day + 1) * ticksADay),
  )
}

/** $/hour that all that was asked for would cost, at its highest. */
export function peakSpend({ record }: Arm, scenario: Scenario): number {
  const ticks = record.columns[0]!.requested.length
  let most = 0
  for (let tick = 0; tick < ticks; tick++) {
    let spend = 0
    record.columns.forEach(({ requested }, i) => {
      spend += requested[tick]! * scenario.services[i]!.spec.pricePerReplicaHour
    })
    most = Math.max(most, spend)
  }
  return most
}
