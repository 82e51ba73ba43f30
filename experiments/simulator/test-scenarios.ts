/** Scenarios for tests of simulators: one service, or as many as are named, each with what the test is about. */
import type { z } from 'zod'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { seededRandom } from '../../datasets/random.ts'
import type { CreatePlant, Measured, Plant, PlantOptions } from './plant.ts'
import { type Nodes, type Scenario, Scrape, Serving } from './scenario.ts'

export interface TestService {
  readonly spec?: z.input<typeof ServiceSpec>
  readonly serving?: z.input<typeof Serving>
  /** Requests/s a step. */
  readonly load: readonly number[]
}

/** Steps and ticks of ten seconds; 200 ms a request, an SLO of half a second, no start-up time unless said. */
export function scenarioOf(
  services: Readonly<Record<string, TestService>>,
  more: Partial<Pick<Scenario, 'stepMs' | 'tickMs' | 'seed'>> & { readonly nodes?: Nodes } = {},
): Scenario {
  return {
    name: 'test',
    startMs: 0,
    ...{ stepMs: 10_000, tickMs: 10_000, costBudgetPerHour: 100, seed: 1 },
    services: Object.entries(services).map(([name, { spec, serving, load }]) => ({
      name,
      spec: ServiceSpec.parse({ startupSeconds: 0, maxReplicas: 1000, ...spec }),
      serving: Serving.parse({ serviceTime: { meanSeconds: 0.2 }, ...serving }),
      history: new Float64Array(),
      load: Float64Array.from(load),
    })),
    scrape: Scrape.parse({}),
    synthetic: true,
    ...more,
  }
}

export function plantOf(
  create: CreatePlant,
  scenario: Scenario,
  options: Partial<PlantOptions> = {},
): Plant {
  const random = (name: string) => seededRandom('plant', scenario.seed, name)
  return create(scenario, { random, ...options })
}

/** `counts[tick]` replicas of every service. Returns `[tick][service]`. */
export function run(plant: Plant, counts: readonly (number | readonly number[])[]): Measured[][] {
  return counts.map((count) => {
    const services = plant.replicas().length
    return [...plant.advance(typeof count === 'number' ? Array(services).fill(count) : count)]
  })
}

/** Of service i, over ticks. */
export function totals(measured: readonly (readonly Measured[])[], i = 0) {
  const sum = (figure: (one: Measured) => number) =>
    measured.reduce((total, tick) => total + figure(tick[i]!), 0)
  return {
    arrivals: sum(({ arrivals }) => arrivals),
    violations: sum(({ violations }) => violations),
    failures: sum(({ failures }) => failures),
    replicaSeconds: sum(({ replicaSeconds }) => replicaSeconds),
    cost: sum(({ cost }) => cost),
  }
}

export const times = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value)
