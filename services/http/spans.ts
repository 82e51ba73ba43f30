/** A span per request, under the caller's trace. A file of its own, since its library is loaded only while traced. */
import { httpInstrumentationMiddleware } from '@hono/otel'
import type { MiddlewareHandler } from 'hono'

export const spanPerRequest = (): MiddlewareHandler =>
  httpInstrumentationMiddleware({ serviceName: 'forescale' })
