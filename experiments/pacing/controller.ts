/**
 * Forescale's tick over a month, told what to spend by whoever it is given: the live pacer, a constant price, nobody.
 * Observations are made as live; forecasts from the future with an honest error (controllers/forescale/foresight.ts), so
 * that what differs between two runs is the pacing alone.
 */
import type { AgentMemory } from '../../agents/agent.ts'
import type { ReplicaCounts } from '../../agents/observation.ts'
import type { Directive } from '../../coordinator/meta/directive.ts'
import { decideTick } from '../../coordinator/tick.ts'
import type { Forecast } from '../../forecaster/forecast.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { AfterTick, BeforeTick } from '../../services/budget/pacer.ts'
import { AppConfig } from '../../services/config.ts'
import { noCovariates } from '../../services/covariates/covariates.ts'
import { observeAll } from '../../services/loops/control-loop.ts'
import { type Entry, firstEntry, followStep } from '../../services/loops/entry.ts'
import type { Following } from '../../services/models/contenders.ts'
import type { Controller } from '../controllers/controller.ts'
import { createForesight } from '../controllers/forescale/foresight.ts'
import type { Scenario } from '../simulator/scenario.ts'

/** Standard deviation ÷ mean of the forecasts' error. */
const ERROR_CV = 0.15

/** Who says what may be spent. */
export interface Treasurer {
  before(tick: BeforeTick): { directive?: Directive; costBudgetPerHour: number } | undefined
  after(tick: AfterTick): void
}

export interface PacedParams {
  readonly policy: 'predictive' | 'reactive'
}

export function createPaced(
  scenario: Scenario,
  treasurer: Treasurer,
  { policy }: PacedParams = { policy: 'predictive' },
): Controller {
  const { startMs, stepMs, tickMs, services, seed } = scenario
  const config = AppConfig.parse({
    mode: 'enforce',
    ...{ tickMs, stepMs, costBudgetPerHour: scenario.costBudgetPerHour },
    services: Object.fromEntries(services.map(({ name, spec }) => [name, { ...spec, policy }])),
  })
  const specOf = (service: ServiceId) => config.services[service]!
  const entries = new Map<ServiceId, Entry>(
    services.map(({ name }) => [name, firstEntry(name, specOf(name), false)]),
  )
  const foresight = services.map(({ name, spec, history, load }) =>
    createForesight({
      ...{ service: name, startMs, stepMs, history, load },
      reachSteps: Math.ceil((2 * tickMs + spec.startupSeconds * 1000) / stepMs) + 2,
      params: { forecast: 'noisy', errorCv: ERROR_CV, lateSteps: 1, seed },
    }),
  )
  const startups = new Map(services.map(({ name, spec }) => [name, spec.startupSeconds * 1000]))
  let memories: ReadonlyMap<ServiceId, AgentMemory> = new Map()
  let tick = 0

  const follow = (nowMs: number, scraped: Parameters<Controller['decide']>[1]): void => {
    services.forEach(({ name }, i) => {
      const { loadRps, violationRatio, latencyP95Seconds, replicas } = scraped[i]!
      if (tick > 0) foresight[i]!.follow(loadRps)
      const step = { loadRps, violationRatio, latencyP95Seconds, readyReplicas: replicas.ready }
      followStep(entries.get(name)!, step, nowMs, followingOf(name, stepMs, config))
    })
  }

  return {
    decide(nowMs, scraped) {
      follow(nowMs, scraped)
      tick++
      const forecasts = new Map<ServiceId, Forecast>()
      const replicas = new Map<ServiceId, ReplicaCounts>()
      services.forEach(({ name }, i) => {
        forecasts.set(name, foresight[i]!.forecast!)
        replicas.set(name, scraped[i]!.replicas)
      })
      const told = treasurer.before({
        atMs: nowMs,
        runningCostPerHour: costOf(services, (i) => {
          const { ready, starting, terminating } = scraped[i]!.replicas
          return ready + starting + terminating
        }),
        minimumCostPerHour: costOf(services, (i) => services[i]!.spec.minReplicas),
      })
      const settings = {
        budget: () => Math.min(config.costBudgetPerHour, told?.costBudgetPerHour ?? Infinity),
        modeOf: () => 'enforce' as const,
        specOf,
      }
      const given = { nowMs, tick, forecasts, replicas, startups, memories }
      const input = observeAll({ config, book: { entries }, settings }, given)
      const output = decideTick({ ...input, directive: told?.directive })
      memories = new Map(
        services.flatMap(({ name }, i) => {
          const memory = output.memories[i]
          return memory ? [[name, memory] as const] : []
        }),
      )
      const { grants, demand } = output
      if (demand) treasurer.after({ atMs: nowMs, demand })
      return grants.map(({ to }) => to)
    },
  }
}

const followingOf = (service: ServiceId, stepMs: number, config: AppConfig): Following => ({
  ...{ service, stepMs, config: config.forecast },
  covariates: noCovariates(),
  changeBar: Number.POSITIVE_INFINITY,
})

function costOf(services: Scenario['services'], countOf: (i: number) => number): number {
  return services.reduce((sum, { spec }, i) => sum + countOf(i) * spec.pricePerReplicaHour, 0)
}
