/**
 * When a service changes its tier: later than the forecast says that another would be cheaper, sooner than never.
 *
 * A change is paid for: both sizes run until the new replicas are ready, and every roll-out risks something. So a tier that
 * is cheaper for an hour is not worth it. How long to wait is the ski-rental question: the regret of a tier not taken (what
 * staying has cost more, measured, a counter that never falls below 0) is the rent, the change the purchase. Buying when the rent
 * has reached the price never costs more than a constant times the best sequence of tiers in hindsight (Karlin et al. 1988; for
 * going back and forth between states Borodin, Linial & Saks 1992, "An optimal on-line algorithm for metrical task systems").
 * A forecast moves the point (Purohit, Svitkina & Kumar 2018, "Improving online algorithms via ML predictions"): where it
 * says that the change pays within the window with a margin, a share `trust` of the price is waited for; where it says
 * otherwise, `1 / trust` times the price. A right forecast is followed early, a wrong one costs a bounded factor.
 */

/** Plain data, kept over restarts. */
export interface TierStanding {
  readonly tier: string
  /** Since when it runs on it. */
  readonly sinceMs: number
  /** $ that the present tier has cost more than each other one lately, by name. */
  readonly regrets: Readonly<Record<string, number>>
}

export interface SwitchRates {
  /** Share of a change's price that is waited for when the forecast is for it, above 0, at most 1. */
  readonly trust: number
  /** What the window has to save, as a multiple of the change's price, for the forecast to be for it. */
  readonly margin: number
  readonly windowHours: number
}

/** A tier as seen at one decision; the present one among them. */
export interface TierRow {
  readonly tier: string
  /** $/hour that it would have cost since the last decision, violations at their price. */
  readonly seenPerHour: number
  /** $/hour over the window ahead; NaN: not known. */
  readonly expectedPerHour: number
  /** $ for going to it from the present one. */
  readonly switchCost: number
}

export const openStanding = (tier: string, sinceMs: number): TierStanding => ({
  tier,
  sinceMs,
  regrets: {},
})

/** The regrets after `hours` more. */
export function followRegret(
  standing: TierStanding,
  rows: readonly TierRow[],
  hours: number,
): TierStanding {
  const present = rows.find(({ tier }) => tier === standing.tier)
  if (!present) return standing
  const regrets: Record<string, number> = {}
  for (const { tier, seenPerHour } of rows) {
    if (tier === standing.tier) continue
    const more = (present.seenPerHour - seenPerHour) * hours
    regrets[tier] = Math.max(0, (standing.regrets[tier] ?? 0) + (Number.isFinite(more) ? more : 0))
  }
  return { ...standing, regrets }
}

/** $ of regret at which a change to the row's tier is due. */
export function dueAt(
  { expectedPerHour, switchCost }: TierRow,
  present: TierRow,
  rates: SwitchRates,
): number {
  const isFor = isForeseen({ expectedPerHour, switchCost }, present, rates)
  return switchCost * (isFor ? rates.trust : 1 / rates.trust)
}

/** Whether the window ahead pays for the change with the margin. */
export function isForeseen(
  { expectedPerHour, switchCost }: Pick<TierRow, 'expectedPerHour' | 'switchCost'>,
  present: Pick<TierRow, 'expectedPerHour'>,
  { margin, windowHours }: SwitchRates,
): boolean {
  return (present.expectedPerHour - expectedPerHour) * windowHours >= margin * switchCost
}

/** The tier to change to; undefined: none. Where several are due, the one that is furthest beyond its due. */
export function dueTier(
  { tier: own, regrets }: TierStanding,
  rows: readonly TierRow[],
  rates: SwitchRates,
): string | undefined {
  const present = rows.find(({ tier }) => tier === own)
  if (!present) return undefined
  let [best, furthest] = [undefined as string | undefined, 0]
  for (const row of rows) {
    if (row.tier === own) continue
    const due = dueAt(row, present, rates)
    const beyond = (regrets[row.tier] ?? 0) - due
    // nothing is changed for what costs as much
    if (beyond < 0 || (best !== undefined && beyond <= furthest)) continue
    if ((regrets[row.tier] ?? 0) <= 0) continue
    best = row.tier
    furthest = beyond
  }
  return best
}
