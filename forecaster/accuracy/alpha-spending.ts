/**
 * Looking at a test again and again finds something sooner or later. The level α is therefore spent over K reviews, by
 * Lan & DeMets' Pocock-type spending function (1983, Biometrika 70): α(t) = α · ln(1 + (e − 1) t) by the share t of the
 * reviews that are over. At each review a p-value is held against what that review alone may spend; the chances of K false
 * findings then sum to at most α, however the reviews depend on one another (union bound).
 */

/** What review `review` (1 … `reviews`) may spend; sums to `alpha` over all of them. */
export function alphaAt(review: number, reviews: number, alpha: number): number {
  const spent = (k: number): number => alpha * Math.log1p((Math.E - 1) * (k / reviews))
  return spent(review) - spent(review - 1)
}
