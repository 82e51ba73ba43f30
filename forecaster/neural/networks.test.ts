/** The backends against each other and against calculus. */
import { describe, expect, it } from 'vitest'
import { createKernelNetwork, createSingleForecaster } from './kernel-network.ts'
import { createPlainNetwork } from './plain-network.ts'
import { CELLS, medianOf, type NeuralShape } from './shape.ts'
import {
  largestDifference,
  randomBatch,
  randomParameters,
  smallShape,
  takeSample,
} from './test-batches.ts'

const usual = { inputs: 4, hidden: 32, window: 48, knotFeatures: 11, headHidden: 32 }

describe.each(CELLS)('%s', (cell) => {
  const small = smallShape(cell)

  it('has the gradient that finite differences give (plain, double precision)', () => {
    const network = createPlainNetwork(small, 8)
    const parameters = Float64Array.from(randomParameters(small, 1))
    const batch = randomBatch(small, 8, 5, 2)
    network.load(parameters)
    const { loss, gradient } = network.gradients(batch)
    expect(network.loss(batch)).toBeCloseTo(loss, 12)
    const step = 1e-6
    for (let i = 0; i < parameters.length; i++) {
      const value = parameters[i]!
      parameters[i] = value + step
      network.load(parameters)
      const above = network.loss(batch)
      parameters[i] = value - step
      network.load(parameters)
      const below = network.loss(batch)
      parameters[i] = value
      expect((above - below) / (2 * step), `parameter ${i}`).toBeCloseTo(gradient[i]!, 7)
    }
  })

  const shapes: [string, NeuralShape, number][] = [
    ['small', small, 8],
    ['usual', smallShape(cell, usual), 32],
    ['one knot, one level', smallShape(cell, { knots: [3], levels: [0.5] }), 16],
    ['12 units, one step', smallShape(cell, { hidden: 12, headHidden: 4, window: 1 }), 24],
  ]
  describe.each(shapes)('the kernel, %s', (_, shape, lanes) => {
    const kernel = createKernelNetwork(shape, lanes)
    const plain = createPlainNetwork(shape, lanes)
    const parameters = randomParameters(shape, 3)
    const batch = randomBatch(shape, lanes, lanes - 3, 4)
    const load = () => {
      kernel.load(parameters)
      plain.load(parameters)
    }

    it('forecasts what plain TypeScript forecasts', () => {
      load()
      const own = kernel.forward(batch)
      expect(own.every(Number.isFinite)).toBe(true)
      expect(largestDifference(own, plain.forward(batch))).toBeLessThan(2e-5)
    })

    it('has its gradient', () => {
      load()
      const own = kernel.gradients(batch)
      const other = plain.gradients(batch)
      expect(own.loss).toBeCloseTo(other.loss, 5)
      const scale = Math.max(...other.gradient.map(Math.abs))
      expect(largestDifference(own.gradient, other.gradient)).toBeLessThan(2e-5 * scale)
    })

    it('learns the same in 20 steps', () => {
      load()
      for (let step = 0; step < 20; step++) {
        const next = randomBatch(shape, lanes, lanes, 100 + step)
        expect(kernel.train(next, 3e-3)).toBeCloseTo(plain.train(next, 3e-3), 4)
      }
      expect(largestDifference(kernel.parameters(), plain.parameters())).toBeLessThan(2e-4)
      expect(largestDifference(kernel.parameters(), parameters)).toBeGreaterThan(0.02)
    })

    it('forecasts one sample as it does a batch', () => {
      load()
      const many = kernel.forward(batch)
      const single = createSingleForecaster(shape, parameters)
      for (let lane = 0; lane < 3; lane++) {
        takeSample(single, shape, batch, lane)
        const quantiles = single.forecast()
        for (let i = 0; i < many.length / lanes; i++) {
          const [k, j] = [Math.floor(i / shape.levels.length), i % shape.levels.length]
          expect(quantiles[j * single.knotLanes + k]).toBeCloseTo(many[i * lanes + lane]!, 4)
        }
      }
    })

    it('never lets quantiles cross', () => {
      load()
      for (const network of [kernel, plain]) {
        const out = network.forward(batch)
        const levels = shape.levels.length
        for (let i = 0; i < out.length; i++) {
          const level = Math.floor(i / lanes) % levels
          if (level > 0) expect(out[i]).toBeGreaterThanOrEqual(out[i - lanes]!)
        }
      }
    })

    it('learns the same bytes from the same batches', () => {
      const learn = () => {
        const network = createKernelNetwork(shape, lanes)
        network.load(parameters)
        for (let step = 0; step < 3; step++)
          network.train(randomBatch(shape, lanes, lanes, step), 0.01)
        return network.parameters()
      }
      expect(learn()).toEqual(learn())
    })
  })

  it('takes no notice of lanes without a sample', () => {
    const shape = smallShape(cell)
    const network = createKernelNetwork(shape, 16)
    network.load(randomParameters(shape, 5))
    const few = randomBatch(shape, 16, 9, 6)
    const before = network.gradients(few)
    for (let i = 0; i < few.inputs.length; i++) if (i % 16 >= 9) few.inputs[i] = 5
    expect(network.gradients(few)).toEqual(before)
  })

  it('learns the quantiles of noise around a baseline', () => {
    const shape = smallShape(cell, { window: 3 })
    const network = createKernelNetwork(shape, 64)
    network.load(randomParameters(shape, 7))
    for (let step = 0; step < 1500; step++) {
      const batch = randomBatch(shape, 64, 64, step)
      for (let i = 0; i < batch.target.length; i++) batch.target[i]! += batch.baseline[i]!
      network.train(batch, step < 1000 ? 5e-3 : 5e-4)
    }
    // the target is the baseline plus a uniform number from −3 to 3
    const batch = randomBatch(shape, 64, 64, 9999)
    const out = network.forward(batch)
    shape.levels.forEach((level, j) => {
      let sum = 0
      for (let lane = 0; lane < 64; lane++) sum += out[j * 64 + lane]! - batch.baseline[lane]!
      const expected = 6 * (level - 0.5)
      expect(Math.abs(sum / 64 - expected), `level ${level}`).toBeLessThan(0.35)
    })
  })
})

it('refuses lanes that are no multiple of 8', () => {
  const create = () => createKernelNetwork(smallShape('lstm'), 12)
  expect(create).toThrow('lanes is 12, must be a positive multiple of 8')
})

it('has ½ in the middle of its levels', () => {
  expect(medianOf(smallShape('lstm'))).toBe(2)
})
