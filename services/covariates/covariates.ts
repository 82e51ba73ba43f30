/**
 * What is known of covariates, service by service, on the grid of the series: events of the calendar, holidays, and
 * metrics. Asked for whole histories when a series is fitted, step by step while forecasters follow it, and ahead of an
 * issue time. Answers for single steps come from memory; metrics are read in beforehand (`prepare`).
 */
import type { Covariate } from '../../forecaster/covariates/effects.ts'
import type { Verdict } from '../../forecaster/covariates/fit-effects.ts'
import type { ForecasterState } from '../../forecaster/forecaster.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import type { Calendar } from './calendar.ts'
import type { CovariateMetric, CovariatesConfig } from './config.ts'
import { type CovariateEvent, columnName, PHASES, type Phase, phaseOf } from './event.ts'
import { type HolidayCalendar, openHolidays } from './holidays.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/** The part of it that forecasters are followed by. */
export interface KnownCovariates {
  /** Values in the step that begins then, one an effect of `state`. */
  inStep(service: ServiceId, state: ForecasterState, startMs: number): readonly number[]
  /** Values of the steps from there on, one array an effect of `state`; NaN: not known. */
  ahead(
    service: ServiceId,
    state: ForecasterState,
    startMs: number,
    steps: number,
  ): readonly Float64Array[]
}

export interface Covariates extends KnownCovariates {
  /** Reads in the metrics of steps in [fromMs, toMs), and what they are known ahead. */
  prepare(services: readonly ServiceId[], fromMs: number, toMs: number): Promise<void>
  /** All that may act on a service, over the history that begins then, events as long again. */
  over(service: ServiceId, startMs: number, steps: number): Promise<Covariate[]>
  /** Events of the calendar and holidays of which some part lies in the time. */
  events(fromMs: number, toMs: number): readonly CovariateEvent[]
  /** What became of a service's covariates in its newest fit. */
  verdicts: Map<ServiceId, readonly Verdict[]>
}

export interface CovariatesDeps {
  readonly calendar: Calendar
  readonly store: SampleStore
  readonly config: CovariatesConfig
  readonly stepMs: number
  /** Steps of metrics kept in memory. */
  readonly keepSteps: number
}

/** Name of a metric's covariate; names of events have no colon. */
export function metricName({ metric, of, lagMs }: CovariateMetric): string {
  return `metric:${metric}${of ? `@${of}` : ''}${lagMs > 0 ? ` ${lagMs / 1000} s before` : ''}`
}

/** Where nothing is known of any. */
export function noCovariates(): Covariates {
  return {
    verdicts: new Map(),
    events: () => [],
    ahead: () => [],
    inStep: () => [],
    prepare: async () => {},
    over: async () => [],
  }
}

/** Throws ConfigError when the holidays of a place are asked for that is not known. */
export function createCovariates(deps: CovariatesDeps): Covariates {
  const { calendar, store, config, stepMs, keepSteps } = deps
  const holidays = config.holidays && openHolidays(config.holidays)
  const metrics = createMetricCache(store, stepMs, keepSteps)
  const metricsFor = (service: ServiceId) =>
    config.metrics.filter(({ services }) => services?.includes(service) ?? true)

  function valuesOf(name: string, service: ServiceId, startMs: number, steps: number) {
    const metric = metricsFor(service).find((one) => metricName(one) === name)
    if (metric) return metrics.read(metric, service, startMs, steps)
    // every name ends as `during` does, which comes first
    const phase = PHASES.findLast((one) => name.endsWith(columnName('', one)))!
    const event = name.slice(0, name.length - columnName('', phase).length)
    const among = eventsFor(service, startMs, startMs + steps * stepMs)
    return eventValues(among, event, phase, startMs, stepMs, steps)
  }

  function eventsFor(service: ServiceId, fromMs: number, toMs: number): CovariateEvent[] {
    return eventsBetween(calendar, holidays, fromMs, toMs).filter(
      (event) => event.service === null || event.service === service,
    )
  }

  const ahead: Covariates['ahead'] = (service, { effects }, startMs, steps) =>
    effects ? effects.effects.map(({ name }) => valuesOf(name, service, startMs, steps)) : []

  return {
    verdicts: new Map(),
    events: (fromMs, toMs) => eventsBetween(calendar, holidays, fromMs, toMs),
    ahead,
    inStep: (service, state, startMs) =>
      state.effects ? ahead(service, state, startMs, 1).map((values) => values[0]!) : [],
    async prepare(services, fromMs, toMs) {
      for (const metric of config.metrics) {
        const those = services.filter((service) => metric.services?.includes(service) ?? true)
        await metrics.load(metric, those, fromMs, toMs)
      }
    },
    async over(service, startMs, steps) {
      const endMs = startMs + steps * stepMs
      const events = eventsFor(service, startMs, endMs)
      const columns = columnsOf(events).map(
        ({ name, phase }): Covariate => ({
          name: columnName(name, phase),
          kind: 'event',
          values: eventValues(events, name, phase, startMs, stepMs, steps),
          aheadSteps: Number.POSITIVE_INFINITY,
        }),
      )
      for (const metric of metricsFor(service)) {
        await metrics.load(metric, [service], startMs, endMs)
        columns.push({
          name: metricName(metric),
          kind: 'series',
          values: metrics.read(metric, service, startMs, steps),
          aheadSteps: Math.floor((metric.lagMs + metric.aheadMs) / stepMs),
        })
      }
      return columns
    },
  }
}

function eventsBetween(
  calendar: Calendar,
  holidays: HolidayCalendar | undefined,
  fromMs: number,
  toMs: number,
): CovariateEvent[] {
  const stored = calendar
    .events()
    .filter((e) => e.toMs + e.afterMs > fromMs && e.fromMs - e.beforeMs < toMs)
  // a day on either side, for what they do before and after
  const days = holidays?.between(fromMs - DAY_MS, toMs + DAY_MS) ?? []
  return [...stored, ...days].sort((a, b) => a.fromMs - b.fromMs)
}

function columnsOf(events: readonly CovariateEvent[]): { name: string; phase: Phase }[] {
  const seen = new Map<string, { name: string; phase: Phase }>()
  for (const event of events) {
    for (const phase of PHASES) {
      const [fromMs, toMs] = phaseOf(event, phase)
      if (fromMs < toMs) seen.set(columnName(event.name, phase), { name: event.name, phase })
    }
  }
  return [...seen.values()]
}

/** Each step's largest value of an event of that name, as far as the event covers the step. */
function eventValues(
  events: readonly CovariateEvent[],
  name: string,
  phase: Phase,
  startMs: number,
  stepMs: number,
  steps: number,
): Float64Array {
  const out = new Float64Array(steps)
  // what is before one and during another of its kind (a holiday after a holiday) is during it
  const during =
    phase === 'during' ? out : eventValues(events, name, 'during', startMs, stepMs, steps)
  for (const event of events) {
    if (event.name !== name) continue
    const [fromMs, toMs] = phaseOf(event, phase)
    const first = Math.max(0, Math.floor((fromMs - startMs) / stepMs))
    const last = Math.min(steps, Math.ceil((toMs - startMs) / stepMs))
    for (let k = first; k < last; k++) {
      const beganMs = startMs + k * stepMs
      const covered = Math.min(toMs, beganMs + stepMs) - Math.max(fromMs, beganMs)
      const value = (event.value * covered) / stepMs
      if (phase !== 'during' && Math.abs(during[k]!) >= Math.abs(event.value)) continue
      if (Math.abs(value) > Math.abs(out[k]!)) out[k] = value
    }
  }
  return out
}

interface MetricCache {
  load(
    metric: CovariateMetric,
    services: readonly ServiceId[],
    fromMs: number,
    toMs: number,
  ): Promise<void>
  /** Of the steps of the load; NaN: not known. */
  read(metric: CovariateMetric, service: ServiceId, startMs: number, steps: number): Float64Array
}

function createMetricCache(store: SampleStore, stepMs: number, keepSteps: number): MetricCache {
  const series = new Map<string, Map<number, number>>()
  const keyOf = ({ metric, of }: CovariateMetric, service: ServiceId) =>
    `${of ?? service} ${metric}`
  const lagSteps = ({ lagMs }: CovariateMetric) => Math.round(lagMs / stepMs)
  return {
    async load(metric, services, fromMs, toMs) {
      const those = metric.of ? [metric.of] : services
      if (those.length === 0) return
      const lagMs = lagSteps(metric) * stepMs
      const startMs = fromMs - lagMs
      const endMs = toMs - lagMs + Math.ceil((metric.lagMs + metric.aheadMs) / stepMs) * stepMs
      // as the load is read: a sample stamped with a step's end belongs to the step it ends
      const query = { fromMs: startMs + 1, toMs: endMs + 1, stepMs }
      const values = await store.grid({ metric: metric.metric, services: those, ...query })
      const steps = values.length / those.length
      those.forEach((service, row) => {
        const key = keyOf(metric, service)
        const known = series.get(key) ?? new Map<number, number>()
        series.set(key, known)
        for (let k = 0; k < steps; k++) {
          const at = startMs + k * stepMs
          const value = values[row * steps + k]!
          if (Number.isNaN(value)) known.delete(at)
          else known.set(at, value)
        }
        if (known.size > 2 * keepSteps) forgetOldest(known, keepSteps)
      })
    },
    read(metric, service, startMs, steps) {
      const known = series.get(keyOf(metric, service))
      const firstMs = startMs - lagSteps(metric) * stepMs
      return Float64Array.from(
        { length: steps },
        (_, k) => known?.get(firstMs + k * stepMs) ?? Number.NaN,
      )
    },
  }
}

function forgetOldest(known: Map<number, number>, keep: number): void {
  const times = [...known.keys()].sort((a, b) => a - b)
  for (const at of times.slice(0, times.length - keep)) known.delete(at)
}
