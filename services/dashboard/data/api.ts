/** The HTTP API as the page uses it. Same origin only; every failure is an ApiError with a sentence to show. */
import type { Mode, PolicyKind } from '../../../agents/service-spec.ts'
import type { ForecastDocument } from '../../../forecaster/forecast.ts'
import type { Alert } from '../../alerts/alert.ts'
import type { BudgetView, ServiceStatus } from '../../control-plane.ts'
import type { Explanation, ReplayReport } from '../../explanations/explanation.ts'
import type { FeatureImportance, ForecastExplanation } from '../../explanations/view.ts'
import type { DemoView, Spike, SpikeRequest } from '../../http/demo-port.ts'
import type { AdvisedWorkload, ResourceAdvice } from '../../kubernetes/resources/view.ts'
import type { LeadershipView } from '../../leader/view.ts'
import type { StoredDecision, TickRecord } from '../../ledger/ledger.ts'
import type { ModelVersion } from '../../models/model-version.ts'
import type { OutlookView } from '../../outlook/view.ts'
import type { RightSizingView } from '../../right-sizing/view.ts'
import type { Rollout } from '../../rollouts/rollout.ts'
import type { Scoreboard } from '../../selection/view.ts'
import type { Training, TrainingView } from '../../trainings/training.ts'
import { SHOWN_LEVELS } from './hindsight.ts'
import type { GridView } from './points.ts'

export type TickRow = Omit<TickRecord, 'inputs'>
export interface PageOf<Row> {
  readonly items: readonly Row[]
  readonly next?: string | null
}
export interface SeriesView extends GridView {
  readonly recordedUntilMs: number | null
}

export class ApiError extends Error {
  /** HTTP status; 0 when the server could not be reached. */
  readonly status: number

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

const TIMEOUT_MS = 10_000
/** For the record of what changed models. */
const BY_HAND = 'on the dashboard'

/** Proves that a change comes from this page; null where nobody has to sign in. Never stored. */
let csrfToken: string | null = null
let sessionEnded = (): void => {}

/** Every change carries `token` from here on; `ended` is called when the session no longer holds. */
export function keepSession(token: string, ended: () => void): void {
  csrfToken = token
  sessionEnded = ended
}

async function call<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const request: RequestInit = {
    method,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: {
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(csrfToken === null || method === 'GET' ? {} : { 'x-csrf-token': csrfToken }),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  }
  let response: Response
  try {
    response = await fetch(path, request)
  } catch (cause) {
    throw new ApiError(0, 'the controller does not answer', { cause })
  }
  if (response.status === 401) sessionEnded()
  if (!response.ok) throw new ApiError(response.status, await problemOf(response))
  if (response.status === 204) return undefined as Answer
  return await response.json()
}

async function problemOf(response: Response): Promise<string> {
  try {
    const problem: { detail?: string; title?: string } = await response.json()
    return problem.detail ?? problem.title ?? response.statusText
  } catch {
    return `${response.status} ${response.statusText}`
  }
}

/** A path with every part escaped: names may hold anything. */
const at = (...parts: string[]): string => `/v1/${parts.map(encodeURIComponent).join('/')}`

function query(values: Record<string, string | number | boolean | undefined>): string {
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined)
  return pairs.length === 0
    ? ''
    : `?${new URLSearchParams(pairs.map(([key, value]) => [key, String(value)]))}`
}

export interface DecisionQuery {
  readonly from?: number
  readonly changes?: boolean
  readonly limit?: number
  readonly cursor?: string
}

/** Who is signed in on this browser. */
export interface SessionView {
  readonly required: boolean
  readonly caller: { readonly actor: string; readonly role: string } | null
  readonly csrfToken: string | null
}

export const api = {
  session: () => call<SessionView>('GET', at('session')),
  signIn: (token: string) => call<SessionView>('POST', at('session'), { token }),
  signOut: () => call<unknown>('DELETE', at('session')),
  services: () => call<PageOf<ServiceStatus>>('GET', at('services')),
  budget: () => call<BudgetView>('GET', at('budget')),
  mode: () => call<{ mode: Mode; paused: boolean; leadership?: LeadershipView }>('GET', at('mode')),
  config: () => call<{ stepMs?: number; tickMs?: number }>('GET', at('config')),
  demo: () => call<DemoView>('GET', at('demo')),
  series: (
    service: string,
    metric: string,
    range: { from: number; to: number; step?: number | undefined },
  ) =>
    call<SeriesView>('GET', `${at('services', service, 'series')}${query({ metric, ...range })}`),
  forecastAt: (service: string, atMs: number) =>
    call<ForecastDocument>(
      'GET',
      `${at('services', service, 'forecast')}${query({ at: atMs, levels: SHOWN_LEVELS.join(',') })}`,
    ),
  forecastExplanation: (service: string) =>
    call<ForecastExplanation>('GET', at('services', service, 'forecast', 'explanation')),
  importance: (service: string) =>
    call<FeatureImportance>('GET', at('services', service, 'forecast', 'importance')),
  models: (filter: { service?: string; limit?: number }) =>
    call<PageOf<ModelVersion>>('GET', `${at('models')}${query(filter)}`),
  promote: (service: string, number: number) =>
    call<ModelVersion>('POST', at('models', service, 'promote'), { number, why: BY_HAND }),
  rollBack: (service: string, number: number) =>
    call<ModelVersion>('POST', at('models', service, 'rollback'), { number, why: BY_HAND }),
  retrain: (service: string) =>
    call<unknown>('POST', at('models', service, 'retrain'), { why: BY_HAND }),
  decisions: (filter: DecisionQuery) =>
    call<PageOf<StoredDecision>>('GET', `${at('decisions')}${query({ ...filter })}`),
  ticks: (limit: number, cursor?: string) =>
    call<PageOf<TickRow>>('GET', `${at('ticks')}${query({ limit, cursor })}`),
  explain: (id: string) => call<Explanation>('GET', at('decisions', id)),
  replay: (id: string) => call<ReplayReport>('POST', at('decisions', id, 'replay')),
  pause: () => call<unknown>('POST', at('pause')),
  resume: () => call<unknown>('POST', at('resume')),
  setBudget: (costBudgetPerHour: number) =>
    call<BudgetView>('PUT', at('budget'), { costBudgetPerHour }),
  setMode: (mode: Mode) => call<unknown>('PUT', at('mode'), { mode }),
  setServiceMode: (service: string, mode: Mode) =>
    call<unknown>('PUT', at('services', service, 'mode'), { mode }),
  setPolicy: (service: string, policy: PolicyKind) =>
    call<unknown>('PUT', at('services', service, 'policy'), { policy }),
  alerts: (limit: number) => call<PageOf<Alert>>('GET', `${at('alerts')}${query({ limit })}`),
  acknowledge: (id: string) => call<Alert>('POST', at('alerts', id, 'acknowledge')),
  rollouts: (limit: number) => call<PageOf<Rollout>>('GET', `${at('rollouts')}${query({ limit })}`),
  takeBack: (number: number) =>
    call<Rollout>('POST', at('rollouts', 'rollback'), { number, why: BY_HAND }),
  trainings: () => call<PageOf<Training>>('GET', at('trainings')),
  training: (number: number) => call<TrainingView>('GET', at('trainings', String(number))),
  cancelTraining: (number: number) =>
    call<TrainingView>('POST', at('trainings', String(number), 'cancel'), { why: BY_HAND }),
  resumeTraining: (number: number) =>
    call<TrainingView>('POST', at('trainings', String(number), 'resume'), {}),
  scoreboard: () => call<Scoreboard>('GET', at('scoreboard')),
  rightSizing: () => call<RightSizingView>('GET', at('right-sizing')),
  resources: () => call<PageOf<AdvisedWorkload>>('GET', at('resources')),
  workOutResources: (service: string) =>
    call<ResourceAdvice>('GET', at('services', service, 'resources')),
  outlook: (days: number) => call<OutlookView>('GET', `${at('outlook')}${query({ days })}`),
  startSpike: (request: SpikeRequest) => call<Spike>('POST', at('demo', 'spikes'), request),
  stopSpike: (id: string) => call<unknown>('DELETE', at('demo', 'spikes', id)),
}
export type Api = typeof api
