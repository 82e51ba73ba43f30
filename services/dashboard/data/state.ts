/** All that the page knows, as one plain value, and how each piece of news changes it. Pure and bounded in memory. */
import type { Mode } from '../../../agents/service-spec.ts'
import type { BoundBy } from '../../../coordinator/decision.ts'
import type { ForecastDocument } from '../../../forecaster/forecast.ts'
import type { Alert } from '../../alerts/alert.ts'
import type { BudgetView, ControlEvent, ServiceStatus, TickSummary } from '../../control-plane.ts'
import type { DemoView } from '../../http/demo-port.ts'
import type { LeadershipView } from '../../leader/view.ts'
import type { TrainingView } from '../../trainings/training.ts'
import { layInAlerts } from './alerts.ts'
import type { TickRow } from './api.ts'
import { type BandRow, remember } from './hindsight.ts'
import { type LoggedDecision, layIn } from './log.ts'
import { merge, type Point, preferValue } from './points.ts'
import { onSetting } from './setting.ts'
import { type SeenSpike, seen } from './spikes.ts'
import type { Connection } from './stream.ts'
import { layInTrainings, NO_TRAININGS, type SeenTrainings, withChange } from './trainings.ts'

/** What a tick made of one service. */
export interface DecidedPoint {
  readonly t: number
  readonly wanted: number
  readonly to: number
  readonly reactiveNeed: number
}

/** What a tick made of the whole. */
export interface FleetPoint {
  readonly t: number
  readonly budget: number
  readonly spend: number
  readonly price: number
  readonly feasible: boolean
  readonly boundBy: BoundBy
}

/** The measured series that charts show, by the store's metric name. */
export const TRACKS = [
  'requests_per_second',
  'latency_p95_seconds',
  'violation_ratio',
  'ready_replicas',
  'starting_replicas',
] as const
export type Track = (typeof TRACKS)[number]

export interface ServiceState {
  readonly status: ServiceStatus
  readonly tracks: Readonly<Record<Track, readonly Point[]>>
  readonly decided: readonly DecidedPoint[]
  readonly forecast: ForecastDocument | null
  readonly hindsight: readonly BandRow[]
  /** Changes of its models that were told of. */
  readonly modelChanges: number
}

export interface State {
  readonly connection: Connection
  /** Controller's time of the newest news, and this browser's clock when it came. */
  readonly atMs: number
  readonly heardAtMs: number
  readonly tickMs: number
  /** The mode asked for globally; null until known. */
  readonly mode: Mode | null
  readonly paused: boolean
  readonly leadership: LeadershipView | null
  readonly budget: BudgetView | null
  readonly services: ReadonlyMap<string, ServiceState>
  readonly fleet: readonly FleetPoint[]
  /** Newest first. */
  readonly log: readonly LoggedDecision[]
  /** undefined until asked; null where there is no demo. */
  readonly demo: DemoView | null | undefined
  /** Open ones first. */
  readonly alerts: readonly Alert[]
  readonly spikes: readonly SeenSpike[]
  /** How often anything was told of rollouts. */
  readonly rolloutChanges: number
  readonly trainings: SeenTrainings
  /** Longest history that any chart may show, ms. */
  readonly keepMs: number
}

export type News =
  | { readonly kind: 'event'; readonly event: ControlEvent; readonly heardAtMs: number }
  | { readonly kind: 'connection'; readonly connection: Connection }
  | { readonly kind: 'mode'; readonly mode: Mode; readonly paused: boolean }
  | {
      readonly kind: 'track'
      readonly service: string
      readonly track: Track
      readonly points: readonly Point[]
    }
  | { readonly kind: 'earlier-forecast'; readonly forecast: ForecastDocument }
  | { readonly kind: 'decisions'; readonly items: readonly LoggedDecision[] }
  | { readonly kind: 'alerts'; readonly items: readonly Alert[] }
  | { readonly kind: 'trainings'; readonly items: readonly TrainingView[] }
  | { readonly kind: 'ticks'; readonly items: readonly TickRow[] }
  | { readonly kind: 'demo'; readonly demo: DemoView | null; readonly nowMs: number }
  | { readonly kind: 'keep'; readonly keepMs: number; readonly tickMs: number }

export const INITIAL: State = {
  connection: { kind: 'connecting' },
  atMs: 0,
  heardAtMs: 0,
  tickMs: 15_000,
  mode: null,
  paused: false,
  leadership: null,
  budget: null,
  services: new Map(),
  fleet: [],
  log: [],
  alerts: [],
  demo: undefined,
  spikes: [],
  rolloutChanges: 0,
  trainings: NO_TRAININGS,
  keepMs: 6 * 3_600_000,
}

export function reduce(state: State, news: News): State {
  switch (news.kind) {
    case 'event':
      return onEvent(state, news.event, news.heardAtMs)
    case 'connection':
      return { ...state, connection: news.connection }
    case 'mode':
      return { ...state, mode: news.mode, paused: news.paused }
    case 'track':
      return withService(state, news.service, (known) => ({
        ...known,
        tracks: {
          ...known.tracks,
          [news.track]: laid(state, known.tracks[news.track], news.points),
        },
      }))
    case 'earlier-forecast':
      return withService(state, news.forecast.service, (known) => ({
        ...known,
        hindsight: remembered(state, known, news.forecast),
      }))
    case 'decisions':
      return withDecisions(state, news.items)
    case 'alerts':
      return { ...state, alerts: layInAlerts(state.alerts, news.items) }
    case 'trainings':
      return { ...state, trainings: layInTrainings(state.trainings, news.items) }
    case 'ticks':
      return { ...state, fleet: merge(state.fleet, news.items.map(fleetPoint), keepFrom(state)) }
    case 'demo':
      return {
        ...state,
        demo: news.demo,
        spikes: seen(state.spikes, news.demo, news.nowMs, state.keepMs),
      }
    case 'keep':
      return { ...state, keepMs: news.keepMs, tickMs: news.tickMs }
  }
}

const keepFrom = (state: State): number => state.atMs - state.keepMs
const laid = (state: State, old: readonly Point[], added: readonly Point[]) =>
  merge(old, added, keepFrom(state), preferValue)
const remembered = (state: State, known: ServiceState, forecast: ForecastDocument) =>
  remember(known.hindsight, forecast, known.status.leadTimeMs, keepFrom(state))

function onEvent(state: State, event: ControlEvent, heardAtMs: number): State {
  switch (event.kind) {
    case 'status':
      return onStatus(
        { ...state, heardAtMs, atMs: Math.max(state.atMs, event.data.atMs) },
        event.data,
      )
    case 'tick':
      return onTick(
        { ...state, atMs: Math.max(state.atMs, event.data.atMs), heardAtMs },
        event.data,
      )
    case 'forecast':
      return withService(state, event.data.service, (known) => ({
        ...known,
        forecast: event.data,
        hindsight: remembered(state, known, event.data),
      }))
    case 'alert':
      return { ...state, alerts: layInAlerts(state.alerts, [event.data.alert]) }
    case 'model':
      return withService(state, event.data.model.service, (known) => ({
        ...known,
        modelChanges: known.modelChanges + 1,
      }))
    case 'rollout':
      return { ...state, rolloutChanges: state.rolloutChanges + 1 }
    case 'training':
      return { ...state, trainings: withChange(state.trainings, event.data) }
    case 'setting':
      return onSetting(state, event.data.key, event.data.value)
  }
}

type StatusData = Extract<ControlEvent, { kind: 'status' }>['data']

function onStatus(state: State, data: StatusData): State {
  const services = new Map<string, ServiceState>()
  for (const status of data.services) {
    services.set(
      status.service,
      withStatus(state, state.services.get(status.service), status, data.atMs),
    )
  }
  const log = withDecisions(
    { ...state, services },
    data.services.flatMap(({ decision }) => (decision ? [decision] : [])),
  )
  return { ...log, budget: data.budget, paused: data.paused, leadership: data.leadership ?? null }
}

const EMPTY_TRACKS = Object.fromEntries(
  TRACKS.map((track) => [track, []]),
) as unknown as ServiceState['tracks']

function withStatus(
  state: State,
  known: ServiceState | undefined,
  status: ServiceStatus,
  atMs: number,
): ServiceState {
  const old = known?.tracks ?? EMPTY_TRACKS
  const at = (t: number | null, v: number | null): Point[] =>
    t === null || v === null ? [] : [{ t, v }]
  const { loadAtMs, replicas } = status
  return {
    status,
    tracks: {
      requests_per_second: laid(state, old.requests_per_second, at(loadAtMs, status.loadRps)),
      latency_p95_seconds: laid(
        state,
        old.latency_p95_seconds,
        at(loadAtMs, status.latencyP95Seconds),
      ),
      violation_ratio: laid(state, old.violation_ratio, at(loadAtMs, status.violationRatio)),
      ready_replicas: laid(state, old.ready_replicas, at(atMs, replicas?.ready ?? null)),
      starting_replicas: laid(state, old.starting_replicas, at(atMs, replicas?.starting ?? null)),
    },
    decided: known?.decided ?? [],
    forecast: known?.forecast ?? null,
    hindsight: known?.hindsight ?? [],
    modelChanges: known?.modelChanges ?? 0,
  }
}

function onTick(state: State, tick: TickSummary): State {
  const fleet = merge(state.fleet, [fleetPoint(tick)], keepFrom(state))
  return withDecisions(
    { ...state, fleet },
    tick.decisions.map((decision) => ({ ...decision, settlement: 'pending' as const })),
  )
}

function fleetPoint(tick: Omit<TickSummary, 'decisions'> | TickRow): FleetPoint {
  return {
    t: tick.atMs,
    budget: tick.costBudgetPerHour,
    spend: tick.spendPerHour,
    price: tick.shadowPrice,
    feasible: tick.feasible,
    boundBy: tick.boundBy,
  }
}

/** Lays decisions into the log and into their services' step lines. */
function withDecisions(state: State, added: readonly LoggedDecision[]): State {
  if (added.length === 0) return state
  const services = new Map(state.services)
  for (const [service, decisions] of Map.groupBy(added, (decision) => decision.service)) {
    const known = services.get(service)
    if (!known) continue
    const points = decisions.map(({ atMs, wanted, to, reactiveNeed }) => ({
      t: atMs,
      wanted,
      to,
      reactiveNeed,
    }))
    const decided = merge(known.decided, points, keepFrom(state))
    services.set(service, { ...known, decided })
  }
  return { ...state, services, log: layIn(state.log, added) }
}

function withService(
  state: State,
  service: string,
  change: (known: ServiceState) => ServiceState,
): State {
  const known = state.services.get(service)
  if (!known) return state
  return { ...state, services: new Map(state.services).set(service, change(known)) }
}
