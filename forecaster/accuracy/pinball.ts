/** Pinball (quantile) loss: what a quantile forecast costs, FPP3 §5.9; the mean over levels approximates half the CRPS. */
import { LEVELS } from '../forecast.ts'

/** Loss of having said that `actual` stays under `quantile` with probability `level`; unit of the series. */
export function pinball(level: number, quantile: number, actual: number): number {
  return actual >= quantile ? level * (actual - quantile) : (1 - level) * (quantile - actual)
}

/** Mean pinball loss over `LEVELS`; `quantiles` holds one value a level. */
export function meanPinball(quantiles: ArrayLike<number>, actual: number): number {
  let sum = 0
  for (let i = 0; i < LEVELS.length; i++) sum += pinball(LEVELS[i]!, quantiles[i]!, actual)
  return sum / LEVELS.length
}
