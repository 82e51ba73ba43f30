/** A signal as it travels by HTTP, and until when it may be used. */
import { z } from 'zod'
import { ServiceId } from '../../forecaster/series.ts'
import type { AppConfig } from '../config.ts'
import {
  FORECAST_SIGNAL,
  isReplicaSignal,
  SIGNAL_NAMES,
  SignalConfig,
  type SignalInput,
  type SignalName,
} from './signal.ts'

const TICKS_TO_EXPIRY = 3

/** Flat, so that a path as short as `value` finds the number (KEDA's metrics-api scaler reads it by GJSON). */
export const SignalView = z
  .strictObject({
    service: ServiceId,
    signal: z.enum(SIGNAL_NAMES as [SignalName, ...SignalName[]]),
    value: z.number().min(0).meta({ description: 'Requests/s or replicas, as the name says.' }),
    level: z
      .number()
      .nullable()
      .meta({ description: 'Quantile of a forecast; null for what is no forecast.' }),
    windowSeconds: z
      .number()
      .nullable()
      .meta({ description: 'The time ahead that it speaks of; null: an instant.' }),
    atMs: z.number().meta({ description: 'When what it rests on was measured or decided.' }),
    validUntilMs: z.number().meta({ description: 'From then on it must not be used.' }),
  })
  .meta({ id: 'Signal', description: 'What may be carried to a consumer now.' })
export type SignalView = z.infer<typeof SignalView>

/**
 * Unix ms from which `name` is no longer carried if nothing new comes: the tick or decision too old, the forecast expired.
 * Of a view that has no value it says nothing.
 */
export function validUntilMs(
  name: SignalName,
  { forecast, status, tickMs, tickedAtMs = Number.NEGATIVE_INFINITY }: SignalInput,
  config: SignalConfig,
): number {
  const lastingMs = config.expireAfterMs ?? TICKS_TO_EXPIRY * tickMs
  const ends = [tickedAtMs + lastingMs]
  if (name === FORECAST_SIGNAL && forecast) ends.push(forecast.expiresAtMs)
  if (isReplicaSignal(name) && status.decision) ends.push(status.decision.atMs + lastingMs)
  return Math.min(...ends)
}

const DEFAULTS = SignalConfig.parse({})

export function signalConfigOf({ kubernetes }: Pick<AppConfig, 'kubernetes'>): SignalConfig {
  return kubernetes?.signal ?? DEFAULTS
}
