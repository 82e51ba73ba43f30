/**
 * What the user's own last weeks would have been under their present rule, under an edited one, under the same rule with
 * better targets, and under Forescale. Pure but for the time it takes: the same input gives the same report.
 */
import { seededRandom } from '../../datasets/random.ts'
import { ForescaleParams, sweepParams } from '../controllers/forescale/params.ts'
import type { Scenario } from '../simulator/scenario.ts'
import { type Arm, type Arms, createArms, peakSpend, type RuleArm } from './arms.ts'
import { drawDays } from './compare-days.ts'
import type { History } from './history.ts'
import type { Cluster } from './present-rule.ts'
import { type Replayed, scenarioOf } from './scenario.ts'

/** Shares of its capacity that a replica is meant to carry, by which the present rule is tuned anew. */
export const SHARES = [0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 'within-slo'] as const
export type Share = (typeof SHARES)[number]
const DRAWS = 2000
/** Halvings on the way to the least budget: to a 32nd of what there is between the least and the peak. */
const HALVINGS = 5

export interface WhatifInput {
  readonly history: History
  readonly services: readonly Replayed[]
  /** The manifests before the edit, in the order of `services`. */
  readonly baseline?: readonly Replayed[] | undefined
  readonly cluster: Cluster
  readonly budget?: number | undefined
  readonly seed: number
  readonly refitMs?: number | undefined
  /** Without Forescale's frontier and budgets. */
  readonly quick: boolean
  /** By which the present rule is tuned anew; all of SHARES when absent. */
  readonly shares?: readonly Share[]
  /** Before each run. */
  readonly onRun?: (done: number, label: string) => void
}

export interface BudgetTry {
  readonly perHour: number
  readonly arm: Arm
  /** Every service kept its objective. */
  readonly meetsSlo: boolean
}

export interface Whatif {
  readonly input: WhatifInput
  readonly scenario: Scenario
  readonly draws: readonly Int32Array[]
  readonly present: RuleArm
  readonly baseline: RuleArm | undefined
  /** At each service's own objective: the setting that its owner would have chosen, not one chosen afterwards. */
  readonly forescale: Arm
  /** The present rule with other targets, by `shares`. */
  readonly tuned: readonly RuleArm[]
  /** Forescale at other objectives. */
  readonly swept: readonly Arm[]
  readonly budgets: readonly BudgetTry[]
}

export function runWhatif(input: WhatifInput): Whatif {
  const { history, services, baseline, cluster, budget, seed, quick } = input
  const scenario = scenarioOf(history, services, { budget, seed })
  const arms = createArms({ scenario, services, cluster })
  let done = 0
  const tell = (label: string) => input.onRun?.(done++, label)
  const params = (more: Partial<ForescaleParams> = {}) =>
    ForescaleParams.parse({ seed, ...(input.refitMs ? { refitMs: input.refitMs } : {}), ...more })

  tell('the present rule')
  const present = arms.rule('present rule', services)
  if (baseline) tell('the baseline')
  const before = baseline && arms.rule('baseline', baseline)
  tell('Forescale, fitting its models')
  const forescale = arms.forescale('forescale', params())
  const tuned = (input.shares ?? SHARES).map((share) => {
    const label = `targets at ${share === 'within-slo' ? 'what keeps the SLO' : `${100 * share} %`}`
    tell(label)
    return arms.rule(label, services, share)
  })
  const objectives = quick ? [] : sweepParams().map(({ objective }) => objective)
  const swept = objectives
    .filter((objective) => objective !== undefined)
    .map((objective) => {
      const label = `objective ${objective}`
      tell(label)
      return arms.forescale(label, params({ objective }))
    })
  const budgets = quick
    ? []
    : searchBudget(scenario, forescale, (perHour) => {
        tell(`a budget of $${perHour.toFixed(2)}/h`)
        return runBudget(arms, scenario, params({ costBudgetPerHour: perHour }), perHour)
      })
  const random = seededRandom('whatif', seed, 'days')
  const draws = drawDays(history.replayDays, DRAWS, random)
  return { input, scenario, draws, present, baseline: before, forescale, tuned, swept, budgets }
}

function runBudget(
  arms: Arms,
  scenario: Scenario,
  params: ForescaleParams,
  perHour: number,
): BudgetTry {
  const arm = arms.forescale(`budget ${perHour}`, params)
  return { perHour, arm, meetsSlo: missedSlo(arm, scenario).length === 0 }
}

/**
 * Budgets tried, by rising $/hour: halving between what the minimums cost and what was spent at most without a limit,
 * towards the least that meets every SLO. The upper end is the run without a limit.
 */
function searchBudget(
  scenario: Scenario,
  unlimited: Arm,
  run: (perHour: number) => BudgetTry,
): BudgetTry[] {
  const peak = peakSpend(unlimited, scenario)
  const top = {
    perHour: peak,
    arm: unlimited,
    meetsSlo: missedSlo(unlimited, scenario).length === 0,
  }
  const least = scenario.services.reduce(
    (sum, { spec }) => sum + spec.minReplicas * spec.pricePerReplicaHour,
    0,
  )
  const tries: BudgetTry[] = [top]
  let [low, high] = [least, peak]
  for (let k = 0; k < HALVINGS && top.meetsSlo && high > low; k++) {
    const perHour = roundCents((low + high) / 2)
    if (perHour <= low || perHour >= high) break
    const one = run(perHour)
    tries.push(one)
    if (one.meetsSlo) high = perHour
    else low = perHour
  }
  return tries.sort((a, b) => a.perHour - b.perHour)
}

const roundCents = (dollars: number): number => Math.ceil(100 * dollars) / 100

/** Services with more violating requests than their objective allows, over all of the replay. */
export function missedSlo(arm: Arm, { services }: Scenario): string[] {
  return services.flatMap(({ name, spec }, i) => {
    let requests = 0
    let violations = 0
    for (const day of arm.services[i]!) {
      requests += day.requests
      violations += day.violations
    }
    return violations > (1 - spec.slo.objective) * requests ? [name] : []
  })
}
