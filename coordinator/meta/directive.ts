/**
 * What the meta-controller tells a tick: at which prices money is spent now, so that it lasts. A tick without a directive
 * spends up to its hourly budget.
 */
export interface Directive {
  /**
   * The reactive track (tick.ts, step 1) buys nothing that avoids no more than this, weighted requests/s per $/hour. Never
   * above what reactive control alone would have to ask for with its share of the money.
   */
  readonly reactivePrice: number
  /** Beyond the track nothing is bought that avoids no more than this. */
  readonly price: number
  /** $/hour that may be spent beyond the track. */
  readonly extraBudgetPerHour: number
  /**
   * What reactive need leaves to the price, while there is one: a service's own error budget, as its observed load and its
   * violation curve have it, is drawn on by no more than this share beyond what it would be without.
   */
  readonly tolerance: number
}
