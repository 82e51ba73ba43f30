/**
 * What is simulated: services with their load, how they serve it, whom they call, and where they run. Plain data; both
 * simulators read the same scenario, and the same seed gives the same run.
 */
import { z } from 'zod'
import type { ServiceSpec } from '../../agents/service-spec.ts'
import { ServiceId } from '../../forecaster/series.ts'

export const ServiceTime = z
  .strictObject({
    distribution: z.enum(['lognormal', 'exponential', 'deterministic']).default('lognormal'),
    meanSeconds: z.number().positive().default(0.1),
    cv: z
      .number()
      .min(0)
      .default(0.5)
      .meta({ description: 'Standard deviation ÷ mean; of "lognormal" only.' }),
  })
  .meta({ id: 'ServiceTime', description: 'Time one request holds a place of its replica.' })
export type ServiceTime = z.infer<typeof ServiceTime>

export const Call = z
  .strictObject({
    service: ServiceId,
    perRequest: z.number().positive().default(1).meta({
      description: 'Calls for each request served; a fraction is a probability.',
    }),
  })
  .meta({
    id: 'Call',
    description: 'A request holds its place until all of its calls are answered.',
  })
export type Call = z.infer<typeof Call>

export const Retries = z.strictObject({
  most: z.int().min(0).max(10).default(0),
  backoffSeconds: z.number().min(0).default(1),
})

/** How one service serves. Its limits, price, SLO and start-up time are its `ServiceSpec`'s. */
export const Serving = z
  .strictObject({
    concurrency: z.int().positive().default(4).meta({
      description: 'Requests that one replica serves at once.',
    }),
    queueLimit: z.int().min(0).default(100).meta({
      description: 'Requests that may wait at one replica; the next is refused.',
    }),
    serviceTime: ServiceTime.prefault({}),
    balancing: z
      .enum(['round-robin', 'random', 'least-connections', 'two-choices'])
      .default('least-connections'),
    timeoutSeconds: z.number().positive().default(10),
    retries: Retries.prefault({}),
    startupCv: z.number().min(0).default(0).meta({
      description: 'Spread of start-up times around startupSeconds, log-normal.',
    }),
    drainSeconds: z.number().min(0).default(10).meta({
      description:
        'A replica told to go takes no new requests and is billed until it is empty, this long at most.',
    }),
    crashesPerReplicaHour: z.number().min(0).default(0),
    calls: z.array(Call).default([]),
    cpu: z.number().positive().default(1).meta({ description: 'Cores a replica asks for.' }),
    memoryGib: z.number().positive().default(1),
  })
  .meta({ id: 'Serving' })
export type Serving = z.infer<typeof Serving>

export const NodeTier = z
  .strictObject({
    name: z.enum(['micro', 'small', 'medium', 'large', 'xlarge']),
    market: z.enum(['on-demand', 'spot']).default('on-demand'),
    cpu: z.number().positive(),
    memoryGib: z.number().positive(),
    pricePerHour: z.number().positive(),
    startupSeconds: z.number().min(0).default(60),
    evictionsPerHour: z.number().min(0).default(0).meta({ description: 'Of spot nodes.' }),
    most: z.int().positive().default(1000),
  })
  .meta({ id: 'NodeTier' })
export type NodeTier = z.infer<typeof NodeTier>

export const Nodes = z
  .strictObject({
    tiers: z.array(NodeTier).min(1),
    emptySeconds: z.number().min(0).default(600).meta({
      description: 'An empty node is given back after so long.',
    }),
  })
  .meta({
    id: 'Nodes',
    description:
      'Without them a replica needs no node and costs its own price; with them nodes cost, not replicas.',
  })
export type Nodes = z.infer<typeof Nodes>

export const Scrape = z
  .strictObject({
    delaySeconds: z.number().min(0).default(0),
    noiseCv: z
      .number()
      .min(0)
      .default(0)
      .meta({ description: 'Of measured load and utilization.' }),
    lossShare: z.number().min(0).max(1).default(0).meta({ description: 'Of scrapes that fail.' }),
  })
  .meta({
    id: 'Scrape',
    description: 'What stands between the cluster and what a controller sees.',
  })
export type Scrape = z.infer<typeof Scrape>

export interface SimulatedService {
  readonly name: ServiceId
  readonly spec: ServiceSpec
  readonly serving: Serving
  /** Arrivals from outside before the run, requests/s a step of `stepMs`: what controllers may have learned from. */
  readonly history: Float64Array
  /** Arrivals from outside during the run, requests/s a step; every value finite and not negative. */
  readonly load: Float64Array
}

export interface Scenario {
  readonly name: string
  /** Start of `load[0]`, ms since 1970; `history` ends here. */
  readonly startMs: number
  /** Of load and history. */
  readonly stepMs: number
  /** Between two decisions; divides `stepMs`. */
  readonly tickMs: number
  readonly costBudgetPerHour: number
  readonly services: readonly SimulatedService[]
  readonly nodes?: Nodes | undefined
  readonly scrape: Scrape
  /** Load that nobody measured is said to be so wherever it is shown. */
  readonly synthetic: boolean
  readonly seed: number
}

/** Decisions in a run. */
export function ticksOf({ services, stepMs, tickMs }: Scenario): number {
  return Math.floor(((services[0]?.load.length ?? 0) * stepMs) / tickMs)
}

/** The least that carry the first load at the target utilization. */
export function firstReplicas({ spec, load }: Pick<SimulatedService, 'spec' | 'load'>): number {
  const { capacityPerReplica, targetUtilization, minReplicas, maxReplicas } = spec
  const needed = Math.ceil((load[0] ?? 0) / (capacityPerReplica * targetUtilization))
  return Math.max(minReplicas, Math.min(maxReplicas, needed))
}
