/** Forecasts by quantile and horizon. An expired forecast, or one without a finite value there, is not shown. */
import { type Forecast, LEVELS, quantileAt } from '../../forecaster/forecast.ts'
import type { ControlPlane, ServiceStatus } from '../control-plane.ts'
import type { Row, Scrape } from './scrape.ts'

/** Few on purpose: series = services × levels × horizons. */
const SHOWN_LEVELS: readonly number[] = [0.05, 0.5, 0.95, 0.99]

export function forecastMetrics(scrape: Scrape, control: ControlPlane): void {
  const nowMs = control.nowMs()
  const live = control.services().flatMap((status) => {
    const forecast = control.forecast(status.service)
    return forecast && forecast.expiresAtMs > nowMs ? [{ status, forecast }] : []
  })
  scrape.gauge(
    'forescale_forecast_requests_per_second',
    'Load that is not exceeded with probability `level`, so many seconds after the forecast was issued.',
    live.flatMap(({ status, forecast }) => quantileRows(status, forecast)),
  )
  const perService = (value: (forecast: Forecast) => number | null): Row[] =>
    live.map(({ status, forecast }) => ({
      labels: { service: status.service },
      value: value(forecast),
    }))
  scrape.gauge(
    'forescale_forecast_expiry_timestamp_seconds',
    'Unix time from which the forecast must not be used.',
    perService((forecast) => forecast.expiresAtMs / 1000),
  )
  scrape.gauge(
    'forescale_forecast_mase',
    'Mean absolute scaled error of the model in its backtest.',
    perService((forecast) => forecast.quality.mase),
  )
  scrape.gauge(
    'forescale_forecast_coverage_ratio',
    'Share of the backtest inside the interval from level 0.05 to 0.95.',
    perService((forecast) => forecast.quality.coverage90),
  )
  scrape.gauge(
    'forescale_forecast_drifting',
    '1 while the load keeps leaving the forecast.',
    perService((forecast) => (forecast.drifting ? 1 : 0)),
  )
}

function quantileRows(status: ServiceStatus, forecast: Forecast): Row[] {
  return horizons(status, forecast).flatMap((k) =>
    SHOWN_LEVELS.map((level) => ({
      labels: {
        service: status.service,
        level: String(level),
        horizon_seconds: String(((k + 1) * forecast.stepMs) / 1000),
      },
      value: quantileAt(forecast, LEVELS.indexOf(level), k),
    })),
  )
}

/** Steps that stand for the lead time, half the horizon and all of it; each once. */
function horizons(status: ServiceStatus, { point, stepMs }: Forecast): number[] {
  const last = point.length - 1
  const lead = Math.ceil(status.leadTimeMs / stepMs) - 1
  // a lead time that nobody measured yet names no step
  const steps = [lead, Math.floor(last / 2), last]
    .filter((k) => Number.isFinite(k))
    .map((k) => Math.min(Math.max(k, 0), last))
  return last < 0 ? [] : [...new Set(steps)].sort((a, b) => a - b)
}
