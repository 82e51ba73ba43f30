/**
 * A challenger runs in the champion's shadow: both forecast from the same issue times, both are scored by the pinball loss
 * over all levels at the probes from one step ahead to the contest's horizon when the load comes, and at fixed times the
 * differences are reviewed by the Diebold–Mariano test with a level that is spent over the reviews (alpha-spending.ts).
 *
 * It is a function of the two states and the loads alone: run again over the same loads it says the same, which is how it
 * goes on after a restart.
 */
import { type Forecast, LEVELS, quantileAt } from '../forecast.ts'
import type { LifecycleConfig } from '../lifecycle-config.ts'
import { probesOf, probeWeights } from '../probes.ts'
import { alphaAt } from './alpha-spending.ts'
import { type DieboldMariano, dieboldMariano } from './diebold-mariano.ts'
import { meanPinball } from './pinball.ts'

export interface ShadowPlan {
  /** Steps ahead over which both are scored. */
  readonly horizonSteps: number
  /** Steps between two issue times. */
  readonly strideSteps: number
  readonly reviewSteps: number
  readonly reviews: number
  readonly alpha: number
}

/** Plain data; written in place. */
export interface Shadow {
  readonly plan: ShadowPlan
  /** Steps since the contest began. */
  steps: number
  readonly waiting: Issue[]
  /** Issue times whose loads have come, in order, as steps since the contest began. */
  readonly issued: number[]
  /** Mean pinball loss of each. */
  readonly championLosses: number[]
  readonly challengerLosses: number[]
}

interface Issue {
  readonly atStep: number
  /** Champion's then challenger's quantiles, `(probe · LEVELS + level)`. */
  readonly quantiles: readonly [Float64Array, Float64Array]
  readonly sums: [number, number]
  weight: number
}

export interface Verdict {
  readonly outcome: 'promote' | 'retire' | 'go-on'
  readonly why: 'better' | 'not-worse' | 'worse' | 'not-better' | 'undecided'
  /** Reviews so far. */
  readonly review: number
  /** What this review could spend; 0 between reviews. */
  readonly alpha: number
  readonly championLoss: number
  readonly challengerLoss: number
  readonly test: DieboldMariano | undefined
}

/** Issue times within one horizon, at most: more of them say hardly more and cost as much again. */
const ISSUES_A_HORIZON = 8
/** Fewer horizons than this in a review say too little. */
const HORIZONS_A_REVIEW = 4

export function planShadow(
  horizonSteps: number,
  { reviewSteps, reviews, alpha }: LifecycleConfig,
): ShadowPlan {
  const scored = Math.min(horizonSteps, Math.floor(reviewSteps / HORIZONS_A_REVIEW))
  const strideSteps = Math.ceil(scored / ISSUES_A_HORIZON)
  return { horizonSteps: scored, strideSteps, reviewSteps, reviews, alpha }
}

export function startShadow(plan: ShadowPlan): Shadow {
  return { plan, steps: 0, waiting: [], issued: [], championLosses: [], challengerLosses: [] }
}

/** True when forecasts are to be handed to `issue` before the next step. */
export function wantsIssue({ steps, plan }: Shadow): boolean {
  return steps % plan.strideSteps === 0
}

/** Both forecasts as they stand now; at least the plan's horizon long. */
export function issue(shadow: Shadow, champion: Forecast, challenger: Forecast): void {
  const { plan, waiting, steps } = shadow
  waiting.push({
    atStep: steps,
    quantiles: [atProbes(champion, plan.horizonSteps), atProbes(challenger, plan.horizonSteps)],
    sums: [0, 0],
    weight: 0,
  })
}

function atProbes(forecast: Forecast, horizonSteps: number): Float64Array {
  const probes = probesOf(horizonSteps)
  const out = new Float64Array(probes.length * LEVELS.length)
  probes.forEach((probe, j) => {
    for (let level = 0; level < LEVELS.length; level++)
      out[j * LEVELS.length + level] = quantileAt(forecast, level, probe)
  })
  return out
}

/** The load of the next step; NaN: nothing was measured, nobody is scored for it. */
export function resolve(shadow: Shadow, value: number): void {
  const { plan, waiting, steps } = shadow
  const probes = probesOf(plan.horizonSteps)
  const weights = probeWeights(probes)
  for (const issued of waiting) {
    const j = Number.isNaN(value) ? -1 : probes.indexOf(steps - issued.atStep)
    if (j < 0) continue
    for (const side of [0, 1] as const) {
      const from = j * LEVELS.length
      const row = issued.quantiles[side].subarray(from, from + LEVELS.length)
      issued.sums[side] += weights[j]! * meanPinball(row, value)
    }
    issued.weight += weights[j]!
  }
  shadow.steps++
  while (waiting.length > 0 && shadow.steps - waiting[0]!.atStep >= plan.horizonSteps) {
    const { sums, weight, atStep } = waiting.shift()!
    if (weight === 0) continue
    shadow.issued.push(atStep)
    shadow.championLosses.push(sums[0] / weight)
    shadow.challengerLosses.push(sums[1] / weight)
  }
}

/**
 * What the review that is due just now finds; undefined between reviews. `needed`: the champion drifts or is too old, so
 * a challenger that has not lost more takes its place without having to prove more, and sooner: it is looked at whenever
 * a further horizon is over. That is no test, so it spends nothing.
 */
export function review(shadow: Shadow, needed: boolean): Verdict | undefined {
  const { plan, steps } = shadow
  const since = steps - plan.horizonSteps
  if (since <= 0) return undefined
  const number = Math.floor(since / plan.reviewSteps)
  const isReview = since % plan.reviewSteps === 0
  if (!isReview && !(needed && since % plan.horizonSteps === 0)) return undefined
  const compared = compareLosses(shadow.championLosses, shadow.challengerLosses, overlapOf(plan))
  const alpha = isReview ? alphaAt(number, plan.reviews, plan.alpha) : 0
  const judged = judge(compared, alpha, needed, isReview && number >= plan.reviews)
  return { review: number, alpha, ...compared, ...judged }
}

export interface Compared {
  readonly championLoss: number
  readonly challengerLoss: number
  readonly test: DieboldMariano | undefined
}

export function overlapOf({ horizonSteps, strideSteps }: ShadowPlan): number {
  return Math.ceil(horizonSteps / strideSteps)
}

export function compareLosses(
  champion: readonly number[],
  challenger: readonly number[],
  overlap: number,
): Compared {
  const mean = (losses: readonly number[]): number =>
    losses.reduce((sum, loss) => sum + loss, 0) / losses.length
  const differences = champion.map((loss, i) => loss - challenger[i]!)
  return {
    championLoss: mean(champion),
    challengerLoss: mean(challenger),
    test: dieboldMariano(differences, overlap, 'periodogram'),
  }
}

function judge(
  { championLoss, challengerLoss, test }: Compared,
  alpha: number,
  needed: boolean,
  isLast: boolean,
): Pick<Verdict, 'outcome' | 'why'> {
  if (alpha > 0 && test && test.pSecondBetter <= alpha) return { outcome: 'promote', why: 'better' }
  if (needed && challengerLoss <= championLoss) return { outcome: 'promote', why: 'not-worse' }
  if (alpha > 0 && test && test.pFirstBetter <= alpha) return { outcome: 'retire', why: 'worse' }
  return isLast ? { outcome: 'retire', why: 'not-better' } : { outcome: 'go-on', why: 'undecided' }
}
