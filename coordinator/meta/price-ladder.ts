/**
 * The prices at which a tick says what it would spend: 0, then four a decade. The span covers services from a few
 * requests a second and dollar to a hundred million weighted ones; outside it demand is that of the nearest end.
 */
const FIRST = 1e-4
const A_DECADE = 4
const DECADES = 12

export const PRICES: Float64Array = Float64Array.from({ length: A_DECADE * DECADES + 2 }, (_, k) =>
  k === 0 ? 0 : FIRST * 10 ** ((k - 1) / A_DECADE),
)

/** Demand at one tick for every price of the ladder, $/hour; never rising. */
export type DemandCurve = Float64Array

/** The curve's value at any price, linear in the logarithm of the price between two of the ladder. */
export function demandAt(curve: ArrayLike<number>, price: number): number {
  if (price <= 0) return curve[0]!
  const place = 1 + A_DECADE * Math.log10(price / FIRST)
  if (place <= 1) return curve[0]! + (curve[1]! - curve[0]!) * (price / FIRST)
  const k = Math.min(Math.floor(place), curve.length - 1)
  if (k === curve.length - 1) return curve[k]!
  return curve[k]! + (curve[k + 1]! - curve[k]!) * (place - k)
}

/** The least price at which no more than `money` is asked for; the last of the ladder when none is. */
export function priceFor(curve: ArrayLike<number>, money: number): number {
  if (curve[0]! <= money) return 0
  let k = 1
  while (k < curve.length && curve[k]! > money) k++
  if (k === curve.length) return PRICES[k - 1]!
  const share = (curve[k - 1]! - money) / (curve[k - 1]! - curve[k]!)
  return k === 1 ? FIRST * share : PRICES[k - 1]! * (PRICES[k]! / PRICES[k - 1]!) ** share
}
