/** What the documentation shows of routes for consumers in a cluster. */
import type { SignalView } from '../kubernetes/signal-view.ts'
import { forecast } from './examples.ts'

export const signal: SignalView = {
  service: 'search',
  signal: 'forescale_workload_forecast_requests_per_second',
  value: 58.2,
  level: 0.95,
  windowSeconds: 49,
  atMs: forecast.issuedAtMs,
  validUntilMs: forecast.issuedAtMs + 45_000,
}
