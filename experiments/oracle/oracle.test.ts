import { describe, expect, it } from 'vitest'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { seededRandom } from '../../datasets/random.ts'
import { type Controller, type ControllerKind, knownTo } from '../controllers/controller.ts'
import { createTapes } from '../controllers/forescale/models.ts'
import { ForescaleParams } from '../controllers/forescale/params.ts'
import { forescaleKind } from '../controllers/forescale.ts'
import { hpa } from '../controllers/hpa.ts'
import { createFluidPlant } from '../simulator/fluid/plant.ts'
import { simulate } from '../simulator/run.ts'
import { type Scenario, Scrape, Serving, ticksOf } from '../simulator/scenario.ts'
import { createScrape } from '../simulator/scrape.ts'
import { summarize } from '../simulator/summary.ts'
import { bestWithinBudget } from './budget.ts'
import { ORACLE_PRICES, oracle, oracleServices } from './oracle.ts'

const STEP_MS = 300_000
const DAY_STEPS = 288

function scenarioOf(loads: readonly ((k: number) => number)[], costBudgetPerHour = 1000): Scenario {
  const services = loads.map((loadAt, i) => ({
    name: `s${i}`,
    spec: ServiceSpec.parse({
      ...{ maxReplicas: 12, capacityPerReplica: 32, startupSeconds: 90 },
      slo: { latencySeconds: 0.5, objective: 0.999 },
    }),
    serving: Serving.parse({}),
    history: Float64Array.from({ length: 3 * DAY_STEPS }, (_, k) => loadAt(k)),
    load: Float64Array.from({ length: DAY_STEPS / 2 }, (_, k) => loadAt(k)),
  }))
  return {
    ...{ name: 'test', startMs: 0, stepMs: STEP_MS, tickMs: 60_000, costBudgetPerHour },
    ...{ services, scrape: Scrape.parse({}), synthetic: true, seed: 1 },
  }
}

const wave = (k: number) => 150 * (1 + 0.7 * Math.sin((2 * Math.PI * k) / DAY_STEPS))
const bursts = (k: number) => 40 + (k % 37 < 2 ? 200 : 0)

function run(scenario: Scenario, controller: Controller) {
  const plant = createFluidPlant(scenario, { random: (name) => seededRandom(name) })
  const scrape = createScrape(scenario, seededRandom('scrape'))
  const record = simulate(scenario, { plant, controller, scrape })
  return { record, total: summarize(record, scenario).total }
}

function create<Params>(kind: ControllerKind<Params>, scenario: Scenario, given: unknown) {
  const params = kind.params.parse(given)
  return kind.create(knownTo(kind, params, scenario), params, seededRandom('controller'))
}

const budgetOf = ({ costBudgetPerHour, tickMs }: Scenario) => ({
  costBudgetPerHour,
  hoursATick: tickMs / 3_600_000,
})

describe('the oracle in the fluid plant', () => {
  it.each([
    ['a wave', wave],
    ['bursts', bursts],
  ])('bounds what every controller pays and violates, at any price: %s', (_, loadAt) => {
    const scenario = scenarioOf([loadAt])
    const services = oracleServices(scenario)
    const forescale = forescaleKind(createTapes())
    const others = [
      ...[0.5, 0.8].map((target) => create(hpa, scenario, { target })),
      ...[0.99, 0.999].map((objective) => create(forescale, scenario, { objective })),
      create(forescale, scenario, { forecast: 'perfect' }),
    ].map((controller) => run(scenario, controller).total)
    for (const price of ORACLE_PRICES) {
      const { bound } = bestWithinBudget(services, price, budgetOf(scenario))
      for (const { cost, violations } of others)
        expect(bound).toBeLessThanOrEqual((cost + price * violations) * (1 + 1e-9))
    }
  })

  it('gets from the plant what its plan says, but for queues that outlast a tick', () => {
    const scenario = scenarioOf([wave])
    const price = 1e-3
    const { bound } = bestWithinBudget(oracleServices(scenario), price, budgetOf(scenario))
    const { cost, violations } = run(scenario, create(oracle, scenario, { price })).total
    const value = cost + price * violations
    expect(value).toBeGreaterThanOrEqual(bound * (1 - 1e-9))
    expect(value).toBeLessThanOrEqual(bound * 1.05)
  })

  it('keeps the budget of several services, and says how far from the best it may be', () => {
    const scenario = scenarioOf([wave, (k) => wave(k + DAY_STEPS / 2), bursts], 1.6)
    const { record } = run(scenario, create(oracle, scenario, { price: 1e-3 }))
    for (let tick = 0; tick < ticksOf(scenario); tick++) {
      const spent = record.columns.reduce((sum, { requested }, i) => {
        return sum + requested[tick]! * scenario.services[i]!.spec.pricePerReplicaHour
      }, 0)
      expect(spent).toBeLessThanOrEqual(1.6 + 1e-9)
    }
    const { value, bound } = bestWithinBudget(oracleServices(scenario), 1e-3, budgetOf(scenario))
    expect(value).toBeGreaterThanOrEqual(bound)
    expect(value / bound).toBeLessThan(1.15)
  })

  it('is told the future, and nobody else is', () => {
    const scenario = scenarioOf([wave])
    const forescale = forescaleKind(createTapes())
    expect(oracle.seesFuture?.({ price: 1 })).toBe(true)
    expect(forescale.seesFuture?.(ForescaleParams.parse({}))).toBe(false)
    expect(forescale.seesFuture?.(ForescaleParams.parse({ forecast: 'noisy' }))).toBe(true)
    const blind = knownTo({}, {}, scenario)
    expect(() => oracle.create(blind, { price: 1 }, seededRandom('x'))).toThrow(
      'not told the future',
    )
  })
})
