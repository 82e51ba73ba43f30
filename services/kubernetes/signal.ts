/**
 * What may be carried to a consumer of a service now: a value, or none with the reason. The one rule of all roads into a
 * cluster (`/metrics`, the metrics APIs, the KEDA scaler), because each consumer reads "no data" in its own way and most
 * of them read it as "scale to nothing" (KEDA #3064, #1850, #965): what is expired, refused, stale or not a number is
 * never a value, and never 0. Pure.
 */
import { z } from 'zod'
import { type Forecast, LEVELS, quantileAt } from '../../forecaster/forecast.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { ControlPlane, ServiceStatus } from '../control-plane.ts'

/** By the name under which Prometheus, the metrics APIs and manifests know it. */
export const SIGNALS = {
  forescale_workload_forecast_requests_per_second:
    'Load that is not exceeded with probability `level` until capacity ordered now is ready.',
  forescale_workload_load_requests_per_second: 'Newest measured load.',
  forescale_workload_desired_replicas: 'Replicas decided, where the mode is enforce.',
  forescale_workload_recommended_replicas: 'Replicas decided, whatever the mode.',
} as const
export type SignalName = keyof typeof SIGNALS
export const SIGNAL_NAMES = Object.keys(SIGNALS) as readonly SignalName[]

export const FORECAST_SIGNAL = 'forescale_workload_forecast_requests_per_second'
export const LOAD_SIGNAL = 'forescale_workload_load_requests_per_second'
export const DESIRED_SIGNAL = 'forescale_workload_desired_replicas'
export const RECOMMENDED_SIGNAL = 'forescale_workload_recommended_replicas'

export const isSignalName = (name: string): name is SignalName => Object.hasOwn(SIGNALS, name)
/** Counts of replicas: two of them added make no sense, as two loads do. */
export const isReplicaSignal = (name: SignalName): boolean =>
  name === DESIRED_SIGNAL || name === RECOMMENDED_SIGNAL

export const SignalConfig = z
  .strictObject({
    // a list of literals would stand in OpenAPI as the first of them
    level: z
      .number()
      .refine((level) => LEVELS.includes(level), { error: `must be one of ${LEVELS.join(', ')}` })
      .default(0.95)
      .meta({ description: 'Quantile of the forecast that is carried.' }),
    consumerLagMs: z.int().min(0).default(15_000).meta({
      description:
        "From our answer to the consumer's act, ms: the HPA looks every 15 s, KEDA every 30 s. Added to the lead time.",
    }),
    expireAfterMs: z.int().positive().optional().meta({
      description:
        'What was decided or forecast longer ago is not carried, ms; 3 ticks by default.',
    }),
  })
  .meta({ id: 'KubernetesSignalConfig' })
export type SignalConfig = z.infer<typeof SignalConfig>

const TICKS_TO_EXPIRY = 3

/** Why there is no value; each is an error to the consumer, never a number. */
export type Unavailable =
  | 'unknown-service'
  | 'no-tick'
  | 'stalled'
  | 'stale-load'
  | 'no-forecast'
  | 'expired'
  | 'refused'
  | 'no-decision'
  | 'not-enforced'
  | 'would-shrink'

export type Signal =
  | {
      readonly kind: 'value'
      /** Finite, not negative; requests/s or replicas, as the signal's name says. */
      readonly value: number
      /** When what it rests on was measured, forecast or decided. */
      readonly atMs: number
      /** The stretch of time that it speaks of, ms; undefined: it speaks of an instant. */
      readonly windowMs?: number
    }
  | { readonly kind: 'unavailable'; readonly reason: Unavailable; readonly detail: string }

export interface SignalInput {
  readonly status: ServiceStatus
  readonly forecast: Forecast | undefined
  readonly nowMs: number
  readonly tickMs: number
  /** Of the newest tick; undefined before the first. */
  readonly tickedAtMs: number | undefined
}

const none = (reason: Unavailable, detail: string): Signal => ({
  kind: 'unavailable',
  reason,
  detail,
})
const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`

/** The lead time without the lag of whoever carries decisions out: for who adds a consumer's lag himself, ms. */
export function ownLeadTimeMs({
  leadTimeMs,
  carrierLagMs = 0,
}: Pick<ServiceStatus, 'leadTimeMs' | 'carrierLagMs'>): number {
  return leadTimeMs - carrierLagMs
}

/** From our answer until capacity that is ordered then serves, ms: what the carried forecast must cover. */
export function coveredMs(
  { status, tickMs }: Pick<SignalInput, 'status' | 'tickMs'>,
  { consumerLagMs }: Pick<SignalConfig, 'consumerLagMs'>,
): number {
  return ownLeadTimeMs(status) + tickMs + consumerLagMs
}

export function signalOf(name: SignalName, input: SignalInput, config: SignalConfig): Signal {
  const { nowMs, tickMs, tickedAtMs, status } = input
  if (tickedAtMs === undefined) return none('no-tick', 'nothing was decided yet')
  const expireAfterMs = config.expireAfterMs ?? TICKS_TO_EXPIRY * tickMs
  if (!(nowMs - tickedAtMs <= expireAfterMs))
    return none('stalled', `the last tick is ${seconds(nowMs - tickedAtMs)} old`)
  if (status.freshness !== 'fresh' && status.freshness !== 'late')
    return none('stale-load', `the newest load is ${status.freshness}`)
  switch (name) {
    case FORECAST_SIGNAL:
      return forecastSignal(input, config)
    case LOAD_SIGNAL:
      return loadSignal(status)
    case DESIRED_SIGNAL:
      return status.mode === 'enforce'
        ? decisionSignal(input, expireAfterMs)
        : none('not-enforced', `the mode is ${status.mode}`)
    case RECOMMENDED_SIGNAL:
      return decisionSignal(input, expireAfterMs)
  }
}

function forecastSignal(input: SignalInput, config: SignalConfig): Signal {
  const { forecast, nowMs } = input
  if (!forecast) return none('no-forecast', 'no model has forecast it yet')
  if (!(nowMs < forecast.expiresAtMs))
    return none('expired', `the forecast expired ${seconds(nowMs - forecast.expiresAtMs)} ago`)
  const windowMs = coveredMs(input, config)
  if (!(Number.isFinite(windowMs) && windowMs >= 0))
    return none('refused', 'the lead time is not known')
  const value = highest(forecast, config.level, nowMs, nowMs + windowMs)
  if (value === undefined) return none('refused', 'the forecast is not finite')
  return { kind: 'value', value, atMs: forecast.issuedAtMs, windowMs }
}

/**
 * The highest value of the quantile over the steps that overlap [fromMs, toMs); beyond the horizon the last step stands
 * in. One step of it that is no number refuses the whole, at whatever level.
 */
function highest(
  forecast: Forecast,
  level: number,
  fromMs: number,
  toMs: number,
): number | undefined {
  const { issuedAtMs, stepMs, point } = forecast
  const last = point.length - 1
  if (last < 0) return undefined
  const within = (k: number) => Math.min(Math.max(k, 0), last)
  const from = within(Math.floor((fromMs - issuedAtMs) / stepMs))
  const to = Math.max(from, within(Math.ceil((toMs - issuedAtMs) / stepMs) - 1))
  let most: number | undefined
  for (let k = from; k <= to; k++) {
    const quantiles = LEVELS.map((_, i) => quantileAt(forecast, i, k))
    // a point of −∞ has quantiles of 0: cut off, and finite
    if (!Number.isFinite(point[k]) || !quantiles.every(Number.isFinite)) return undefined
    most = Math.max(most ?? 0, quantiles[LEVELS.indexOf(level)]!)
  }
  return most
}

function loadSignal({ loadRps, loadAtMs }: ServiceStatus): Signal {
  if (loadRps === null || loadAtMs === null || !Number.isFinite(loadRps) || loadRps < 0)
    return none('stale-load', 'there is no load that may be used')
  return { kind: 'value', value: loadRps, atMs: loadAtMs }
}

/**
 * Without a usable forecast a decision is the reactive rule's alone: it is carried where it grows the service, and
 * withheld where it would shrink it, so that a forecast that fails never takes capacity away.
 */
function decisionSignal({ status, nowMs }: SignalInput, expireAfterMs: number): Signal {
  const { decision, fallback } = status
  if (!decision) return none('no-decision', 'nothing was decided for it')
  if (!(nowMs - decision.atMs <= expireAfterMs))
    return none('no-decision', `the last decision is ${seconds(nowMs - decision.atMs)} old`)
  if (fallback && decision.to < decision.from)
    return none('would-shrink', 'no usable forecast, and without one nothing is taken away')
  return { kind: 'value', value: decision.to, atMs: decision.atMs }
}

/** Whether a service at zero must run: now, or by the time that a replica ordered now would serve. */
export type Activity =
  | { readonly kind: 'active' | 'idle' }
  | { readonly kind: 'unavailable'; readonly reason: Unavailable; readonly detail: string }

/**
 * Active when the forecast or the observed load is above `activationRps`; either is enough. Idle only when both are known
 * and neither is: a doubt never sends a service to zero.
 */
export function activityOf(
  input: SignalInput,
  config: SignalConfig,
  activationRps: number,
): Activity {
  const signals = [FORECAST_SIGNAL, LOAD_SIGNAL].map((name) =>
    signalOf(name as SignalName, input, config),
  )
  if (signals.some((signal) => signal.kind === 'value' && signal.value > activationRps))
    return { kind: 'active' }
  const unknown = signals.find((signal) => signal.kind === 'unavailable')
  return unknown?.kind === 'unavailable' ? unknown : { kind: 'idle' }
}

/** What a control plane knows of each service, as signals need it. One look for any number of services. */
export function signalInputs(
  control: Pick<ControlPlane, 'services' | 'forecast' | 'nowMs' | 'lastTick' | 'config'>,
): (service: ServiceId) => SignalInput | undefined {
  const statuses = new Map(control.services().map((status) => [status.service, status]))
  const nowMs = control.nowMs()
  const { tickMs } = control.config()
  const tickedAtMs = control.lastTick()?.atMs
  return (service) => {
    const status = statuses.get(service)
    return status && { status, forecast: control.forecast(service), nowMs, tickMs, tickedAtMs }
  }
}

/** The signal of a service that may not be there. */
export function signalIn(
  inputs: ReturnType<typeof signalInputs>,
  service: ServiceId,
  name: SignalName,
  config: SignalConfig,
): Signal {
  const input = inputs(service)
  return input
    ? signalOf(name, input, config)
    : none('unknown-service', `there is no service "${service}"`)
}
