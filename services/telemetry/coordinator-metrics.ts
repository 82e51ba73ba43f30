/** The fleet: budget, spend, price, ticks, and what became of decisions. */
import { Mode } from '../../agents/service-spec.ts'
import { Settlement } from '../../coordinator/decision.ts'
import type { ControlPlane } from '../control-plane.ts'
import type { Scrape } from './scrape.ts'

export function coordinatorMetrics(scrape: Scrape, control: ControlPlane): void {
  const budget = control.budget()
  const last = control.lastTick()
  const one = (name: string, help: string, value: number | undefined) =>
    scrape.gauge(`forescale_${name}`, help, [{ value }])

  one(
    'cost_budget_dollars_per_hour',
    'Cost that all replicas together may have.',
    budget.costBudgetPerHour,
  )
  one(
    'running_cost_dollars_per_hour',
    'Cost of all replicas as observed.',
    budget.runningCostPerHour,
  )
  one(
    'spend_dollars_per_hour',
    'Cost of the replicas decided in the last tick and of those still terminating.',
    last && budget.spendPerHour,
  )
  one(
    'shadow_price',
    'Weighted requests per second outside the SLO that one more dollar an hour would avoid.',
    last && budget.shadowPrice,
  )
  one(
    'budget_infeasible',
    '1 while the minimums alone cost more than the budget.',
    last && (budget.feasible ? 0 : 1),
  )
  periodMetrics(scrape, control)
  one('last_tick_timestamp_seconds', 'Time of the last tick.', last && last.atMs / 1000)
  one('paused', '1 while all writes to targets are stopped.', control.paused() ? 1 : 0)
  scrape.gauge(
    'forescale_mode',
    'The global mode: 1 for the one asked for, else 0.',
    Mode.options.map((mode) => ({ labels: { mode }, value: control.mode() === mode ? 1 : 0 })),
  )
  tickCounters(scrape, control)
}

/** Amounts that must last for a day or a month. */
function periodMetrics(scrape: Scrape, control: ControlPlane): void {
  const { periods } = control.budget()
  const gauge = (
    name: string,
    help: string,
    of: (row: (typeof periods)[number]) => number | null,
  ) =>
    scrape.gauge(
      `forescale_budget_period_${name}`,
      help,
      periods.flatMap((row) => {
        const value = of(row)
        return value === null ? [] : [{ labels: { period: row.period }, value }]
      }),
    )
  gauge('amount_dollars', 'What the day or month may cost.', (row) => row.amount)
  gauge('spent_dollars', 'What was spent of it, as observed.', (row) => row.spent)
  gauge('left_dollars', 'What is left of it.', (row) => row.left)
  gauge(
    'expected_dollars',
    'What will have been spent at its end, as it is paced.',
    (row) => row.expectedSpend,
  )
  gauge(
    'price',
    'Weighted requests per second outside the SLO that a dollar an hour must avoid to be spent now.',
    (row) => row.price,
  )
  gauge('end_timestamp_seconds', 'When the day or month ends.', (row) => row.endMs / 1000)
}

function tickCounters(scrape: Scrape, control: ControlPlane): void {
  const counters = control.counters()
  const count = (name: string, help: string, value: number) =>
    scrape.counter(`forescale_${name}_total`, help, [{ value }])
  const byService = (name: string, help: string, map: ReadonlyMap<string, number>) =>
    scrape.counter(
      `forescale_${name}_total`,
      help,
      [...map].map(([service, value]) => ({ labels: { service }, value })),
    )

  count('ticks', 'Ticks that ran to their end.', counters.ticks)
  count(
    'ticks_skipped',
    'Ticks left out because the one before had not ended.',
    counters.ticksSkipped,
  )
  count('tick_errors', 'Ticks that failed.', counters.tickErrors)
  byService(
    'fallback_ticks',
    'Ticks decided without a usable forecast.',
    counters.fallbackTicksByService,
  )
  byService(
    'budget_trims',
    'Ticks in which the budget gave less than was preferred.',
    counters.budgetTrimsByService,
  )
  scrape.counter(
    'forescale_decisions_total',
    'Decisions by what became of them.',
    Settlement.options.map((settlement) => ({
      labels: { settlement },
      value: counters.decisionsBySettlement.get(settlement) ?? 0,
    })),
  )
}
