/** Ten queues whose mean waiting time is known, and how they are simulated: one replica with as many places as servers. */
import { ServiceSpec } from '../../agents/service-spec.ts'
import type { CreatePlant } from '../simulator/plant.ts'
import { type Scenario, Scrape, type ServiceTime, Serving } from '../simulator/scenario.ts'
import { waitingMDc, waitingMG1, waitingMMc } from './waiting.ts'

const SERVICE_SECONDS = 0.1

export interface Queue {
  readonly name: string
  readonly servers: number
  readonly utilization: number
  readonly serviceTime: Omit<ServiceTime, 'meanSeconds'>
  /** Mean waiting time ÷ mean service time. */
  readonly theory: number
}

const markov = (servers: number, utilization: number): Queue => ({
  name: `M/M/${servers}`,
  ...{ servers, utilization },
  serviceTime: { distribution: 'exponential', cv: 1 },
  theory: waitingMMc(servers, utilization),
})
const general = (cv: number, utilization: number): Queue => ({
  name: `M/G/1, log-normal, cv ${cv}`,
  ...{ servers: 1, utilization },
  serviceTime: { distribution: 'lognormal', cv },
  theory: waitingMG1(utilization, cv),
})
const deterministic = (servers: number, utilization: number): Queue => ({
  name: `M/D/${servers}`,
  ...{ servers, utilization },
  serviceTime: { distribution: 'deterministic', cv: 0 },
  theory: waitingMDc(servers, utilization),
})

export const QUEUES: readonly Queue[] = [
  markov(1, 0.7),
  markov(4, 0.8),
  markov(10, 0.9),
  markov(50, 0.95),
  general(0.5, 0.8),
  general(1, 0.5),
  general(1.5, 0.7),
  deterministic(2, 0.7),
  deterministic(8, 0.85),
  deterministic(20, 0.9),
]

export function queueScenario(queue: Queue, batches: number, batchRequests: number): Scenario {
  const rps = (queue.servers * queue.utilization) / SERVICE_SECONDS
  const stepMs = Math.round((batchRequests / rps) * 1000)
  return {
    name: queue.name,
    startMs: 0,
    ...{ stepMs, tickMs: stepMs },
    costBudgetPerHour: 1,
    services: [
      {
        name: 'queue',
        spec: ServiceSpec.parse({}),
        serving: Serving.parse({
          concurrency: queue.servers,
          queueLimit: 1_000_000,
          timeoutSeconds: 1e6,
          serviceTime: { ...queue.serviceTime, meanSeconds: SERVICE_SECONDS },
        }),
        history: new Float64Array(),
        load: new Float64Array(batches).fill(rps),
      },
    ],
    scrape: Scrape.parse({}),
    synthetic: true,
    seed: 1,
  }
}

export interface Waiting {
  readonly requests: number
  /** Mean waiting time ÷ mean service time. */
  readonly mean: number
  readonly standardError: number
}

export interface RunLength {
  readonly batchRequests: number
  readonly fewestBatches: number
  readonly mostBatches: number
  /** Enough when 1.96 standard errors are this share of the mean. */
  readonly precision: number
}

/**
 * By batch means (Law, Simulation Modeling and Analysis, section 9.5.3): the queue starts empty, so the first batch is left
 * out; batches of many relaxation times are nearly independent.
 */
export function simulateQueue(
  createPlant: CreatePlant,
  queue: Queue,
  { batchRequests, fewestBatches, mostBatches, precision }: RunLength,
  random: (name: string) => () => number,
): Waiting {
  const scenario = queueScenario(queue, mostBatches + 1, batchRequests)
  const plant = createPlant(scenario, { initial: [1], random })
  plant.advance([1])
  let requests = 0
  const waits: number[] = []
  for (;;) {
    const { arrivals, latencyMeanSeconds } = plant.advance([1])[0]!
    requests += arrivals
    waits.push((latencyMeanSeconds - SERVICE_SECONDS) / SERVICE_SECONDS)
    const n = waits.length
    if (n < fewestBatches) continue
    const mean = waits.reduce((sum, w) => sum + w, 0) / n
    const variance = waits.reduce((sum, w) => sum + (w - mean) ** 2, 0) / (n - 1)
    const standardError = Math.sqrt(variance / n)
    if (n === mostBatches || 1.96 * standardError <= precision * mean)
      return { requests, mean, standardError }
  }
}
