/**
 * A document made ready to act: features in, a stretch out. Plain sums in float64 in a fixed order and no shared kernel, so
 * that a decision can be recomputed to the bit for as long as the document is kept.
 */
import {
  decodeWeights,
  layersOf,
  type PolicyActions,
  type PolicyDocument,
  type PolicyNetwork,
  policyVersion,
} from './document.ts'
import type { FeatureName } from './features.ts'

/** What the tick is given: a policy that sees features and says by how much the demand is to be stretched. */
export interface Actor {
  /** Names it in frames and decisions. */
  readonly version: string
  readonly features: readonly FeatureName[]
  /**
   * What the demand is multiplied by; `features` in the order of their names. Whatever it returns is held within bounds, and
   * what is no number is not followed (learned.ts).
   */
  stretch(features: Float64Array): number
}

/** The outputs for features: a value for each discrete action, or the one continuous action before it is cut. */
type Outputs = (features: Float64Array) => Float64Array

/** `document` as it was read by its schema. */
export function actorOf(document: PolicyDocument): Actor {
  const { features, actions } = document
  const outputs = outputsOf(document)
  return {
    version: policyVersion(document),
    features,
    stretch: (seen) => stretchOf(actions, outputs(seen)),
  }
}

/** What action `action` of a discrete policy (its place), or of a continuous one (its value), stretches by. */
export function stretchBy(actions: PolicyActions, action: number): number {
  if (actions.kind === 'discrete') return actions.stretches[action]!
  return Math.exp(actions.reach * Math.min(Math.max(action, -1), 1))
}

function stretchOf(actions: PolicyActions, outputs: Float64Array): number {
  return stretchBy(actions, actions.kind === 'discrete' ? largestOf(outputs) : outputs[0]!)
}

/** The first of equals. */
export function largestOf(values: ArrayLike<number>): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i
  return best
}

/** Outputs of the document's network; the array is the same in every call. */
export function outputsOf(document: PolicyDocument): Outputs {
  const { network } = document
  return network.kind === 'table'
    ? tableOutputs(document, network)
    : perceptronOutputs(layersOf(document), network)
}

function tableOutputs(
  { actions }: PolicyDocument,
  { edges, actions: chosen }: Extract<PolicyNetwork, { kind: 'table' }>,
): Outputs {
  const outputs = new Float64Array(actions.kind === 'discrete' ? actions.stretches.length : 1)
  return (features) => {
    outputs.fill(0)
    outputs[chosen[cellOf(edges, features)]!] = 1
    return outputs
  }
}

/** The cell that `features` fall into; a value on an edge belongs to the cell above it. */
export function cellOf(edges: readonly (readonly number[])[], features: ArrayLike<number>): number {
  let cell = 0
  for (let i = 0; i < edges.length; i++) {
    const bounds = edges[i]!
    let place = 0
    while (place < bounds.length && features[i]! >= bounds[place]!) place++
    cell = cell * (bounds.length + 1) + place
  }
  return cell
}

function perceptronOutputs(
  layers: readonly number[],
  network: Extract<PolicyNetwork, { kind: 'perceptron' }>,
): Outputs {
  const weights = decodeWeights(network.weights)
  const values = layers.map((width) => new Float64Array(width))
  const bend = network.activation === 'tanh' ? Math.tanh : (x: number) => Math.max(0, x)
  const last = network.output === 'tanh' ? Math.tanh : (x: number) => x
  return (features) => {
    let input: Float64Array = features
    let at = 0
    for (let layer = 1; layer < layers.length; layer++) {
      const output = values[layer]!
      at = dense(weights, at, input, output)
      const shape = layer < layers.length - 1 ? bend : last
      for (let j = 0; j < output.length; j++) output[j] = shape(output[j]!)
      input = output
    }
    return input
  }
}

/** One layer's sums, of weights that begin at `at`; returns where the next layer's begin. */
function dense(
  weights: Float32Array,
  at: number,
  input: Float64Array,
  output: Float64Array,
): number {
  const width = output.length
  const biases = at + input.length * width
  for (let j = 0; j < width; j++) {
    let sum = weights[biases + j]!
    for (let i = 0; i < input.length; i++) sum += input[i]! * weights[at + i * width + j]!
    output[j] = sum
  }
  return biases + width
}
