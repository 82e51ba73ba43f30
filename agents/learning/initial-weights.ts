/** First weights of a network, drawn by chance. */
import type { Chance } from './chance.ts'
import type { InitialWeights } from './network.ts'
import type { Layer } from './network-shape.ts'

export function initialize(
  weights: Float32Array,
  layers: readonly Layer[],
  initial: InitialWeights,
  chance: Chance,
): void {
  layers.forEach((layer, i) => {
    const matrix = weights.subarray(layer.weightsAt, layer.biasesAt)
    const biases = weights.subarray(layer.biasesAt, layer.biasesAt + layer.outputs)
    if (initial.kind === 'uniform') {
      const bound = 1 / Math.sqrt(layer.inputs)
      for (let j = 0; j < matrix.length; j++) matrix[j] = (2 * chance.uniform() - 1) * bound
      for (let j = 0; j < biases.length; j++) biases[j] = (2 * chance.uniform() - 1) * bound
      return
    }
    const gain = i < layers.length - 1 ? initial.hiddenGain : initial.outputGain
    matrix.set(orthogonal(layer.inputs, layer.outputs, chance).map((value) => gain * value))
    biases.fill(0)
  })
}

/**
 * A matrix [rows][columns] with orthonormal columns, or rows where these are fewer: normal numbers, orthonormalised by
 * modified Gram–Schmidt, twice (Giraud, Langou & Rozložník 2005: twice is enough), which makes it evenly distributed.
 */
function orthogonal(rows: number, columns: number, chance: Chance): Float64Array {
  const tall = columns <= rows
  const basis: Float64Array[] = []
  while (basis.length < Math.min(rows, columns)) {
    const vector = Float64Array.from({ length: Math.max(rows, columns) }, () => chance.normal())
    for (const earlier of [...basis, ...basis]) addTimes(vector, earlier, -dot(vector, earlier))
    const norm = Math.sqrt(dot(vector, vector))
    basis.push(vector.map((value) => value / norm))
  }
  return Float64Array.from({ length: rows * columns }, (_, i) => {
    const row = Math.floor(i / columns)
    const column = i % columns
    return tall ? basis[column]![row]! : basis[row]![column]!
  })
}

function addTimes(to: Float64Array, from: Float64Array, factor: number): void {
  for (let i = 0; i < to.length; i++) to[i] = to[i]! + factor * from[i]!
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
