/**
 * What an interval was worth: −(cost + price · violations), in units of what carrying the usual load costs for as long.
 *
 * With an objective o the error budget is the share 1 − o of the requests; using it up is worth `errorBudgetWorth` of that
 * unit, so a violating request weighs errorBudgetWorth ÷ (1 − o). A policy that is best at this price lies on the frontier
 * of cost against violations, wherever on it: all points of the frontier are best at some price, and the objectives run
 * through the prices.
 */
import type { Measured } from '../../simulator/plant.ts'
import type { TrainingConfig } from './config.ts'
import type { TrainingLoad } from './loads.ts'

const HOUR_MS = 3_600_000

export interface Worth {
  /** Billed, in units of the usual cost of a tick. */
  readonly cost: number
  /** Violating requests, in units of the usual requests of a tick. */
  readonly violations: number
}

export function worthOf(
  { usualCostPerHour, usualRps, scenario }: TrainingLoad,
  { cost, violations }: Pick<Measured, 'cost' | 'violations'>,
): Worth {
  const { tickMs } = scenario
  return {
    cost: (cost * HOUR_MS) / (usualCostPerHour * tickMs),
    violations: (violations * 1000) / (usualRps * tickMs),
  }
}

export function violationPrice({ errorBudgetWorth }: TrainingConfig, objective: number): number {
  return errorBudgetWorth / (1 - objective)
}

/** The larger the better; never above 0. */
export function tickValue(
  config: TrainingConfig,
  objective: number,
  { cost, violations }: Worth,
): number {
  return -(cost + violationPrice(config, objective) * violations)
}
