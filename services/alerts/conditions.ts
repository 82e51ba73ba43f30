/** What stands in a tick and in the outlook that people should know of, beside anomalies. */
import type { ServiceId } from '../../forecaster/series.ts'
import type { AppConfig } from '../config.ts'
import type { TickResult } from '../loops/control-loop.ts'
import type { OutlookRisk, OutlookView } from '../outlook/view.ts'
import { COVERAGE_STEPS, type Coverage } from './anomalies.ts'
import { spanOf } from './stakes.ts'
import type { Standing } from './standing.ts'

const CLOSE_AFTER_TICKS = 10
/** Coverage of fewer steps says nothing. */
const LEAST_STEPS = 200
/** Once out of bounds, coverage must be so far inside to count as well again. */
const MARGIN = 0.02
/** A bound that is at risk within so many days is a warning, later it is information. */
const SOON_DAYS = 7

export interface StandingInput {
  readonly config: AppConfig
  readonly result: TickResult
  readonly coverageOf: (service: ServiceId) => Coverage | undefined
  /** Whether an alert of this key is open. */
  readonly isOpen: (key: string) => boolean
  /** The outlooks made last; empty when none is known. */
  readonly outlooks: readonly OutlookView[]
}

export function standingOf(input: StandingInput): Standing[] {
  const services = input.result.decided.input.services.map((s) => s.observation.service)
  return [
    budgetOf(input),
    ...services.map((service) => driftOf(input, service)),
    ...services.map((service) => coverageOf(input, service)),
    ...outlookOf(input, services),
  ]
}

function budgetOf({ config, result }: StandingInput): Standing {
  const { input, output } = result.decided
  const budget = input.costBudgetPerHour
  const least = output.spendPerHour
  return {
    key: 'budget-infeasible',
    holds: !output.feasible,
    openAfterMs: 0,
    closeAfterMs: CLOSE_AFTER_TICKS * config.tickMs,
    describe: () => ({
      kind: 'budget-infeasible',
      severity: 'critical',
      service: null,
      summary: `the budget of ${budget.toFixed(2)} $/h is below what must run: ${least.toFixed(2)} $/h are spent`,
      figures: { costBudgetPerHour: budget, spendPerHour: least },
    }),
  }
}

function driftOf({ config, result }: StandingInput, service: ServiceId): Standing {
  const forecast = result.forecasts.get(service)
  const atMs = result.decided.input.atMs
  return {
    key: `forecast-drifting/${service}`,
    holds: forecast?.drifting,
    openAfterMs: config.alerts.driftingMs,
    closeAfterMs: CLOSE_AFTER_TICKS * config.tickMs,
    describe: (sinceMs) => ({
      kind: 'forecast-drifting',
      severity: 'warning',
      service,
      summary: `${service}: its load has kept leaving the forecast for ${spanOf(atMs - sinceMs)}`,
      figures: { driftingMs: atMs - sinceMs },
    }),
  }
}

function coverageOf(input: StandingInput, service: ServiceId): Standing {
  const { config, isOpen } = input
  const { least, most } = config.alerts.coverage
  const key = `forecast-coverage/${service}`
  const coverage = input.coverageOf(service)
  const share = coverage && coverage.steps >= LEAST_STEPS ? coverage.share : undefined
  const margin = isOpen(key) ? MARGIN : 0
  const tooLow = share !== undefined && share < least + margin
  const tooHigh = share !== undefined && share > most - margin
  const percent = ((share ?? 0) * 100).toFixed(1)
  const means = tooLow
    ? 'decisions rest on intervals that are too narrow'
    : 'intervals are wider than they need be'
  return {
    key,
    holds: share === undefined ? undefined : tooLow || tooHigh,
    openAfterMs: 0,
    closeAfterMs: 0,
    describe: () => ({
      kind: 'forecast-coverage',
      severity: tooLow ? 'warning' : 'info',
      service,
      summary: `${service}: its 90 % interval held ${percent} % of the last ${coverage?.steps ?? COVERAGE_STEPS} steps; ${means}`,
      figures: { coverage: share ?? null, steps: coverage?.steps ?? null },
    }),
  }
}

interface Bound {
  readonly kind: 'outlook-budget' | 'outlook-max-replicas'
  readonly bound: OutlookRisk['bound']
  readonly service: ServiceId | null
}

function outlookOf(input: StandingInput, services: readonly ServiceId[]): Standing[] {
  const bounds: Bound[] = [
    { kind: 'outlook-budget', bound: 'budget', service: null },
    ...services.flatMap((service): Bound[] => [
      { kind: 'outlook-budget', bound: 'budget', service },
      { kind: 'outlook-max-replicas', bound: 'maxReplicas', service },
    ]),
  ]
  return bounds.map((bound) => boundOf(input, bound))
}

function boundOf({ outlooks }: StandingInput, { kind, bound, service }: Bound): Standing {
  const known = outlooks.filter((view) => isKnown(view, service))
  const risk = earliest(known.flatMap((view) => risksOf(view, bound, service)))
  const view = known[0]
  const isSoon = risk && view && risk.firstDayMs < view.fromMs + SOON_DAYS * view.dayMs
  return {
    key: service === null ? kind : `${kind}/${service}`,
    holds: view && risk !== undefined,
    openAfterMs: 0,
    closeAfterMs: 0,
    describe: () => ({
      kind,
      severity: isSoon ? 'warning' : 'info',
      service,
      summary: risk?.sentence ?? '',
      figures: figuresOf(risk),
    }),
  }
}

function figuresOf(risk: OutlookRisk | undefined): Record<string, number> {
  if (!risk) return {}
  const { firstDayMs, probability, limit, wouldCarry } = risk
  return { firstDayMs, probability, limit, wouldCarry }
}

/** Risks of one service or of the whole; the whole stands for its parts only while nobody in particular is at risk. */
function risksOf(
  { risks }: OutlookView,
  bound: OutlookRisk['bound'],
  service: ServiceId | null,
): OutlookRisk[] {
  const of = risks.filter((risk) => risk.bound === bound)
  if (service === null && of.some((risk) => risk.service !== null)) return []
  return of.filter((risk) => risk.service === service)
}

function isKnown(view: OutlookView, service: ServiceId | null): boolean {
  if (service === null) return view.fleet !== null
  const own = view.services.find((row) => row.service === service)
  return own?.demand !== null && own?.demand !== undefined
}

function earliest(risks: readonly OutlookRisk[]): OutlookRisk | undefined {
  return risks.reduce<OutlookRisk | undefined>(
    (first, risk) => (first && first.firstDayMs <= risk.firstDayMs ? first : risk),
    undefined,
  )
}
