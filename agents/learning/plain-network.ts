/** A network in plain TypeScript: the oracle of the faster one, and the way out where there is no WebAssembly. */
import type { Network } from './network.ts'
import {
  checkTable,
  type Layer,
  layersOf,
  type NetworkShape,
  weightCountOf,
} from './network-shape.ts'

/** Its weights are 0. */
export function createPlainNetwork(shape: NetworkShape, mostRows: number): Network {
  const layers = layersOf(shape)
  const weights = new Float32Array(weightCountOf(shape))
  const gradients = new Float32Array(weights.length)
  // activations[i] goes into layer i; slopes[i] is the loss's slope by it
  const sizes = [shape.inputs, ...layers.map(({ outputs }) => outputs)]
  const activations = sizes.map((size) => new Float32Array(mostRows * size))
  const slopes = sizes.map((size) => new Float32Array(mostRows * size))
  const last = layers.length
  return {
    shape,
    mostRows,
    weights,
    gradients,
    forward(inputs, rows) {
      checkTable('inputs', inputs, { rows, columns: shape.inputs, mostRows })
      activations[0]!.set(inputs.subarray(0, rows * shape.inputs))
      layers.forEach((layer, i) => {
        multiply(weights, layer, activations[i]!, activations[i + 1]!, rows)
        if (i < last - 1) activate(shape, activations[i + 1]!, rows * layer.outputs)
      })
      return activations[last]!.subarray(0, rows * shape.outputs)
    },
    backward(outputGradients, rows, wanted = 'weights') {
      checkTable('outputGradients', outputGradients, { rows, columns: shape.outputs, mostRows })
      slopes[last]!.set(outputGradients.subarray(0, rows * shape.outputs))
      for (let i = last - 1; i >= 0; i--) {
        const layer = layers[i]!
        if (wanted !== 'inputs')
          addGradients(gradients, layer, activations[i]!, slopes[i + 1]!, rows)
        if (i === 0 && wanted === 'weights') return slopes[0]!.subarray(0, 0)
        multiplyBack(weights, layer, slopes[i + 1]!, slopes[i]!, rows)
        if (i > 0) throughActivation(shape, activations[i]!, slopes[i]!, rows * layer.inputs)
      }
      return slopes[0]!.subarray(0, rows * shape.inputs)
    },
  }
}

function multiply(
  weights: Float32Array,
  { inputs, outputs, weightsAt, biasesAt }: Layer,
  from: Float32Array,
  to: Float32Array,
  rows: number,
): void {
  for (let row = 0; row < rows; row++) {
    const at = row * outputs
    for (let j = 0; j < outputs; j++) to[at + j] = weights[biasesAt + j]!
    for (let k = 0; k < inputs; k++) {
      const value = from[row * inputs + k]!
      const weight = weightsAt + k * outputs
      for (let j = 0; j < outputs; j++) to[at + j] = to[at + j]! + value * weights[weight + j]!
    }
  }
}

function multiplyBack(
  weights: Float32Array,
  { inputs, outputs, weightsAt }: Layer,
  slopes: Float32Array,
  to: Float32Array,
  rows: number,
): void {
  for (let row = 0; row < rows; row++)
    for (let k = 0; k < inputs; k++) {
      const weight = weightsAt + k * outputs
      let sum = 0
      for (let j = 0; j < outputs; j++) sum += slopes[row * outputs + j]! * weights[weight + j]!
      to[row * inputs + k] = sum
    }
}

function addGradients(
  gradients: Float32Array,
  { inputs, outputs, weightsAt, biasesAt }: Layer,
  from: Float32Array,
  slopes: Float32Array,
  rows: number,
): void {
  for (let row = 0; row < rows; row++) {
    const at = row * outputs
    for (let k = 0; k < inputs; k++) {
      const value = from[row * inputs + k]!
      const weight = weightsAt + k * outputs
      for (let j = 0; j < outputs; j++)
        gradients[weight + j] = gradients[weight + j]! + value * slopes[at + j]!
    }
    for (let j = 0; j < outputs; j++)
      gradients[biasesAt + j] = gradients[biasesAt + j]! + slopes[at + j]!
  }
}

function activate({ activation }: NetworkShape, values: Float32Array, count: number): void {
  if (activation === 'tanh') for (let i = 0; i < count; i++) values[i] = Math.tanh(values[i]!)
  // NaN stays NaN, so that a network that has failed is seen to have failed
  else for (let i = 0; i < count; i++) if (values[i]! < 0) values[i] = 0
}

/** Both slopes are known from the unit's value alone: 1 − y² of tanh, 1 where ReLU let through. */
function throughActivation(
  { activation }: NetworkShape,
  values: Float32Array,
  slopes: Float32Array,
  count: number,
): void {
  if (activation === 'tanh')
    for (let i = 0; i < count; i++) slopes[i] = slopes[i]! * (1 - values[i]! * values[i]!)
  else for (let i = 0; i < count; i++) if (values[i]! <= 0) slopes[i] = 0
}
