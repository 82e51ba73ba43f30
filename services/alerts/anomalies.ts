/**
 * Every step of every service held against the forecast that was in force when it came: anomalies by the detector
 * (forecaster/anomaly.ts), and the live coverage of the 90 % interval. Only memory, no I/O.
 */
import type { Observation } from '../../agents/observation.ts'
import {
  ASPECTS,
  type Aspect,
  closeCalm,
  createDetector,
  type Departure,
  type Detector,
  fleetBar,
  judgeStep,
  kindOf,
  openDeparture,
  resumeDeparture,
  weigh,
} from '../../forecaster/anomaly.ts'
import { type Forecast, LEVELS, quantileAt } from '../../forecaster/forecast.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import { surpriseOf } from '../../forecaster/surprise.ts'
import type { TickResult } from '../loops/control-loop.ts'
import type { Alert } from './alert.ts'
import type { Condition } from './follow.ts'
import { type Stake, stakesOf, summaryOf } from './stakes.ts'

const WEEK_MS = 7 * 24 * 60 * 60 * 1000
const TAIL = 0.05
const MEDIAN = LEVELS.indexOf(0.5)
const HIGHEST = LEVELS.indexOf(0.99)
const LOWEST = LEVELS.indexOf(0.01)
/** Steps that live coverage looks back on. */
export const COVERAGE_STEPS = 500

export interface Coverage {
  /** Share of the last steps that lay between the 5 % and the 95 % quantile of the forecast issued before. */
  readonly share: number
  /** Steps judged since the start, at most `COVERAGE_STEPS`. */
  readonly steps: number
}

export interface AnomalyWatch {
  /** One step of a service, as it becomes known. */
  step(service: ServiceId, endMs: number, loadRps: number): void
  /** The tick that followed: anomalies that are going on. `violationRatioOf`: newest, NaN when unknown. */
  tick(result: TickResult, violationRatioOf: (service: ServiceId) => number): Condition[]
  coverage(service: ServiceId): Coverage | undefined
}

export interface AnomalyWatchDeps {
  readonly stepMs: number
  readonly tickMs: number
  readonly falseAlarmsPerWeek: number
  /** Alerts that were open when the last run ended. */
  readonly open: readonly Alert[]
}

interface Watched {
  readonly detector: Detector
  judgedToMs: number
  /** Newest step with a load that a forecast stood for. */
  loadRps: number
  expectedRps: number
  highRps: number
  lowRps: number
  /** Evidence over the bar, by aspect, when it was found. */
  readonly evidence: Partial<Record<Aspect, number>>
  coverage: { share: number; steps: number }
}

export const anomalyKey = (aspect: Aspect, service: ServiceId): string =>
  `anomaly/${aspect}/${service}`

export function createAnomalyWatch(deps: AnomalyWatchDeps): AnomalyWatch {
  const { stepMs, tickMs, falseAlarmsPerWeek } = deps
  const ticksPerAlarm = WEEK_MS / falseAlarmsPerWeek / Math.max(tickMs, stepMs)
  const watched = new Map<ServiceId, Watched>()
  /** The last tick's; undefined before the first, when history is read. */
  let forecasts: ReadonlyMap<ServiceId, Forecast> | undefined
  for (const alert of deps.open) resume(watchedOf(watched, alert.service), alert)

  return {
    step(service, endMs, loadRps) {
      const one = watchedOf(watched, service)
      if (endMs <= one.judgedToMs) return
      one.judgedToMs = endMs
      const forecast = forecasts?.get(service)
      const k = forecast ? Math.round((endMs - stepMs - forecast.issuedAtMs) / stepMs) : -1
      const isForeseen = forecast !== undefined && k >= 0 && k < forecast.point.length
      const isJudged = isForeseen && !Number.isNaN(loadRps)
      const surprise = isJudged ? surpriseOf(forecast, k, loadRps) : undefined
      judgeStep(one.detector, endMs, loadRps, surprise, forecasts !== undefined)
      if (!isJudged || !surprise) return
      one.loadRps = loadRps
      one.expectedRps = quantileAt(forecast, MEDIAN, k)
      one.highRps = quantileAt(forecast, HIGHEST, k)
      one.lowRps = quantileAt(forecast, LOWEST, k)
      cover(one.coverage, surprise.atLeast >= TAIL && surprise.atMost >= TAIL)
    },
    tick(result, violationRatioOf) {
      const services = result.decided.input.services.map(({ observation }) => observation.service)
      const current = new Set(services)
      for (const service of watched.keys()) if (!current.has(service)) watched.delete(service)
      forecasts = result.forecasts
      const all = services.map((service) => watchedOf(watched, service))
      const evidence = all.map(({ detector }) => weigh(detector))
      const bar = fleetBar(evidence, ticksPerAlarm)
      all.forEach((one, i) => {
        closeCalm(one.detector)
        if (evidence[i]! < bar) return
        const { aspect } = openDeparture(one.detector)
        one.evidence[aspect] = evidence[i]! / bar
      })
      return all.flatMap((one, i) =>
        Object.values(one.detector.open).map((departure) =>
          conditionOf(one, departure, {
            result,
            place: i,
            stepMs,
            violationRatio: violationRatioOf(services[i]!),
          }),
        ),
      )
    },
    coverage(service) {
      const coverage = watched.get(service)?.coverage
      return coverage && coverage.steps > 0 ? { ...coverage } : undefined
    },
  }
}

function watchedOf(watched: Map<ServiceId, Watched>, service: ServiceId | null): Watched {
  const name = service ?? ''
  let one = watched.get(name)
  if (!one) {
    const unknown = Number.NaN
    one = {
      detector: createDetector(),
      judgedToMs: Number.NEGATIVE_INFINITY,
      loadRps: unknown,
      expectedRps: unknown,
      highRps: unknown,
      lowRps: unknown,
      evidence: {},
      coverage: { share: 0, steps: 0 },
    }
    watched.set(name, one)
  }
  return one
}

/** An anomaly that was open before a restart goes on, so that nobody is told of it twice. */
function resume(one: Watched, alert: Alert): void {
  const aspect = ASPECTS.find((name) => alert.key === anomalyKey(name, alert.service ?? ''))
  if (!aspect) return
  const way = alert.figures.direction
  const direction = way === 1 ? 'up' : way === -1 ? 'down' : null
  resumeDeparture(one.detector, { aspect, direction, sinceMs: alert.sinceMs, calm: 0 })
  one.evidence[aspect] = alert.figures.evidence ?? 1
  one.loadRps = alert.figures.loadRps ?? Number.NaN
  one.expectedRps = alert.figures.expectedRps ?? Number.NaN
}

function cover(coverage: Watched['coverage'], isInside: boolean): void {
  coverage.steps = Math.min(coverage.steps + 1, COVERAGE_STEPS)
  coverage.share += ((isInside ? 1 : 0) - coverage.share) / coverage.steps
}

interface Circumstances {
  readonly result: TickResult
  /** Place of the service in the tick. */
  readonly place: number
  readonly stepMs: number
  readonly violationRatio: number
}

function conditionOf(one: Watched, departure: Departure, given: Circumstances): Condition {
  const { result, place, stepMs, violationRatio } = given
  const { input } = result.decided
  const { spec, observation }: { spec: Stake['spec']; observation: Observation } =
    input.services[place]!
  const { aspect, direction, sinceMs } = departure
  const { service } = observation
  const stake: Stake = {
    kind: kindOf(departure, one.judgedToMs, stepMs),
    direction,
    loadRps: one.loadRps,
    expectedRps: one.expectedRps,
    edgeRps: direction === 'down' ? one.lowRps : one.highRps,
    evidence: one.evidence[aspect] ?? 1,
    lastedMs: one.judgedToMs - sinceMs,
    spec,
    observation,
    violationRatio,
    costBudgetPerHour: input.costBudgetPerHour,
  }
  const { severity, burnRate, budgetShare } = stakesOf(stake)
  const known = (value: number) => (Number.isFinite(value) ? value : null)
  return {
    key: anomalyKey(aspect, service),
    kind: stake.kind,
    severity,
    service,
    summary: summaryOf(service, stake),
    figures: {
      direction: direction === null ? null : direction === 'up' ? 1 : -1,
      loadRps: known(stake.loadRps),
      expectedRps: known(stake.expectedRps),
      evidence: known(stake.evidence),
      burnRate: known(burnRate),
      budgetShare: known(budgetShare),
    },
    sinceMs,
  }
}
