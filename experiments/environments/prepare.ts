/**
 * A configuration made ready, once for any number of environments: loads read and scaled, forecasts of every step worked
 * out. From here on everything is synchronous and shared read-only.
 */
import type { ServiceSpec } from '../../agents/service-spec.ts'
import type { CreatePlant } from '../simulator/plant.ts'
import type { Call, Scenario, Serving } from '../simulator/scenario.ts'
import { type EnvironmentConfig, servicesOf } from './config.ts'
import { EnvironmentError } from './environment.ts'
import { forecastRows, SEEN_LEVELS } from './forecasts.ts'
import { type LoadOptions, type Loads, readLoads } from './loads.ts'

const DAY_MS = 86_400_000

export interface PreparedService {
  readonly name: string
  readonly spec: ServiceSpec
  readonly serving: Serving
  /** Arrivals from outside, requests/s a step. */
  readonly load: Float64Array
  /** Quantiles of what must be carried, by step (forecasts.ts). */
  readonly forecasts: Float64Array
  /** Mean of what it must carry, calls of others included, requests/s; above 0. The reward's scale. */
  readonly meanRps: number
}

export interface Prepared {
  readonly config: EnvironmentConfig
  readonly startMs: number
  readonly stepMs: number
  readonly tickMs: number
  readonly services: readonly PreparedService[]
  /** First and last step of the load at which an episode may begin. */
  readonly firstStart: number
  readonly lastStart: number
  readonly episodeSteps: number
  readonly synthetic: boolean
  readonly createPlant: CreatePlant
}

export interface PrepareParts extends LoadOptions {
  readonly createPlant: CreatePlant
}

/** Throws EnvironmentError where parts do not fit together, DatasetError for a load that cannot be read. */
export async function prepare(config: EnvironmentConfig, parts: PrepareParts): Promise<Prepared> {
  const services = servicesOf(config)
  const loads = await readLoads(services, parts)
  const spans = spansOf(config, loads)
  const carried = carriedLoads(
    loads.values,
    services.map(({ name, serving }) => ({ name, calls: serving.calls })),
  )
  return {
    config,
    ...spans,
    startMs: loads.startMs,
    synthetic: loads.synthetic,
    createPlant: parts.createPlant,
    services: services.map(({ name, spec, serving }, i) => ({
      name,
      spec,
      serving,
      load: loads.values[i]!,
      forecasts: forecastRows(config.forecast, {
        service: name,
        startMs: loads.startMs,
        stepMs: spans.stepMs,
        load: carried[i]!,
        historySteps: spans.firstStart,
        leadMs: spans.tickMs + spec.startupSeconds * 1000,
      }),
      meanRps: meanOf(carried[i]!) || spec.capacityPerReplica,
    })),
  }
}

type Spans = Pick<Prepared, 'stepMs' | 'tickMs' | 'firstStart' | 'lastStart' | 'episodeSteps'>

function spansOf(config: EnvironmentConfig, { stepMs, values }: Loads): Spans {
  const { tickSeconds, episodeTicks, historyDays } = config
  const tickMs = tickSeconds * 1000
  if (tickMs > stepMs || stepMs % tickMs !== 0) {
    const allowed = `a divisor of the load's step, ${stepMs / 1000} s`
    throw new EnvironmentError('tickSeconds', tickSeconds, allowed)
  }
  const steps = values[0]!.length
  const episodeSteps = Math.ceil((episodeTicks * tickMs) / stepMs)
  // a last known value at least
  const firstStart = Math.max(1, Math.round((historyDays * DAY_MS) / stepMs))
  // what is seen at the end has a forecast too: of the step behind it
  const lastStart = steps - episodeSteps - 1
  if (lastStart < firstStart) {
    const most = Math.floor(((steps - firstStart - 1) * stepMs) / tickMs)
    const allowed =
      most >= 2
        ? `2 to ${most}, what the load has beyond historyDays`
        : 'a load that is longer than historyDays and an episode'
    throw new EnvironmentError('episodeTicks', episodeTicks, allowed)
  }
  return { stepMs, tickMs, firstStart, lastStart, episodeSteps }
}

/** What comes to each service, from outside and by calls, if all of it is served. */
export function carriedLoads(
  loads: readonly Float64Array[],
  graph: readonly { readonly name: string; readonly calls: readonly Call[] }[],
): Float64Array[] {
  const carried = loads.map((load) => Float64Array.from(load))
  const index = new Map(graph.map(({ name }, i) => [name, i]))
  const pass = (i: number, rate: number, path: readonly number[]): void => {
    for (const { service, perRequest } of graph[i]!.calls) {
      const callee = index.get(service)
      const field = `serving.calls of ${graph[i]!.name}`
      if (callee === undefined)
        throw new EnvironmentError(field, service, [...index.keys()].join(', '))
      if (callee === i || path.includes(callee))
        throw new EnvironmentError(field, service, 'a service that does not call back')
      const onto = carried[callee]!
      for (let step = 0; step < onto.length; step++)
        onto[step]! += loads[path[0] ?? i]![step]! * rate * perRequest
      pass(callee, rate * perRequest, [...path, i])
    }
  }
  for (let i = 0; i < graph.length; i++) pass(i, 1, [])
  return carried
}

/** The part of the load that an episode is, with everything before it as history. */
export function scenarioAt(prepared: Prepared, start: number, seed: number): Scenario {
  const { config, startMs, stepMs, tickMs, services, episodeSteps, synthetic } = prepared
  const budget = config.kind === 'single-service' ? undefined : config.budget
  return {
    name: config.kind,
    startMs: startMs + start * stepMs,
    stepMs,
    tickMs,
    costBudgetPerHour: budget?.perHour ?? Number.POSITIVE_INFINITY,
    services: services.map(({ name, spec, serving, load }) => ({
      name,
      spec,
      serving,
      history: load.subarray(Math.max(0, start - prepared.firstStart), start),
      load: load.subarray(start, start + episodeSteps),
    })),
    nodes: config.nodes,
    scrape: config.scrape,
    synthetic,
    seed,
  }
}

/** Quantiles at SEEN_LEVELS of what a decision in `step` must carry. */
export function forecastAtStep({ forecasts }: PreparedService, step: number): Float64Array {
  return forecasts.subarray(step * SEEN_LEVELS.length, (step + 1) * SEEN_LEVELS.length)
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
