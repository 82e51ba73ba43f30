/**
 * The outlook over days and weeks, put together from kept days, learned capacities and the budget. Made anew at most
 * once an hour of the day, or when the budget or a service's bounds changed; between services it gives way to ticks.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  addService,
  type BoundRisk,
  closeOutlook,
  type FleetOutlook,
  OUTLOOK_LEVELS,
  type OutlookPlan,
  type OutlookService,
  openOutlook,
  type ServiceOutlook,
  valueOfService,
} from '../../coordinator/outlook.ts'
import { daysNeeded, fitOutlook, knownDays, PARTS_A_DAY } from '../../forecaster/outlook.ts'
import { seededRandom } from '../../forecaster/random.ts'
import { floorToStep, type ServiceId } from '../../forecaster/series.ts'
import type { AppConfig } from '../config.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import { createDayBook } from './days.ts'
import type { OutlookRisk, OutlookView, ServiceOutlookView } from './view.ts'
import { sentenceOf, sentencesOf } from './words.ts'

/** Simulated days of all services together, beyond which fewer futures are drawn. */
const MOST_SIMULATED_DAYS = 3_000_000
const LEAST_PATHS = 50

export interface OutlookDeps {
  readonly store: Pick<SampleStore, 'grid'>
  readonly ledger: Pick<Ledger, 'saveDemandDays' | 'demandDays' | 'lastDemandDays'>
  readonly config: () => AppConfig
  readonly budget: () => number
  /** Learned: requests/s one replica carries within its SLO. */
  readonly capacityOf: (service: ServiceId) => number
  readonly nowMs: () => number
}

export interface Outlook {
  /** For all services over `days` days, from today on. */
  read(days: number): Promise<OutlookView>
}

export function createOutlook(deps: OutlookDeps): Outlook {
  const book = createDayBook(deps.store, deps.ledger)
  const made = new Map<number, Made>()
  let queue: Promise<unknown> = Promise.resolve()

  async function make(days: number): Promise<OutlookView> {
    const config = deps.config()
    const { outlook, stepMs, retentionMs } = config
    const grid = { ...outlook, stepMs, retentionMs }
    const names = Object.keys(config.services)
    const nowMs = deps.nowMs()
    await book.catchUp(names, grid, nowMs)
    const history = await book.history(names, grid, nowMs)
    return compute({ deps, config, days, nowMs, history })
  }

  return {
    read(days) {
      const config = deps.config()
      const budget = deps.budget()
      const hour = Math.floor(deps.nowMs() / (config.outlook.dayMs / PARTS_A_DAY))
      const known = made.get(days)
      if (known?.config === config && known.budget === budget && known.hour === hour)
        return known.view
      // one at a time: two would do the same reading twice
      const view = queue.then(() => make(days))
      queue = view.catch(() => made.delete(days))
      made.set(days, { config, budget, hour, view })
      return view
    },
  }
}

/** What an outlook was made of, and it. */
interface Made {
  readonly config: AppConfig
  readonly budget: number
  readonly hour: number
  readonly view: Promise<OutlookView>
}

interface Given {
  readonly deps: OutlookDeps
  readonly config: AppConfig
  readonly days: number
  readonly nowMs: number
  readonly history: ReadonlyMap<ServiceId, readonly Float64Array[]>
}

async function compute(given: Given): Promise<OutlookView> {
  const { deps, config, days, nowMs, history } = given
  const { dayMs, weekDays, paths, atRisk } = config.outlook
  const names = Object.keys(config.services)
  const budget = deps.budget()
  const needed = daysNeeded(days, weekDays)
  const plan: OutlookPlan = {
    horizonDays: days,
    dayMs,
    costBudgetPerHour: budget,
    paths: Math.max(
      LEAST_PATHS,
      Math.min(paths, Math.floor(MOST_SIMULATED_DAYS / (names.length * days))),
    ),
    randomOf: (path) => seededRandom(config.seed * 65_536 + path),
  }
  const sums = openOutlook(plan, minimumCost(config))
  const outlooks = new Map<ServiceId, ServiceOutlook>()
  for (const [name, service] of fitted(given, needed)) {
    outlooks.set(name, addService(sums, service))
    await nextTurn()
  }
  const fleet = outlooks.size === names.length ? closeOutlook(sums) : undefined
  const fromMs = floorToStep(nowMs - config.stepMs, dayMs)
  const risks = risksOf(outlooks, fleet, { fromMs, dayMs, days, budget, atRisk, config })
  const services = names.map((name) =>
    serviceView(name, outlooks.get(name), history.get(name) ?? [], needed, fleet !== undefined),
  )
  return {
    computedAtMs: nowMs,
    fromMs,
    dayMs,
    days,
    levels: [...OUTLOOK_LEVELS],
    costBudgetPerHour: budget,
    costBudgetPerDay: (budget * dayMs) / 3_600_000,
    fleet: fleet ? fleetView(fleet) : null,
    services,
    risks,
    sentences: sentencesOf({ days, risks, services }),
  }
}

/** Services with enough history, those that lose most for a dollar first. */
function fitted({ deps, config, history }: Given, needed: number): [ServiceId, OutlookService][] {
  return Object.entries(config.services)
    .flatMap(([name, spec]): [ServiceId, OutlookService][] => {
      const days = history.get(name) ?? []
      const model =
        knownDays(days) >= needed ? fitOutlook(days, config.outlook.weekDays) : undefined
      if (!model) return []
      const capacityPerReplica = deps.capacityOf(name)
      return [[name, { spec, capacityPerReplica, model, historyDays: days.length }]]
    })
    .sort(([, a], [, b]) => valueOfService(b) - valueOfService(a))
}

function minimumCost({ services }: AppConfig): number {
  return Object.values(services).reduce(
    (sum, { minReplicas, pricePerReplicaHour }) => sum + minReplicas * pricePerReplicaHour,
    0,
  )
}

const copied = (fan: readonly (readonly number[])[]): number[][] => fan.map((day) => [...day])

function serviceView(
  service: ServiceId,
  outlook: ServiceOutlook | undefined,
  days: readonly Float64Array[],
  neededDays: number,
  isWhole: boolean,
): ServiceOutlookView {
  return {
    service,
    historyDays: knownDays(days),
    neededDays,
    demand: outlook
      ? {
          peakLoadRps: copied(outlook.peakLoad),
          peakReplicas: copied(outlook.peakReplicas),
          replicaHours: copied(outlook.replicaHours),
          cost: copied(outlook.cost),
          budgetRisk: isWhole ? [...outlook.budget.probability] : null,
          maxReplicasRisk: [...outlook.maxReplicas.probability],
        }
      : null,
  }
}

function fleetView({ cost, peakCostPerHour, budget }: FleetOutlook) {
  return {
    cost: copied(cost),
    peakCostPerHour: copied(peakCostPerHour),
    risk: [...budget.probability],
  }
}

interface RiskInput {
  readonly fromMs: number
  readonly dayMs: number
  readonly days: number
  readonly budget: number
  readonly atRisk: number
  readonly config: AppConfig
}

function risksOf(
  outlooks: ReadonlyMap<ServiceId, ServiceOutlook>,
  fleet: FleetOutlook | undefined,
  input: RiskInput,
): OutlookRisk[] {
  const { budget, config } = input
  const cents = (value: number) => Math.ceil(value * 100 - 1e-6) / 100
  const risks = [...outlooks].flatMap(([service, outlook]) => {
    const { maxReplicas } = config.services[service]!
    const own = riskOf(
      outlook.maxReplicas,
      { bound: 'maxReplicas', service, limit: maxReplicas },
      input,
    )
    if (!fleet) return own
    const paid = riskOf(outlook.budget, { bound: 'budget', service, limit: budget }, input)
    // what carries this service alone carries nobody else: the raise is that of the whole
    return [...own, ...paid.map((risk) => ({ ...risk, wouldCarry: fleet.budget.wouldCarry }))]
  })
  if (fleet)
    risks.push(...riskOf(fleet.budget, { bound: 'budget', service: null, limit: budget }, input))
  const endMs = input.fromMs + input.days * input.dayMs
  return risks
    .map((risk) =>
      risk.bound === 'budget' ? { ...risk, wouldCarry: cents(risk.wouldCarry) } : risk,
    )
    .map((risk) => ({ ...risk, sentence: sentenceOf(risk, { dayMs: input.dayMs, endMs }) }))
    .sort((a, b) => a.firstDayMs - b.firstDayMs)
}

/** The first day at risk, as a list of one, or of none. */
function riskOf(
  { probability, probabilityBy, wouldCarry }: BoundRisk,
  of: Pick<OutlookRisk, 'bound' | 'service' | 'limit'>,
  { fromMs, dayMs, atRisk }: RiskInput,
): Omit<OutlookRisk, 'sentence'>[] {
  const first = probability.findIndex((p) => p >= atRisk)
  if (first < 0) return []
  const rest = probability.slice(first)
  return [
    {
      ...of,
      firstDayMs: fromMs + first * dayMs,
      probability: probability[first]!,
      probabilityByEnd: probabilityBy.at(-1)!,
      lasting: rest.filter((p) => p >= atRisk).length * 2 >= rest.length && rest.length > 1,
      wouldCarry,
    },
  ]
}
