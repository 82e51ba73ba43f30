/**
 * What the meta-controller tells a tick: at which prices money is spent now, so that it lasts. A tick without a directive
 * spends up to its hourly budget.
 *
 * `reactivePrice` and `reactiveBudgetPerHour` are for the reactive track alone (tick.ts, step 1). They are made from what
 * that track itself would have spent, and so never hang on a forecast.
 */
export interface Directive {
  /** The reactive track buys nothing that avoids no more than this, weighted requests/s per $/hour. */
  readonly reactivePrice: number
  readonly reactiveBudgetPerHour: number
  /** Beyond the track nothing is bought that avoids no more than this. */
  readonly price: number
  /** $/hour that may be spent beyond the track. */
  readonly extraBudgetPerHour: number
}
