/**
 * The live loop without the world: observations made as live (services/loops/observe.ts) of forecasts followed as live
 * (models.ts), and the tick that runs live (coordinator/tick.ts) with the agents' memories carried from one to the next.
 * Seeing and deciding are two calls, so that whoever learns can look in between.
 */
import type { AgentMemory } from '../../../agents/agent.ts'
import { declaredFor } from '../../../agents/capacity.ts'
import type { ReplicaCounts } from '../../../agents/observation.ts'
import type { LearnedActor } from '../../../agents/policies/learned/act.ts'
import type { ServiceSpec } from '../../../agents/service-spec.ts'
import { decideTick, type TickOutput } from '../../../coordinator/tick.ts'
import type { TickInput } from '../../../coordinator/tick-input.ts'
import type { Forecast } from '../../../forecaster/forecast.ts'
import type { ServiceId } from '../../../forecaster/series.ts'
import { AppConfig } from '../../../services/config.ts'
import { noCovariates } from '../../../services/covariates/covariates.ts'
import { observeAll } from '../../../services/loops/control-loop.ts'
import {
  type Entry,
  firstEntry,
  followNewest,
  followStep,
  ticksAheadOf,
} from '../../../services/loops/entry.ts'
import type { Following } from '../../../services/models/contenders.ts'
import { futureOf, type Known, type Scraped } from '../controller.ts'
import { type Collector, createCollector } from './collector.ts'
import { createForesight } from './foresight.ts'
import type { Models, Tapes } from './models.ts'
import type { ForescaleParams } from './params.ts'

/** Kubernetes' longest; and more than any count grows by. */
const LONGEST_PERIOD_SECONDS = 1800
const MOST_VALUE = 1_000_000

export interface ForescaleLoop {
  /** What all agents see at the next tick. Follows what was scraped: once a tick. */
  observe(nowMs: number, scraped: readonly Scraped[]): TickInput
  /** Decides for what was observed last, and remembers it. */
  decide(input: TickInput): TickOutput
  /** Of service i, where its load stands. */
  forecastOf(i: number): Forecast | undefined
}

export interface LoopParts {
  readonly tapes: Tapes
  /** What acts where the policy is `learned`. */
  readonly actor?: LearnedActor | undefined
  /** What a service has other than the rest; of all of them a forecast is made or of none. */
  readonly own?: ((service: ServiceId) => OwnParams | undefined) | undefined
}

export type OwnParams = Partial<
  Pick<ForescaleParams, 'policy' | 'objective' | 'targetUtilization' | 'stabilizationSeconds'>
>

/** One service between ticks. */
interface Watched {
  readonly entry: Entry
  readonly collector: Collector
  /** Absent where no forecast is used. */
  readonly models: Models | undefined
  readonly following: Following
  readonly ticksAhead: number
  /** End of the last step that was followed. */
  standsAtMs: number
}

export function createLoop(
  known: Known,
  params: ForescaleParams,
  { tapes, actor, own }: LoopParts,
): ForescaleLoop {
  const config = configOf(known, params, own)
  const watched = known.services.map((_, i) => watch(known, i, { params, config, tapes }))
  const settings = {
    budget: () => config.costBudgetPerHour,
    modeOf: () => 'enforce' as const,
    specOf: (service: ServiceId) => config.services[service]!,
  }
  const book = { entries: new Map(watched.map(({ entry }) => [entry.service, entry])) }
  const startups = new Map(
    known.services.map(({ name, spec }) => [name, spec.startupSeconds * 1000]),
  )
  let memories: ReadonlyMap<ServiceId, AgentMemory> = new Map()
  let tick = 0
  return {
    forecastOf: (i) => watched[i]!.models?.forecast,
    observe(nowMs, scraped) {
      const forecasts = new Map<ServiceId, Forecast>()
      const replicas = new Map<ServiceId, ReplicaCounts>()
      watched.forEach((one, i) => {
        follow(one, nowMs, scraped[i]!)
        const { service } = one.entry
        const forecast = one.models?.forecast
        if (forecast) forecasts.set(service, forecast)
        replicas.set(service, scraped[i]!.replicas)
      })
      tick++
      const given = { nowMs, tick, forecasts, replicas, startups, memories }
      return observeAll({ config, book, settings, actorOf: () => actor }, given)
    },
    decide(input) {
      const output = decideTick(input)
      memories = new Map(
        watched.flatMap(({ entry }, i) => {
          const memory = output.memories[i]
          return memory ? [[entry.service, memory]] : []
        }),
      )
      return output
    },
  }
}

function follow(watched: Watched, nowMs: number, scraped: Scraped): void {
  const { entry, collector, models, following } = watched
  for (const step of collector.collect(nowMs, scraped)) {
    watched.standsAtMs += following.stepMs
    followStep(entry, step, watched.standsAtMs, following)
    models?.follow(step.loadRps)
  }
  // a tick sees the newest load, be its step at an end or not
  const stepEndMs = watched.standsAtMs + following.stepMs
  const { measuredAtMs: atMs, loadRps } = scraped
  followNewest(entry, loadRps, { atMs, stepEndMs, ticksAhead: watched.ticksAhead })
}

interface WatchInput {
  readonly params: ForescaleParams
  readonly config: AppConfig
  readonly tapes: Tapes
}

function watch(known: Known, i: number, { params, config, tapes }: WatchInput): Watched {
  const { startMs, stepMs, tickMs, scrape } = known
  const { name, history } = known.services[i]!
  const spec = config.services[name]!
  const delayMs = Math.ceil((scrape.delaySeconds * 1000) / tickMs) * tickMs
  const reachSteps = reachOf(known, spec, delayMs)
  const source = { service: name, startMs, stepMs, history, reachSteps }
  const { forecast: settings } = config
  const models =
    params.policy === 'reactive'
      ? undefined
      : params.forecast === 'model'
        ? tapes({ ...source, config: settings, seed: params.seed })
        : createForesight({ ...source, params, load: futureOf(known).services[i]!.load })
  return {
    entry: firstEntry(name, spec, tickMs < stepMs),
    ticksAhead: ticksAheadOf(spec, tickMs),
    collector: createCollector({ startMs, stepMs, tickMs, delayMs }),
    models,
    // the models are followed apart, with their tape: the entry's own stay empty
    following: {
      ...{ service: name, stepMs, config: settings, covariates: noCovariates() },
      changeBar: Number.POSITIVE_INFINITY,
    },
    standsAtMs: startMs,
  }
}

/** Steps that a decision may look ahead: two ticks and a start-up, from a forecast that is as old as scrapes are late. */
function reachOf({ stepMs, tickMs }: Known, spec: ServiceSpec, delayMs: number): number {
  return Math.ceil((2 * tickMs + spec.startupSeconds * 1000 + delayMs) / stepMs) + 2
}

function configOf(known: Known, params: ForescaleParams, own: LoopParts['own']): AppConfig {
  const { models, refitMs } = params
  const services = known.services.map(({ name, spec }) => [
    name,
    specOf(spec, { ...params, ...own?.(name) }, known.tickMs),
  ])
  return AppConfig.parse({
    mode: 'enforce',
    tickMs: known.tickMs,
    stepMs: known.stepMs,
    costBudgetPerHour: params.costBudgetPerHour ?? known.costBudgetPerHour,
    forecast: { ...(models ? { models } : {}), ...(refitMs ? { refitMs } : {}) },
    services: Object.fromEntries(services),
  })
}

function specOf(spec: ServiceSpec, params: ForescaleParams, tickMs: number): ServiceSpec {
  const { policy, targetUtilization, stabilizationSeconds } = params
  const objective = params.objective ?? spec.slo.objective
  const { scaleUp, scaleDown } = spec.behavior
  return {
    ...spec,
    slo: { ...spec.slo, objective },
    capacityPerReplica: declaredFor(spec.capacityPerReplica, spec.slo.objective, objective),
    policy,
    targetUtilization,
    behavior: {
      scaleUp: overTick(scaleUp, tickMs / 1000, (share, times) => (1 + share) ** times - 1),
      scaleDown: {
        ...overTick(scaleDown, tickMs / 1000, (share, times) => 1 - (1 - share) ** times),
        stabilizationWindowSeconds: stabilizationSeconds,
      },
    },
  }
}

type Side = ServiceSpec['behavior']['scaleUp']

/**
 * Rules over a tick that is longer than their period: what they would have allowed by its end, had they been asked once
 * a period. The same is granted to the other controllers.
 */
function overTick(
  side: Side,
  seconds: number,
  compound: (share: number, times: number) => number,
): Side {
  const policies = side.policies.map(({ type, value, periodSeconds }) => {
    const times = Math.floor(seconds / periodSeconds)
    if (times <= 1) return { type, value, periodSeconds }
    const allowed = type === 'Pods' ? value * times : 100 * compound(value / 100, times)
    const period = Math.min(LONGEST_PERIOD_SECONDS, Math.floor(seconds))
    return { type, value: Math.min(MOST_VALUE, Math.ceil(allowed)), periodSeconds: period }
  })
  return { ...side, policies }
}
