/** Open alerts, what became of their messages, and the live coverage of forecasts. */
import { SEVERITIES } from '../alerts/alert.ts'
import type { ControlPlane } from '../control-plane.ts'
import type { Scrape } from './scrape.ts'

export function alertMetrics(scrape: Scrape, control: ControlPlane): void {
  const { open, openedByKind, errors, deliveries } = control.alerts()
  scrape.gauge(
    'forescale_alerts_open',
    'Open alerts by severity.',
    SEVERITIES.map((severity) => ({
      labels: { severity },
      value: open.filter((alert) => alert.severity === severity).length,
    })),
  )
  scrape.counter(
    'forescale_alerts_opened_total',
    'Alerts that opened, by kind.',
    [...openedByKind].map(([kind, value]) => ({ labels: { kind }, value })),
  )
  scrape.counter(
    'forescale_alert_errors_total',
    'Ticks after which alerts could not be followed or recorded.',
    [{ value: errors }],
  )
  scrape.counter(
    'forescale_webhook_attempts_total',
    'Messages to webhooks, by what became of them.',
    [
      { labels: { outcome: 'delivered' }, value: deliveries.delivered },
      { labels: { outcome: 'failed' }, value: deliveries.failedAttempts },
      { labels: { outcome: 'given-up' }, value: deliveries.givenUp },
    ],
  )
  scrape.gauge(
    'forescale_live_coverage_ratio',
    'Share of the last 500 steps inside the interval from level 0.05 to 0.95 of the forecast before.',
    control.services().flatMap(({ service }) => {
      const coverage = control.coverage(service)
      return coverage ? [{ labels: { service }, value: coverage.share }] : []
    }),
  )
}
