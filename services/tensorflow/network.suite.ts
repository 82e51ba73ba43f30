/** Our networks against TensorFlow's, on whichever backend it runs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKernelNetwork } from '../../forecaster/neural/kernel-network.ts'
import type { Network } from '../../forecaster/neural/network.ts'
import { createPlainNetwork } from '../../forecaster/neural/plain-network.ts'
import { CELLS, layoutOf } from '../../forecaster/neural/shape.ts'
import {
  largestDifference,
  randomBatch,
  randomParameters,
  smallShape,
} from '../../forecaster/neural/test-batches.ts'
import { smallConfig, waves } from '../../forecaster/neural/test-weights.ts'
import { fitNeural } from '../../forecaster/neural/train.ts'
import type { Tf } from './backend.ts'
import { tensorflowNetworks } from './network.ts'

const LANES = 16

/** Declares the tests. */
export function agreesWithOurs(tf: Tf): void {
  describe.each(CELLS)('%s', (cell) => {
    const shape = smallShape(cell, { inputs: 4, hidden: 16, window: 20 })
    const parameters = randomParameters(shape, 1)
    const batch = randomBatch(shape, LANES, LANES - 2, 2)
    let theirs: Network
    const ours = [createKernelNetwork(shape, LANES), createPlainNetwork(shape, LANES)]

    beforeAll(() => {
      theirs = tensorflowNetworks(tf)(shape, LANES)
    })
    afterAll(() => theirs.dispose())

    it.each(['kernel', 'typescript'])('forecasts as %s does', (name) => {
      const own = ours[name === 'kernel' ? 0 : 1]!
      theirs.load(parameters)
      own.load(parameters)
      expect(largestDifference(theirs.parameters(), own.parameters())).toBe(0)
      expect(largestDifference(theirs.forward(batch), own.forward(batch))).toBeLessThan(2e-5)
    })

    it.each(['kernel', 'typescript'])('has the gradient of %s', (name) => {
      const own = ours[name === 'kernel' ? 0 : 1]!
      theirs.load(parameters)
      own.load(parameters)
      const reference = theirs.gradients(batch)
      const { loss, gradient } = own.gradients(batch)
      expect(loss).toBeCloseTo(reference.loss, 5)
      const scale = Math.max(...reference.gradient.map(Math.abs))
      expect(largestDifference(gradient, reference.gradient)).toBeLessThan(2e-5 * scale)
    })

    it('learns as the kernel does, step by step', () => {
      const own = ours[0]!
      theirs.load(parameters)
      own.load(parameters)
      for (let step = 0; step < 5; step++) {
        const next = randomBatch(shape, LANES, LANES, 50 + step)
        expect(theirs.train(next, 3e-3)).toBeCloseTo(own.train(next, 3e-3), 4)
      }
      expect(largestDifference(theirs.parameters(), own.parameters())).toBeLessThan(3e-4)
      expect(largestDifference(theirs.parameters(), parameters)).toBeGreaterThan(5e-3)
    })
  })

  it('has the LSTM that its own layer is', () => {
    const shape = smallShape('lstm', { inputs: 3, hidden: 8, window: 6 })
    const { encoder, context, output, skip, knot } = layoutOf(shape)
    const parameters = randomParameters(shape, 3)
    const lstm = tf.layers.lstm({ units: 8, recurrentActivation: 'sigmoid', unitForgetBias: false })
    const batch = randomBatch(shape, 8, 8, 4)
    const x = tf.tidy(() => tf.transpose(tf.tensor3d(batch.inputs, [6, 3, 8]), [2, 0, 1]))
    lstm.apply(tf.input({ shape: [6, 3] }))
    // unit by unit → gate by gate, which is how Keras lays them out
    const rows = (from: number, count: number) =>
      Array.from({ length: count }, (_, r) =>
        Array.from({ length: 32 }, (_, j) => {
          const [slot, unit] = [Math.floor(j / 8), j % 8]
          return parameters[encoder.at + (from + r) * 32 + 4 * unit + slot]!
        }),
      )
    lstm.setWeights([tf.tensor2d(rows(0, 3)), tf.tensor2d(rows(4, 8)), tf.tensor1d(rows(3, 1)[0]!)])
    const layered = lstm.apply(x)
    if (Array.isArray(layered) || !(layered instanceof tf.Tensor))
      throw new Error('one tensor expected')
    const hidden = layered.dataSync()
    // a head that lets one unit of the cell through: its median is tanh(h) − its baseline
    const probe = parameters.slice()
    for (const part of [context, output, skip, knot])
      probe.fill(0, part.at, part.at + part.rows * part.columns)
    probe[output.at + 2] = 1
    for (let unit = 0; unit < 8; unit++) {
      probe.fill(0, context.at, context.at + context.rows * context.columns)
      probe[context.at + unit * context.columns] = 1
      const kernel = createKernelNetwork(shape, 8)
      kernel.load(probe)
      const out = kernel.forward(batch)
      for (let lane = 0; lane < 8; lane++)
        expect(out[2 * 8 + lane]! - batch.baseline[lane]!).toBeCloseTo(
          Math.tanh(hidden[lane * 8 + unit]!),
          5,
        )
    }
  })

  it('trains a model from series as the kernel does, and lets go of its memory', () => {
    const config = smallConfig('gru', { epochs: 1, batchesPerEpoch: 3, backend: 'tensorflow' })
    const before = tf.memory().numTensors
    const createNetwork = tensorflowNetworks(tf)
    const weights = fitNeural(waves(3), config, 5, { createNetwork })!
    const again = fitNeural(waves(3), config, 5, { createNetwork })!
    expect(again.parameters).toBe(weights.parameters)
    const kernel = fitNeural(waves(3), { ...config, backend: 'kernel' }, 5)!
    expect(weights.training.heldOutLoss).toBeCloseTo(kernel.training.heldOutLoss!, 3)
    expect(tf.memory().numTensors).toBe(before)
  })
}
