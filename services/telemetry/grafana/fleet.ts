/** All services under one budget: money, load against forecast, replicas, violations, savings. */
import { ask, type DashboardSource } from './panel.ts'

const OF_SERVICE = '{service=~"$service"}'

export const FLEET: DashboardSource = {
  uid: 'forescale-fleet',
  title: 'Forescale: services under one budget',
  description: 'What is spent and why, what is expected, what was decided.',
  byService: true,
  rows: [
    {
      title: 'Money',
      panels: [
        {
          title: 'Cost against budget',
          why: 'What runs, what was decided, and the most that may run.',
          unit: 'currencyUSD',
          targets: [
            ask('budget $/h', 'forescale_cost_budget_dollars_per_hour'),
            ask('decided $/h', 'forescale_spend_dollars_per_hour'),
            ask('running $/h', 'forescale_running_cost_dollars_per_hour'),
          ],
        },
        {
          title: 'Shadow price',
          why: 'Weighted requests/s outside the SLO that one more dollar an hour would avoid; 0: money is no limit.',
          unit: 'short',
          width: 6,
          targets: [ask('price', 'forescale_shadow_price')],
        },
        {
          title: 'Ticks trimmed by the budget',
          why: 'Which services got less than they preferred.',
          unit: 'short',
          width: 6,
          targets: [
            ask(
              '{{service}}',
              'sum by (service) (rate(forescale_budget_trims_total{service=~"$service"}[5m])) * 300',
            ),
          ],
        },
      ],
    },
    {
      title: 'Services',
      panels: [
        {
          title: 'Load against its forecast',
          why: 'Measured load, and the quantiles that were forecast at the lead time.',
          unit: 'reqps',
          width: 24,
          targets: [
            ask('{{service}} load', `forescale_load_requests_per_second${OF_SERVICE}`),
            ask(
              '{{service}} {{level}}',
              'min by (service, level) (forescale_forecast_requests_per_second{service=~"$service", level=~"0.05|0.5|0.95"})',
            ),
          ],
        },
        {
          title: 'Replicas',
          why: 'Wanted if money were no matter, recommended, asked for, serving.',
          unit: 'short',
          targets: [
            ask('{{service}} wanted', `forescale_wanted_replicas${OF_SERVICE}`),
            ask('{{service}} recommended', `forescale_recommended_replicas${OF_SERVICE}`),
            ask('{{service}} asked for', `forescale_applied_replicas${OF_SERVICE}`),
            ask('{{service}} ready', `forescale_ready_replicas${OF_SERVICE}`),
          ],
        },
        {
          title: 'Outside the SLO, in error budgets',
          why: '1: the error budget goes as fast as the objective allows.',
          unit: 'short',
          targets: [
            ask(
              '{{service}}',
              `forescale_violation_ratio${OF_SERVICE} / clamp_min(1 - forescale_slo_objective_ratio${OF_SERVICE}, 1e-6)`,
            ),
          ],
        },
        {
          title: 'Latency, 95th percentile',
          why: 'Newest measured.',
          unit: 's',
          targets: [ask('{{service}}', `forescale_latency_p95_seconds${OF_SERVICE}`)],
        },
        {
          title: 'Age of the newest sample',
          why: 'Old data freezes decreases.',
          unit: 's',
          targets: [ask('{{service}}', `forescale_source_age_seconds${OF_SERVICE}`)],
        },
        {
          title: 'Live coverage of the 90 % interval',
          why: 'Share of the last 500 steps that fell inside it.',
          unit: 'percentunit',
          targets: [ask('{{service}}', `forescale_live_coverage_ratio${OF_SERVICE}`)],
        },
        {
          title: 'Without a usable forecast',
          why: '1 while the reactive rule acts alone.',
          unit: 'short',
          targets: [ask('{{service}}', `forescale_fallback_active${OF_SERVICE}`)],
        },
      ],
    },
    {
      title: 'What it is worth',
      panels: [
        {
          title: 'Saved',
          why: 'What each baseline would have cost more, since scores are kept.',
          unit: 'currencyUSD',
          width: 8,
          targets: [ask('beside {{baseline}}', 'forescale_saved_dollars')],
        },
        {
          title: 'Requests outside the SLO avoided',
          why: 'What each baseline would have had more, by the violation curve.',
          unit: 'short',
          width: 8,
          targets: [ask('beside {{baseline}}', 'forescale_violations_avoided')],
        },
        {
          title: 'Loss by strategy',
          why: 'What each would have lost a round: error budgets burnt, and capacity by need.',
          unit: 'short',
          width: 8,
          targets: [
            ask('{{policy}}', `avg by (policy) (forescale_strategy_mean_loss${OF_SERVICE})`),
          ],
        },
      ],
    },
  ],
}
