/**
 * What a stochastic policy draws its actions from, given what its network puts out: the categorical distribution over
 * discrete actions (categorical.ts), the diagonal normal one over continuous ones (gaussian.ts).
 */
import type { ActingRule, Normalization, StoredNetwork } from './acting.ts'
import { createCategorical } from './categorical.ts'
import type { Chance } from './chance.ts'
import { type ActionSpace, actionWidth } from './environment.ts'
import { createGaussian } from './gaussian.ts'
import type { Parameters } from './network.ts'

export interface Distribution {
  /** Numbers that the network puts out for one row, and numbers of an action as it is drawn. */
  readonly outputs: number
  readonly width: number
  /** What is learned beside the network, the same for all observations; empty where there is nothing. */
  readonly parameters: Parameters
  /** Draws one action a row into `actions` [rows][width], and the logarithms of how likely they were. */
  draw(
    outputs: Float32Array,
    rows: number,
    chance: Chance,
    to: { readonly actions: Float32Array; readonly logLikelihoods: Float32Array },
  ): void
  /** Of those actions, and the entropy of what they were drawn from, by row. */
  evaluate(
    outputs: Float32Array,
    actions: Float32Array,
    rows: number,
    to: { readonly logLikelihoods: Float32Array; readonly entropies: Float32Array },
  ): void
  /**
   * From a loss's slope by each row's log-likelihood and the same slope by every row's entropy: its slope by each output,
   * written to `to` [rows][outputs], and added to the gradients of `parameters`.
   */
  slopes(
    outputs: Float32Array,
    actions: Float32Array,
    rows: number,
    by: { readonly logLikelihoods: Float32Array; readonly entropy: number },
    to: Float32Array,
  ): void
  /** The nearest action that the environment takes, [rows][width]: what was drawn may lie outside its bounds. */
  allowed(actions: Float32Array, rows: number): Float32Array
  /** The likeliest actions that the environment takes. */
  likeliest(outputs: Float32Array, rows: number): Float32Array
  rule(network: StoredNetwork, normalization: Normalization | null): ActingRule
}

export interface DistributionOptions {
  /** Continuous actions: natural logarithm of the standard deviation at first. */
  readonly logDeviation: number
}

export function createDistribution(
  actions: ActionSpace,
  { logDeviation }: DistributionOptions,
): Distribution {
  return actions.kind === 'discrete'
    ? createCategorical(actions.count)
    : createGaussian(actions, actionWidth(actions), logDeviation)
}
