/** Which tier each service runs on, which is recommended, and what that would save. */
import type { ControlPlane } from '../control-plane.ts'
import type { Scrape } from './scrape.ts'

export function sizeMetrics(scrape: Scrape, control: ControlPlane): void {
  const { services } = control.rightSizing()
  if (services.length === 0) return
  const tiers = services.flatMap(({ service, tier, recommended, tiers }) =>
    tiers.map((one) => ({ ...one, service, isOwn: one.tier === tier, recommended })),
  )
  scrape.gauge(
    'forescale_tier_running',
    '1 for the tier that a service runs on, else 0.',
    tiers.map(({ service, tier, isOwn }) => ({ labels: { service, tier }, value: isOwn ? 1 : 0 })),
  )
  scrape.gauge(
    'forescale_tier_recommended',
    '1 for the tier that would cost a service least over the days ahead, else 0.',
    tiers.map(({ service, tier, recommended }) => ({
      labels: { service, tier },
      value: tier === recommended ? 1 : 0,
    })),
  )
  scrape.gauge(
    'forescale_tier_cost_dollars_per_hour',
    'Expected cost of the service on the tier over the days ahead, violations at their price.',
    tiers.map(({ service, tier, scorePerHour }) => ({
      labels: { service, tier },
      value: scorePerHour,
    })),
  )
  scrape.gauge(
    'forescale_tier_saving_dollars_per_hour',
    'What the recommended tier would cost less than the one that it runs on.',
    services.map(({ service, savingPerHour }) => ({ labels: { service }, value: savingPerHour })),
  )
}
