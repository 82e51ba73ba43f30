/**
 * The fleet whose month is paced: four services unlike one another in shape, weight and price, over weeks before the month
 * and the month itself. Synthetic loads (datasets/workloads): days and weeks that repeat with noise of hours and days,
 * one that bursts, and a growth or decline over the weeks that differs by seed.
 */
import { ServiceSpec } from '../../agents/service-spec.ts'
import { hashUnit } from '../../datasets/random.ts'
import { rateAt, type WorkloadName } from '../../datasets/workload.ts'
import { type Scenario, Scrape, Serving } from '../simulator/scenario.ts'

const DAY_MS = 86_400_000
/** A Monday; the month that is judged is the one that begins at `startMs` of `monthOf`. */
export const WARM_UP_DAYS = 14
const MONTH_MS = Date.UTC(2026, 1, 1)
const MONTH_DAYS = 28
/** Most change of level within four weeks, either way. */
const MOST_GROWTH = 0.1

interface Member {
  readonly name: string
  readonly workload: WorkloadName
  /** Requests/s. */
  readonly peak: number
  readonly weight: number
  readonly pricePerReplicaHour: number
}

const MEMBERS: readonly Member[] = [
  { name: 'search', workload: 'weekday', peak: 420, weight: 1, pricePerReplicaHour: 0.1 },
  { name: 'checkout', workload: 'weekly', peak: 260, weight: 4, pricePerReplicaHour: 0.12 },
  { name: 'reports', workload: 'night-cycle', peak: 340, weight: 0.6, pricePerReplicaHour: 0.08 },
  { name: 'events', workload: 'bursty', peak: 300, weight: 1.5, pricePerReplicaHour: 0.1 },
]

export interface Month {
  readonly scenario: Scenario
  /** First tick of the month; those before are its past, in which spending is learned. */
  readonly fromTick: number
}

export function monthOf(seed: number, tickMs: number, warmUpDays = WARM_UP_DAYS): Month {
  const startMs = MONTH_MS - warmUpDays * DAY_MS
  const ticks = ((warmUpDays + MONTH_DAYS) * DAY_MS) / tickMs
  const services = MEMBERS.map(({ name, workload, peak, weight, pricePerReplicaHour }) => {
    const growth = MOST_GROWTH * (2 * hashUnit('pacing-growth', seed, name) - 1)
    const load = Float64Array.from({ length: ticks }, (_, tick) => {
      const atMs = startMs + tick * tickMs
      // 1970 began on a Thursday; day 0 of a workload is a Monday
      const day = Math.floor(atMs / DAY_MS) - 4
      const fraction = (atMs % DAY_MS) / DAY_MS
      const level = (1 + growth) ** ((tick * tickMs) / (28 * DAY_MS))
      return peak * level * rateAt(workload, name, fraction, day, seed)
    })
    return {
      name,
      spec: ServiceSpec.parse({
        ...{ weight, pricePerReplicaHour },
        minReplicas: 1,
        maxReplicas: 60,
        capacityPerReplica: 32,
        startupSeconds: 60,
        slo: { latencySeconds: 0.5, objective: 0.99 },
      }),
      serving: Serving.parse({ concurrency: 4, serviceTime: { meanSeconds: 0.1 } }),
      history: new Float64Array(0),
      load,
    }
  })
  return {
    scenario: {
      name: `month ${seed}`,
      ...{ startMs, tickMs, stepMs: tickMs, services, seed },
      costBudgetPerHour: 1000,
      scrape: Scrape.parse({}),
      synthetic: true,
    },
    fromTick: (warmUpDays * DAY_MS) / tickMs,
  }
}
