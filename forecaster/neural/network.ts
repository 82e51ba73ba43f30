/**
 * What a backend offers: a network that forecasts and learns on batches. Three exist: the WebAssembly kernel
 * (`kernel-network.ts`, the fast one), plain TypeScript in double precision (`plain-network.ts`, the oracle and the
 * way out), and TensorFlow (in services). They agree within the precision of their numbers.
 */
import type { NeuralShape } from './shape.ts'

export const BACKENDS = ['kernel', 'typescript', 'tensorflow'] as const
export type BackendName = (typeof BACKENDS)[number]

/** Samples side by side: every table ends in `lanes`, one a sample. */
export interface Batch {
  readonly lanes: number
  /** [window][inputs][lanes] */
  readonly inputs: Float32Array
  /** [knots][knotFeatures][lanes] */
  readonly knotInput: Float32Array
  /** [knots][lanes]: what the network's median is a departure from. */
  readonly baseline: Float32Array
  /** [knots][lanes] */
  readonly target: Float32Array
  /** [knots][lanes]: 1 where the target is known, 0 where it is not or the lane holds no sample. */
  readonly weight: Float32Array
}

export interface Gradients {
  /** Pinball loss, mean over levels and known targets. */
  readonly loss: number
  /** By parameter. */
  readonly gradient: Float32Array | Float64Array
}

export interface Network {
  readonly shape: NeuralShape
  /** Most samples of a batch, a multiple of 8. */
  readonly lanes: number
  /** Also forgets the moments of the optimiser. */
  load(parameters: ArrayLike<number>): void
  /** A copy. */
  parameters(): Float32Array
  /** Quantiles [knots][levels][lanes], not crossing. */
  forward(batch: Batch): Float32Array
  gradients(batch: Batch): Gradients
  /** One step of Adam; the loss before it. `rate` is the learning rate. */
  train(batch: Batch, rate: number): number
  /** Lets go of what it holds outside of JavaScript's heap. */
  dispose(): void
}

/** `lanes` a multiple of 8. */
export type CreateNetwork = (shape: NeuralShape, lanes: number) => Network

/** The norm to which a batch's gradient is held. */
export const GRADIENT_CLIP = 1
export const ADAM = { first: 0.9, second: 0.999, epsilon: 1e-8 }

export function emptyBatch(shape: NeuralShape, lanes: number): Batch {
  const knots = shape.knots.length
  return {
    lanes,
    inputs: new Float32Array(shape.window * shape.inputs * lanes),
    knotInput: new Float32Array(knots * shape.knotFeatures * lanes),
    baseline: new Float32Array(knots * lanes),
    target: new Float32Array(knots * lanes),
    weight: new Float32Array(knots * lanes),
  }
}
