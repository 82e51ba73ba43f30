/** A quantile of the answers of one interval: the mixture of its parts' laws. */
import { tailOf, type Wait } from './response-law.ts'
import { PART_FIGURES, type Sums } from './sums.ts'

const MOST_STEPS = 60
const PRECISION = 1e-4

const wait: Wait = {
  ...{ certainSeconds: 0, spreadSeconds: 0, riseSeconds: 0 },
  ...{ waitProbability: 0, waitSeconds: 0 },
}

const BEYOND = 1 - 0.95

/** Seconds that 95 % of the answers stay under, to 0.02 %; NaN when there was no answer. */
export function responseP95(sums: Sums): number {
  if (!(sums.served > 0)) return Number.NaN
  if (sums.parts === 1 && !Number.isNaN(sums.p95Seconds)) return sums.p95Seconds
  return searched(sums)
}

function searched(sums: Sums): number {
  const guess = Math.max(1e-6, sums.latencySeconds / sums.served)
  return quantileOfTail((seconds) => tailOfAnswers(sums, seconds), BEYOND, guess)
}

/**
 * Where a falling `tail` is `share`, to 0.01 % of either. The logarithm of a tail is nearly straight: regula falsi, halving
 * what an end that stays counts (Illinois).
 */
export function quantileOfTail(
  tail: (seconds: number) => number,
  share: number,
  guess: number,
): number {
  const excess = (seconds: number): number => Math.log(Math.max(1e-300, tail(seconds)) / share)
  let low = 0
  let above = Math.log(1 / share)
  let high = guess
  let below = excess(high)
  for (let step = 0; below > 0 && step < MOST_STEPS; step++) {
    low = high
    above = below
    high *= 1.7
    below = excess(high)
  }
  for (let step = 0; step < MOST_STEPS && high - low > PRECISION * high; step++) {
    const straight = low + ((high - low) * above) / (above - below)
    const next = Number.isFinite(straight) && step % 8 !== 7 ? straight : (low + high) / 2
    const there = excess(next)
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

/** P(an answer that its client waited for took longer than `seconds`). */
function tailOfAnswers(sums: Sums, seconds: number): number {
  const { parts, partFigures, partLaws, served } = sums
  let beyond = 0
  for (let part = 0; part < parts; part++) {
    const at = part * PART_FIGURES
    const late = readPart(sums, part)
    if (late >= 1) continue
    const tail = tailOf(partLaws[part]!, partFigures[at + 4]!, wait, seconds - partFigures[at + 7]!)
    // of those whose client still waits
    beyond += (partFigures[at]! * Math.max(0, tail - late)) / (1 - late)
  }
  return beyond / served
}

/** Into `wait`; returns the share that was too late. */
function readPart({ partFigures }: Sums, part: number): number {
  const at = part * PART_FIGURES
  wait.certainSeconds = partFigures[at + 1]!
  wait.waitProbability = partFigures[at + 2]!
  wait.waitSeconds = partFigures[at + 3]!
  wait.spreadSeconds = partFigures[at + 6]!
  wait.riseSeconds = partFigures[at + 8]!
  return partFigures[at + 5]!
}
