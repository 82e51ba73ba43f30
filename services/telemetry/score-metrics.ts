/** Strategies by what they would have lost, and savings beside the baselines. */
import type { ControlPlane } from '../control-plane.ts'
import type { Scrape } from './scrape.ts'

export function scoreMetrics(scrape: Scrape, control: ControlPlane): void {
  const { services, fleet } = control.scoreboard()
  scrape.gauge(
    'forescale_strategy_mean_loss',
    'What the strategy would have lost a round, 0 to 1: violations by the error budget and capacity by need.',
    services.flatMap(({ service, strategies }) =>
      strategies.flatMap(({ policy, meanLoss }) =>
        meanLoss === null ? [] : [{ labels: { service, policy }, value: meanLoss }],
      ),
    ),
  )
  scrape.gauge(
    'forescale_strategy_chosen',
    '1 for the strategy that the selection has act for a service, where it is enabled, else 0.',
    services.flatMap(({ service, chosen, strategies }) =>
      strategies.map(({ policy }) => ({
        labels: { service, policy },
        value: policy === chosen ? 1 : 0,
      })),
    ),
  )
  if (services.length === 0) return
  const baselines = [
    { labels: { baseline: 'hpa' }, of: fleet.hpa },
    { labels: { baseline: 'static-thresholds' }, of: fleet.staticThresholds },
  ]
  scrape.difference(
    'forescale_saved_dollars',
    'What the baseline would have cost more since scores are kept; negative: less.',
    baselines.map(({ labels, of }) => ({ labels, value: of.saved })),
  )
  scrape.difference(
    'forescale_violations_avoided',
    'Requests outside the SLO that the baseline would have had more, by the violation curve.',
    baselines.map(({ labels, of }) => ({ labels, value: of.violationsAvoided })),
  )
  if (fleet.efficiency !== null)
    scrape.gauge(
      'forescale_efficiency',
      'Cost of what the load needed by cost, times the share of good requests.',
      [{ value: fleet.efficiency }],
    )
}
