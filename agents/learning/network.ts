/**
 * The multilayer perceptron that every learner here is built of: layers of tanh or ReLU units, a linear last one. A
 * network works on rows, a row a sample, and keeps its buffers: what `forward` and `backward` return is overwritten by
 * the next call. All weights lie in one vector, layer by layer: the matrix [inputs][outputs], then the biases.
 */
import type { AdamPart } from './adam-part.ts'
import type { Chance } from './chance.ts'
import { initialize } from './initial-weights.ts'
import { createKernelNetwork } from './kernel-network.ts'
import { layersOf, type NetworkShape } from './network-shape.ts'

/**
 * orthogonal: rows or columns at right angles, times a gain, biases 0 (Saxe, McClelland & Ganguli 2014; gains of PPO);
 * uniform: weights and biases even within ±1/√inputs, as PyTorch's Linear has them.
 */
export type InitialWeights =
  | { readonly kind: 'orthogonal'; readonly hiddenGain: number; readonly outputGain: number }
  | { readonly kind: 'uniform' }

/** What an optimiser changes: weights, and what the loss's slope by each is. */
export interface Parameters {
  readonly weights: Float32Array
  readonly gradients: Float32Array
  /** What Adam does with them where they lie; none: it does it in plain TypeScript. */
  readonly adam?: AdamPart
}

/** Which slopes `backward` works out. */
export type Wanted = 'weights' | 'inputs' | 'both'

export interface Network extends Parameters {
  readonly shape: NetworkShape
  /** Most rows of one call. */
  readonly mostRows: number
  /**
   * Outputs [rows][outputs] for inputs [rows][inputs]; both tables may be longer than the rows they hold. Throws a
   * RangeError for too many rows or too few inputs.
   */
  forward(inputs: Float32Array, rows: number): Float32Array
  /**
   * From the loss's slope by each output [rows][outputs] of the last `forward`, which had as many rows: adds to
   * `gradients` its slope by each weight, and returns that by each input [rows][inputs]; what is not wanted stays as it
   * is, or is empty.
   */
  backward(outputGradients: Float32Array, rows: number, wanted?: Wanted): Float32Array
}

export interface NetworkOptions {
  readonly mostRows: number
  readonly initial: InitialWeights
}

/** Weights drawn by `chance`: the same for the same shape, options and state of it. */
export function createNetwork(
  shape: NetworkShape,
  chance: Chance,
  { mostRows, initial }: NetworkOptions,
): Network {
  if (!Number.isInteger(mostRows) || mostRows < 1)
    throw new RangeError(`mostRows is ${mostRows}, must be a whole number of at least 1`)
  const network = createKernelNetwork(shape, mostRows)
  initialize(network.weights, layersOf(shape), initial, chance)
  return network
}

/** The target network of temporal differences, drawn after: target ← target + share · (source − target). */
export function blend(target: Parameters, source: Parameters, share: number): void {
  const { weights } = target
  for (let i = 0; i < weights.length; i++)
    weights[i] = weights[i]! + share * (source.weights[i]! - weights[i]!)
}
