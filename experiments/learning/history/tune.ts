/**
 * Tunings of an owner's own services from their own past, as a policy document: for each service what carries the load for
 * the least money and keeps what its owner declared (objective, floor, bounds, price), where it surely does so. A service
 * for which nothing pays in every fold of its past is left to the predictive policy.
 */
import { createHash } from 'node:crypto'
import { storeFloats } from '../../../agents/learning/numbers.ts'
import { PolicyDocument } from '../../../agents/policies/learned/document.ts'
import type { Tuning } from '../../../agents/policies/learned/tuning.ts'
import type { ServiceSpec } from '../../../agents/service-spec.ts'
import { seededRandom } from '../../../datasets/random.ts'
import type { Series } from '../../../forecaster/series.ts'
import { createTapes } from '../../controllers/forescale/models.ts'
import { withoutGaps } from '../../environments/loads.ts'
import { type Scenario, Scrape, Serving } from '../../simulator/scenario.ts'
import type { Candidate } from './candidate.ts'
import { type Known, knownOf } from './choose.ts'
import { type ForecastSettings, play } from './play.ts'
import { search } from './search.ts'

const DAY_MS = 86_400_000
const BUSY_QUANTILE = 0.99
const BLOCKS = 12
const FOLDS = 3
/** A declared capacity is this share of what all places of a replica serve, as in the other experiments. */
const CAPACITY_SHARE = 0.7
/** Mean service time of the experiments ÷ their SLO's latency. */
const SERVICE_TIME_SHARE = 0.2
const MOST_LEARNED_DAYS = 10
const LEAST_STEPS = 48
const STEPS_KEPT = 1_000_000
const LEAST_SAVING = 0.01

export interface TuneInput {
  readonly series: Series
  readonly spec: ServiceSpec
  readonly tickMs: number
  readonly forecast: ForecastSettings
  readonly evaluations: number
  readonly seed: number
  /** Share of the error budget that a tuning may use up on the past; the future is not the past. */
  readonly errorBudgetShare: number
}

/** Cost, $/h, and share of violating requests on the rehearsed past. */
export interface Point {
  readonly costPerHour: number
  readonly violationRatio: number
}

export interface Tuned {
  readonly service: string
  readonly rehearsedDays: number
  readonly decisions: number
  readonly predictive: Point
  /** Absent: the predictive policy goes on acting. */
  readonly tuning?: Tuning
  readonly tuned?: Point
  readonly why: string
}

/** The same bytes in, the same tuning out. Throws a RangeError for a series that is too short. */
export function tuneService(input: TuneInput): Tuned {
  const { series, spec, evaluations, seed, forecast } = input
  const scenario = pastOf(input)
  const { service } = series
  const shared = { tapes: createTapes(STEPS_KEPT), forecast }
  const declared = {
    objective: spec.slo.objective,
    targetUtilization: spec.targetUtilization,
    stabilizationSeconds: spec.behavior.scaleDown.stabilizationWindowSeconds,
  }
  const predictive: Candidate = { policy: 'predictive', ...declared }
  const sorted = Float64Array.from(scenario.services[0]!.history).sort()
  const tried = search({
    tryOut: (one) => play({ scenario, seed, blocks: BLOCKS }, [one], shared).services[0]!,
    measure: { busyRps: sorted[Math.floor(BUSY_QUANTILE * (sorted.length - 1))]!, declared },
    analytic: [predictive],
    start: [],
    evaluations,
    random: seededRandom('tune', seed, service),
  }).map((one) => knownOf(one, FOLDS))
  const reference = tried[0]!
  const best = cheapestThatHolds(tried, reference, input)
  const ticks = scenario.services[0]!.load.length * (scenario.stepMs / scenario.tickMs)
  const plain = {
    service,
    rehearsedDays: (scenario.services[0]!.load.length * scenario.stepMs) / DAY_MS,
    decisions: Math.round(ticks * tried.length),
    predictive: pointOf(reference),
  }
  if (best === reference)
    return { ...plain, why: 'no tuning held the objective for less in every fold of its past' }
  const saved = 100 * (1 - best.whole.cost / reference.whole.cost)
  const tuning = best.candidate.tuning!
  const why = `${saved.toFixed(1)} % cheaper on its past, within the error budget in each of ${FOLDS} folds`
  return { ...plain, tuning, tuned: pointOf(best), why }
}

function pointOf({ whole, blocks }: Known): Point {
  const hours = blocks.reduce((sum, block) => sum + block.hours, 0)
  const violationRatio = whole.requests > 0 ? whole.violations / whole.requests : 0
  return { costPerHour: whole.cost / hours, violationRatio }
}

/** In every fold: no dearer, and no more violations than the predictive policy had or than the error budget leaves. */
function cheapestThatHolds(
  tried: readonly Known[],
  reference: Known,
  { spec, errorBudgetShare }: TuneInput,
): Known {
  const share = errorBudgetShare * (1 - spec.slo.objective)
  const holds = ({ folds }: Known) =>
    folds.every(({ violations, requests, cost }, f) => {
      const than = reference.folds[f]!
      return violations <= Math.max(than.violations, share * requests) && cost <= than.cost
    })
  let best = reference
  let least = reference.whole.cost * (1 - LEAST_SAVING)
  for (const one of tried) {
    if (one.whole.cost >= least || !holds(one)) continue
    best = one
    least = one.whole.cost
  }
  return best
}

function pastOf({ series, spec, tickMs, seed }: TuneInput): Scenario {
  const { service, startMs, stepMs } = series
  if (series.values.length < LEAST_STEPS)
    throw new RangeError(
      `${service}: ${series.values.length} steps of load are stored; at least ${LEAST_STEPS} are needed`,
    )
  const values = withoutGaps(series.values, service)
  const begin = Math.min(
    Math.floor(values.length / 2),
    Math.round((MOST_LEARNED_DAYS * DAY_MS) / stepMs),
  )
  return {
    name: service,
    startMs: startMs + begin * stepMs,
    stepMs,
    tickMs: stepMs / Math.ceil(stepMs / tickMs),
    costBudgetPerHour: spec.maxReplicas * spec.pricePerReplicaHour,
    services: [
      {
        name: service,
        spec,
        serving: servingOf(spec),
        history: values.slice(0, begin),
        load: values.slice(begin),
      },
    ],
    scrape: Scrape.parse({}),
    synthetic: false,
    seed,
  }
}

/** Replicas that carry what was declared, with a service time that leaves the SLO room to hold. */
function servingOf({ capacityPerReplica, slo }: ServiceSpec): Serving {
  const usualSeconds = SERVICE_TIME_SHARE * slo.latencySeconds
  const places = (capacityPerReplica * usualSeconds) / CAPACITY_SHARE
  const concurrency = Math.max(1, Math.round(places))
  const meanSeconds = (CAPACITY_SHARE * concurrency) / capacityPerReplica
  return Serving.parse({ concurrency, serviceTime: { meanSeconds } })
}

export interface Origin {
  readonly name: string
  readonly command: string
  readonly revision: string
  readonly seed: number
}

/** Undefined where no service has a tuning. */
export function documentOf(all: readonly Tuned[], origin: Origin): PolicyDocument | undefined {
  const tunings = Object.fromEntries(
    all.flatMap(({ service, tuning }) => (tuning ? [[service, tuning]] : [])),
  )
  if (Object.keys(tunings).length === 0) return undefined
  const { name, command, revision, seed } = origin
  return PolicyDocument.parse({
    ...{ formatVersion: 1, name, learner: 'own-past', tunings },
    // a table with one cell and one action: services without a tuning are left as they are
    features: ['size'],
    actions: { kind: 'discrete', stretches: [1] },
    rule: { kind: 'table', edges: [[]], actions: 1, values: storeFloats(Float32Array.of(0)) },
    provenance: {
      ...{ command, revision, seed },
      configHash: createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 16),
      steps: all.reduce((sum, { decisions }) => sum + decisions, 0),
      loads: all.map(({ service }) => service),
    },
  })
}
