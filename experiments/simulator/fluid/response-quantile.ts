/** A quantile of the answers of one interval: the mixture of its parts' laws. */
import { PART_FIGURES, type Sums } from './flow.ts'
import { tailOf, type Wait } from './response-law.ts'

const ITERATIONS = 40
const PRECISION = 1e-4

const wait: Wait = { certainSeconds: 0, waitProbability: 0, waitSeconds: 0 }

/** Seconds that a share `level` of the answers stays under, to 0.01 %; NaN when there was no answer. */
export function responseQuantile(sums: Sums, level: number): number {
  if (!(sums.served > 0)) return Number.NaN
  const beyond = (1 - level) * sums.served
  let low = 0
  let high = sums.latencySeconds / sums.served
  while (lateServed(sums, high) > beyond) {
    low = high
    high *= 2
  }
  for (let step = 0; step < ITERATIONS && high - low > PRECISION * high; step++) {
    const middle = (low + high) / 2
    if (lateServed(sums, middle) > beyond) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Requests that took longer. */
function lateServed({ parts, partFigures, partLaws }: Sums, seconds: number): number {
  let late = 0
  for (let part = 0; part < parts; part++) {
    const at = part * PART_FIGURES
    wait.certainSeconds = partFigures[at + 1]!
    wait.waitProbability = partFigures[at + 2]!
    wait.waitSeconds = partFigures[at + 3]!
    late += partFigures[at]! * tailOf(partLaws[part]!, partFigures[at + 4]!, wait, seconds)
  }
  return late
}
