/** What stands in a tick and in the outlook that people should know of, beside anomalies. */
import type { ServiceId } from '../../forecaster/series.ts'
import type { AppConfig } from '../config.ts'
import type { TickResult } from '../loops/control-loop.ts'
import type { OutlookRisk, OutlookView } from '../outlook/view.ts'
import { COVERAGE_STEPS, type Coverage } from './anomalies.ts'
import { type ConflictOf, conflictsOf } from './conflicts.ts'
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
  /** Whether one is open or on its way there. */
  readonly knows: (key: string) => boolean
  /** The outlooks made last; empty when none is known. */
  readonly outlooks: readonly OutlookView[]
  /** What else scales a service that is to be enforced; absent: nobody can say. */
  readonly conflictOf?: ConflictOf | undefined
}

/** What holds, and what held before: of all the rest, which is most of a large fleet, nothing is said. */
export function standingOf(input: StandingInput): Standing[] {
  const services = input.result.decided.input.services.map((s) => s.observation.service)
  const standing = [budgetOf(input)]
  for (const service of services) {
    if (input.result.forecasts.get(service)?.drifting || input.knows(driftKey(service)))
      standing.push(driftOf(input, service))
    const coverage = coverageOf(input, service)
    if (coverage.holds || input.knows(coverage.key)) standing.push(coverage)
  }
  const { conflictOf = () => undefined, knows, config, result } = input
  const { atMs } = result.decided.input
  const closeAfterMs = CLOSE_AFTER_TICKS * config.tickMs
  const conflicts = conflictsOf({ services, atMs, closeAfterMs, conflictOf, knows })
  return [...standing, ...conflicts, ...outlookOf(input, services)]
}

const driftKey = (service: ServiceId): string => `forecast-drifting/${service}`

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
    key: driftKey(service),
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
  const views = input.outlooks.map(foreseen)
  const bounds: Bound[] = [
    { kind: 'outlook-budget', bound: 'budget', service: null },
    ...services.flatMap((service): Bound[] => [
      { kind: 'outlook-budget', bound: 'budget', service },
      { kind: 'outlook-max-replicas', bound: 'maxReplicas', service },
    ]),
  ]
  return bounds
    .map((bound) => boundOf(views, bound))
    .filter(({ holds, key }) => holds || input.knows(key))
}

/** One outlook, ready to be asked for one service among many. */
interface Foreseen {
  readonly view: OutlookView
  readonly known: ReadonlySet<ServiceId | null>
  /** By bound and service; of the whole only while nobody in particular is at risk. */
  readonly risks: ReadonlyMap<string, OutlookRisk>
}

function foreseen(view: OutlookView): Foreseen {
  const known = new Set<ServiceId | null>(
    view.services.filter(({ demand }) => demand !== null).map(({ service }) => service),
  )
  if (view.fleet !== null) known.add(null)
  const isNamed = view.risks.some(({ bound, service }) => bound === 'budget' && service !== null)
  const risks = view.risks.filter(({ service }) => service !== null || !isNamed)
  return { view, known, risks: new Map(risks.map((risk) => [riskKey(risk), risk])) }
}

const riskKey = ({ bound, service }: Pick<OutlookRisk, 'bound' | 'service'>): string =>
  `${bound}/${service ?? ''}`

function boundOf(views: readonly Foreseen[], { kind, bound, service }: Bound): Standing {
  const known = views.filter((one) => one.known.has(service))
  const key = riskKey({ bound, service })
  const risk = earliest(known.flatMap(({ risks }) => risks.get(key) ?? []))
  const view = known[0]?.view
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

function earliest(risks: readonly OutlookRisk[]): OutlookRisk | undefined {
  return risks.reduce<OutlookRisk | undefined>(
    (first, risk) => (first && first.firstDayMs <= risk.firstDayMs ? first : risk),
    undefined,
  )
}
