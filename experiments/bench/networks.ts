/**
 * One gradient of the networks that learn to act (4 inputs, two layers of 64 tanh units, 2 outputs; 64 rows), in
 * WebAssembly as they run, beside the same in plain TypeScript and by TensorFlow.js's own differentiation, on its own
 * WebAssembly backend. Wall time, the least of many runs.
 */
import assert from 'node:assert/strict'
import { createChance } from '../../agents/learning/chance.ts'
import { createKernelNetwork } from '../../agents/learning/kernel-network.ts'
import type { Network } from '../../agents/learning/network.ts'
import { layersOf, type NetworkShape } from '../../agents/learning/network-shape.ts'
import { createPlainNetwork } from '../../agents/learning/plain-network.ts'
import {
  type LoadedTensorflow,
  loadTensorflow,
  type Tf,
} from '../../services/tensorflow/backend.ts'
import { type Figure, leastMs } from './timing.ts'

const SHAPE: NetworkShape = { inputs: 4, hidden: [64, 64], outputs: 2, activation: 'tanh' }
const ROWS = 64
const RUNS = 300
/** Sums of 64 rows of single precision, in another order. */
const AGREEMENT = 1e-3

type Tensor = ReturnType<Tf['tensor']>

interface Task {
  readonly inputs: Float32Array
  readonly byOutput: Float32Array
  readonly weights: Float32Array
}

interface Contender {
  readonly name: string
  /** The loss's slope by each weight. */
  gradient(): Float32Array
}

export async function benchNetworks(): Promise<Figure[]> {
  const chance = createChance(1)
  const normals = (length: number) => Float32Array.from({ length }, () => chance.normal())
  const kernel = createKernelNetwork(SHAPE, ROWS)
  const task: Task = {
    inputs: normals(ROWS * SHAPE.inputs),
    byOutput: normals(ROWS * SHAPE.outputs),
    weights: normals(kernel.weights.length).map((value) => value / 8),
  }
  const ours = ofNetwork('WebAssembly', kernel, task)
  const peers = [
    ofNetwork('plain TypeScript', createPlainNetwork(SHAPE, ROWS), task),
    ofTensorflow(await loadTensorflow({ native: false }), task),
  ]
  const value = await leastMs(RUNS, () => void ours.gradient())
  const figures: Figure[] = []
  for (const peer of peers) {
    checkAlike(peer, ours.gradient())
    const theirs = await leastMs(RUNS, () => void peer.gradient())
    figures.push({
      name: 'agents.network.gradient',
      value,
      unit: 'ms a gradient of 64 rows',
      peer: `${peer.name}, ${theirs.toPrecision(3)} ms`,
      ratio: value / theirs,
    })
  }
  return figures
}

function ofNetwork(name: string, network: Network, { inputs, byOutput, weights }: Task): Contender {
  network.weights.set(weights)
  return {
    name,
    gradient() {
      network.gradients.fill(0)
      network.forward(inputs, ROWS)
      network.backward(byOutput, ROWS)
      return network.gradients
    },
  }
}

function ofTensorflow({ tf, backend }: LoadedTensorflow, task: Task): Contender {
  const layers = layersOf(SHAPE).map((layer) => {
    const part = (from: number, to: number) => Float32Array.from(task.weights.subarray(from, to))
    const matrix = part(layer.weightsAt, layer.biasesAt)
    const biases = part(layer.biasesAt, layer.biasesAt + layer.outputs)
    return {
      matrix: tf.variable(tf.tensor2d(matrix, [layer.inputs, layer.outputs])),
      biases: tf.variable(tf.tensor1d(biases)),
    }
  })
  const inputs = tf.tensor2d(task.inputs, [ROWS, SHAPE.inputs])
  const byOutput = tf.tensor2d(task.byOutput, [ROWS, SHAPE.outputs])
  const loss = () => {
    const outputs = layers.reduce<Tensor>((values, { matrix, biases }, i) => {
      const sums = tf.matMul(values, matrix).add(biases)
      return i < layers.length - 1 ? sums.tanh() : sums
    }, inputs)
    return outputs.mul(byOutput).sum().asScalar()
  }
  return {
    name: `TensorFlow.js ${tf.version.tfjs}, ${backend}`,
    gradient: () =>
      tf.tidy(() => {
        const { grads } = tf.variableGrads(loss)
        const parts = layers.flatMap(({ matrix, biases }) =>
          [matrix, biases].map((variable) => Array.from(grads[variable.name]!.dataSync())),
        )
        return Float32Array.from(parts.flat())
      }),
  }
}

function checkAlike(peer: Contender, ours: Float32Array): void {
  const theirs = peer.gradient()
  assert.equal(theirs.length, ours.length)
  ours.forEach((slope, i) => {
    const apart = Math.abs(slope - theirs[i]!)
    assert.ok(apart < AGREEMENT * (1 + Math.abs(slope)), `${peer.name}: slope ${i} is ${apart} off`)
  })
}
