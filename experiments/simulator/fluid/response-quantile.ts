/** A quantile of the answers of one interval: the mixture of its parts' laws. */
import { PART_FIGURES, type Sums } from './flow.ts'
import { tailOf, type Wait } from './response-law.ts'

const MOST_STEPS = 60
const PRECISION = 1e-4

const wait: Wait = { certainSeconds: 0, spreadSeconds: 0, waitProbability: 0, waitSeconds: 0 }

/** Seconds that a share `level` of the answers stays under, to 0.01 %; NaN when there was no answer. */
export function responseQuantile(sums: Sums, level: number): number {
  if (!(sums.served > 0)) return Number.NaN
  const share = 1 - level
  let low = 0
  let above = Math.log(1 / share)
  let high = Math.max(1e-6, sums.latencySeconds / sums.served)
  let below = excess(sums, high, share)
  for (let step = 0; below > 0 && step < MOST_STEPS; step++) {
    low = high
    above = below
    high *= 1.7
    below = excess(sums, high, share)
  }
  // the logarithm of a tail is nearly straight: regula falsi, halving what an end that stays counts (Illinois)
  for (let step = 0; step < MOST_STEPS && high - low > PRECISION * high; step++) {
    const straight = low + ((high - low) * above) / (above - below)
    const next = Number.isFinite(straight) && step % 8 !== 7 ? straight : (low + high) / 2
    const there = excess(sums, next, share)
    if (Math.abs(there) < PRECISION) return next
    if (there > 0) {
      low = next
      above = there
      below /= 2
    } else {
      high = next
      below = there
      above /= 2
    }
  }
  return (low + high) / 2
}

/** ln of P(an answer takes longer than `seconds`) ÷ `share`. */
function excess(
  { parts, partFigures, partLaws, served }: Sums,
  seconds: number,
  share: number,
): number {
  let beyond = 0
  for (let part = 0; part < parts; part++) {
    const at = part * PART_FIGURES
    wait.certainSeconds = partFigures[at + 1]!
    wait.waitProbability = partFigures[at + 2]!
    wait.waitSeconds = partFigures[at + 3]!
    wait.spreadSeconds = partFigures[at + 6]!
    const late = partFigures[at + 5]!
    if (late >= 1) continue
    const tail = tailOf(partLaws[part]!, partFigures[at + 4]!, wait, seconds - partFigures[at + 7]!)
    // of those whose client still waits
    beyond += (partFigures[at]! * Math.max(0, tail - late)) / (1 - late)
  }
  return Math.log(Math.max(1e-300, beyond / served) / share)
}
