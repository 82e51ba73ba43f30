/** The same requests and replica counts through the request-level simulator, once a seed of its service times. */
import { seededRandom } from '../../datasets/random.ts'
import type { AppConfig } from '../../services/config.ts'
import type { CreatePlant } from '../simulator/plant.ts'
import { type Scenario, Scrape, Serving } from '../simulator/scenario.ts'
import { tickMeans } from './counts.ts'
import type { Request } from './outcome.ts'
import type { RunPlan } from './real.ts'

/**
 * Between a replica's readiness and its first request: the gateway asks the host every 250 ms who is ready; between an
 * order and its effect: the host looks every 100 ms. Half of each on the average.
 */
const LEARNT_SECONDS = (0.25 + 0.1) / 2

export interface SimulatedRun {
  readonly requests: readonly Request[]
  /** At the end of each tick. */
  readonly ready: readonly number[]
}

/** The shop's one service as it is configured, with start-up times as they were measured, seconds. */
export function scenarioOf(
  config: AppConfig,
  { schedule, tickMs, counts, timeoutSeconds }: RunPlan,
  startupsSeconds: readonly number[],
): Scenario {
  const [name = ''] = Object.keys(config.services)
  const shop = config.shop!
  const { meanServiceMs, serviceTimeCv, concurrency, queueLimit } = shop.services[name]!
  const { mean, cv } = spreadOf(startupsSeconds)
  return {
    name: schedule.curve.name,
    startMs: 0,
    ...{ stepMs: tickMs, tickMs },
    costBudgetPerHour: config.costBudgetPerHour,
    services: [
      {
        name,
        spec: { ...config.services[name]!, startupSeconds: mean + LEARNT_SECONDS },
        serving: Serving.parse({
          ...{ concurrency, queueLimit, timeoutSeconds, startupCv: cv },
          serviceTime: {
            distribution: serviceTimeCv > 0 ? 'lognormal' : 'deterministic',
            meanSeconds: meanServiceMs / 1000,
            cv: serviceTimeCv,
          },
          // the gateway's
          balancing: 'two-choices',
          drainSeconds: shop.drainTimeoutMs / 1000,
        }),
        history: new Float64Array(),
        load: tickMeans(schedule.curve, tickMs, counts.length),
      },
    ],
    scrape: Scrape.parse({}),
    synthetic: schedule.curve.synthetic,
    seed: schedule.seed,
  }
}

export function runSimulated(
  createPlant: CreatePlant,
  scenario: Scenario,
  { counts, timeoutSeconds }: RunPlan,
  arrivals: readonly number[],
  run: number,
): SimulatedRun {
  const requests: Request[] = []
  const plant = createPlant(scenario, {
    initial: [counts[0]!],
    arrivals: [arrivals],
    random: (name) => seededRandom('replay', scenario.seed, run, name),
    onOver: ({ arrivedAtMs, seconds, isGood }) => requests.push({ arrivedAtMs, seconds, isGood }),
  })
  const ready = counts.map((count) => plant.advance([count])[0]!.replicas.ready)
  // until the last of them is over
  const after = Math.ceil((timeoutSeconds * 1000) / scenario.tickMs) + 1
  for (let tick = 0; tick < after; tick++) plant.advance([counts.at(-1)!])
  return { requests, ready }
}

/** Of no start-up at all there is nothing to say, and nothing depends on it. */
function spreadOf(values: readonly number[]): { mean: number; cv: number } {
  if (values.length === 0) return { mean: 0, cv: 0 }
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length
  return { mean, cv: Math.sqrt(variance) / mean }
}
