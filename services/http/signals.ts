/**
 * What may be carried to a consumer of a service now, one number an address: flat JSON for KEDA's metrics-api scaler and
 * whoever else polls. What may not be carried is answered 503, for a consumer that is told 0 scales to nothing.
 */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { LEVELS } from '../../forecaster/forecast.ts'
import {
  FORECAST_SIGNAL,
  SIGNAL_NAMES,
  type SignalConfig,
  type SignalName,
  signalIn,
  signalInputs,
} from '../kubernetes/signal.ts'
import { SignalView, signalConfigOf, validUntilMs } from '../kubernetes/signal-view.ts'
import * as examples from './examples-kubernetes.ts'
import { reads } from './permission.ts'
import { invalidRequest, ProblemError } from './problem.ts'
import { strict } from './query.ts'
import { assertConfigured, json, problems, type RouteDeps } from './route.ts'
import { ServiceParam } from './services.ts'

const LEVELS_ALLOWED = `one of ${LEVELS.join(', ')}`
const LevelText = z
  .string()
  .transform((text, ctx) => {
    const level = LEVELS.find((one) => String(one) === text.trim())
    if (level !== undefined) return level
    ctx.addIssue({ code: 'custom', message: LEVELS_ALLOWED })
    return z.NEVER
  })
  .openapi({
    type: 'string',
    description: `Quantile of the forecast, ${LEVELS_ALLOWED}; kubernetes.signal.level when absent.`,
    example: '0.95',
  })

const readSignal = createRoute({
  method: 'get',
  path: '/v1/services/{service}/signals/{signal}',
  ...reads('service'),
  tags: ['services'],
  summary: 'One number for a consumer: forecast load or replicas',
  description:
    "For KEDA's metrics-api scaler (`valueLocation: value`) and other pollers. The forecast is the highest of its quantile until capacity ordered now would serve. Expired, refused, stale or not enforced: 503, never 0.",
  request: {
    params: ServiceParam.extend({
      signal: z.enum(SIGNAL_NAMES as [SignalName, ...SignalName[]]).meta({
        example: FORECAST_SIGNAL,
      }),
    }),
    query: strict({ level: LevelText.optional() }),
  },
  responses: {
    200: json(SignalView, 'The value and until when it may be used.', examples.signal),
    ...problems('invalid-request', 'service-not-found', 'signal-unavailable'),
  },
})

export function signalRoutes(app: OpenAPIHono, { control }: RouteDeps): void {
  app.openapi(readSignal, (c) => {
    const { service, signal } = c.req.valid('param')
    const { level } = c.req.valid('query')
    assertConfigured(control, service)
    if (level !== undefined && signal !== FORECAST_SIGNAL)
      throw invalidRequest([
        { field: 'level', value: level, allowed: `nothing: only ${FORECAST_SIGNAL} has levels` },
      ])
    const configured = signalConfigOf(control.config())
    const config: SignalConfig = { ...configured, level: level ?? configured.level }
    const inputs = signalInputs(control)
    const found = signalIn(inputs, service, signal, config)
    if (found.kind === 'unavailable')
      throw new ProblemError('signal-unavailable', `${found.reason}: ${found.detail}`)
    const view = {
      service,
      signal,
      value: found.value,
      level: signal === FORECAST_SIGNAL ? config.level : null,
      windowSeconds: found.windowMs === undefined ? null : found.windowMs / 1000,
      atMs: found.atMs,
      validUntilMs: validUntilMs(signal, inputs(service)!, config),
    }
    return c.json(view, 200)
  })
}
