/** The baselines on the fluid plant: a day of a recurring load, with its afternoon's burst. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { createFluidPlant } from '../simulator/fluid/plant.ts'
import { simulate } from '../simulator/run.ts'
import { createScrape } from '../simulator/scrape.ts'
import { summarize } from '../simulator/summary.ts'
import { type ControllerName, controllerOf } from './registry.ts'
import { MONDAY_MS, testScenario } from './test-service.ts'

const DAY = 1440
const chance = seededRandom('load')
/** Requests/s of each minute: 50 by night, 450 by day, twice as much in twenty minutes of the afternoon. */
const minutes = Array.from({ length: 8 * DAY }, (_, minute) => {
  const wave = 250 - 200 * Math.cos((2 * Math.PI * minute) / DAY)
  const burst = minute % DAY >= 900 && minute % DAY < 920 ? 2 : 1
  return wave * burst * (0.95 + 0.1 * chance())
})
const scenario = testScenario({
  startMs: MONDAY_MS,
  history: minutes.slice(0, 7 * DAY),
  load: minutes.slice(7 * DAY),
  // 40 requests/s at most, 30 within the SLO
  spec: { capacityPerReplica: 30 },
})

function run(name: ControllerName, params: unknown) {
  const random = (stream: string) => seededRandom(1, stream)
  const controller = controllerOf(name).create(scenario, params, random('controller'))
  const plant = createFluidPlant(scenario, { random })
  return simulate(scenario, { plant, controller, scrape: createScrape(scenario, random('scrape')) })
}

const BASELINES = [
  'static',
  'thresholds',
  'hpa',
  'knative',
  'keda',
  'phpa',
  'aws-predictive',
  'autothrottle',
  'autopilot',
] as const satisfies readonly ControllerName[]

describe.each(BASELINES)('%s', (name) => {
  const [cautious] = controllerOf(name).sweep()
  const thrifty = controllerOf(name).sweep().at(-1)

  it('keeps the SLO at its cautious end, and spends less at its thrifty one', () => {
    const careful = summarize(run(name, cautious), scenario).total
    const sparing = summarize(run(name, thrifty), scenario).total
    expect(careful.violationRatio).toBeLessThan(0.01)
    expect(sparing.cost).toBeLessThan(0.9 * careful.cost)
  })

  it('gives the same run twice', () => {
    expect(run(name, thrifty)).toEqual(run(name, thrifty))
  })
})
