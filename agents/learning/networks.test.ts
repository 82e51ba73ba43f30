import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createChance } from './chance.ts'
import { createKernelNetwork } from './kernel-network.ts'
import { createNetwork, type Network } from './network.ts'
import { layersOf, type NetworkShape, weightCountOf } from './network-shape.ts'
import { createPlainNetwork } from './plain-network.ts'

const size = (max: number) => fc.integer({ min: 1, max })
const shape: fc.Arbitrary<NetworkShape> = fc.record({
  inputs: size(9),
  hidden: fc.array(size(37), { maxLength: 3 }),
  outputs: size(9),
  activation: fc.constantFrom('tanh' as const, 'relu' as const),
})
const normals = (length: number, seed: number): Float32Array => {
  const chance = createChance(seed)
  return Float32Array.from({ length }, () => chance.normal())
}

/** Its weights are of the size that training leaves them. */
function filled(network: Network, seed: number): Network {
  network.weights.set(normals(network.weights.length, seed).map((value) => value / 3))
  return network
}

describe.each([
  ['in WebAssembly', createKernelNetwork],
  ['in TypeScript', createPlainNetwork],
] as const)('a network %s', (_name, create) => {
  it('has the slopes that differences of its outputs say', () => {
    fc.assert(
      fc.property(shape, size(6), fc.nat(1e6), (tried, rows, seed) => {
        // tanh has slopes everywhere; ReLU is compared with it below
        const net = filled(create({ ...tried, activation: 'tanh' }, 8), seed)
        const inputs = normals(rows * tried.inputs, seed + 1)
        const byOutput = normals(rows * tried.outputs, seed + 2)
        const loss = (): number =>
          net.forward(inputs, rows).reduce((sum, value, i) => sum + value * byOutput[i]!, 0)
        loss()
        const byInput = net.backward(byOutput, rows, 'both').slice()
        const slopeBy = (table: Float32Array, i: number): number => {
          const [value, step] = [table[i]!, 0.005]
          const [above, below] = [step, -step].map((change) => {
            table[i] = value + change
            return loss()
          })
          table[i] = value
          return (above! - below!) / (2 * step)
        }
        const chance = createChance(seed)
        for (let probe = 0; probe < 10; probe++) {
          const w = chance.below(net.weights.length)
          expect(Math.abs(net.gradients[w]! - slopeBy(net.weights, w))).toBeLessThan(0.03)
          const x = chance.below(inputs.length)
          expect(Math.abs(byInput[x]! - slopeBy(inputs, x))).toBeLessThan(0.03)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('adds slopes up over batches, and leaves them alone where only those by inputs are wanted', () => {
    const net = filled(create({ inputs: 3, hidden: [5], outputs: 2, activation: 'tanh' }, 4), 1)
    const [inputs, byOutput] = [normals(12, 2), normals(8, 3)]
    net.forward(inputs, 4)
    expect(net.backward(byOutput, 4)).toHaveLength(0)
    const once = net.gradients.slice()
    const byInput = net.backward(byOutput, 4, 'inputs').slice()
    expect(net.gradients).toEqual(once)
    expect(net.backward(byOutput, 4, 'both')).toEqual(byInput)
    net.gradients.forEach((slope, i) => {
      expect(slope).toBeCloseTo(2 * once[i]!, 5)
    })
  })

  it('gives a row the same outputs in whichever company', () => {
    fc.assert(
      fc.property(shape, size(11), fc.nat(1e6), (tried, rows, seed) => {
        const net = filled(create(tried, 11), seed)
        const inputs = normals(rows * tried.inputs, seed + 1)
        const together = net.forward(inputs, rows).slice()
        for (let row = 0; row < rows; row++)
          expect([...net.forward(inputs.subarray(row * tried.inputs), 1)]).toEqual([
            ...together.subarray(row * tried.outputs, (row + 1) * tried.outputs),
          ])
      }),
      { numRuns: 40 },
    )
  })

  it('says NaN when an input is', () => {
    for (const activation of ['tanh', 'relu'] as const) {
      const net = filled(create({ inputs: 2, hidden: [5, 3], outputs: 3, activation }, 4), 4)
      expect([...net.forward(Float32Array.of(1, Number.NaN), 1)]).toEqual([NaN, NaN, NaN])
    }
  })

  it('refuses more rows than it was made for, and tables that are too short', () => {
    const net = create({ inputs: 2, hidden: [3], outputs: 1, activation: 'relu' }, 4)
    expect(() => net.forward(new Float32Array(10), 5)).toThrow('rows is 5, must be')
    expect(() => net.forward(new Float32Array(3), 2)).toThrow(
      'inputs has 3 numbers, must have 2 × 2',
    )
    expect(() => net.backward(new Float32Array(1), 2)).toThrow('outputGradients has 1 numbers')
  })
})

function near(a: Float32Array, b: Float32Array): void {
  a.forEach((value, i) => {
    expect(Math.abs(value - b[i]!)).toBeLessThan(1e-4 * (1 + Math.abs(b[i]!)))
  })
}

/** Products of every two rows of a matrix [rows][columns], or columns where these are fewer. */
function products(matrix: Float32Array, rows: number, columns: number): number[][] {
  const tall = columns <= rows
  const vectors = Array.from({ length: Math.min(rows, columns) }, (_, v) =>
    matrix.filter((_, i) => (tall ? i % columns : Math.floor(i / columns)) === v),
  )
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)
  return vectors.map((a) => vectors.map((b) => dot(a, b)))
}

describe('both networks', () => {
  it('agree, outputs and slopes, of every shape', () => {
    fc.assert(
      fc.property(shape, size(20), fc.nat(1e6), (tried, rows, seed) => {
        const [fast, plain] = [createKernelNetwork, createPlainNetwork].map((create) =>
          filled(create(tried, 20), seed),
        ) as [Network, Network]
        const inputs = normals(rows * tried.inputs, seed + 1)
        const byOutput = normals(rows * tried.outputs, seed + 2)
        near(fast.forward(inputs, rows), plain.forward(inputs, rows))
        near(fast.backward(byOutput, rows, 'both'), plain.backward(byOutput, rows, 'both'))
        near(fast.gradients, plain.gradients)
      }),
      { numRuns: 60 },
    )
  })
})

describe('tanh in WebAssembly', () => {
  // one unit, one output, weights 1, biases 0
  const unit = createKernelNetwork({ inputs: 1, hidden: [1], outputs: 1, activation: 'tanh' }, 1)
  unit.weights.set([1, 0, 1, 0])
  const tanh = (x: number) => unit.forward(Float32Array.of(x), 1)[0]!

  it('is tanh to a float, near 0 too, and never beyond 1', () => {
    const size = fc.double({ min: -12, max: 2, noNaN: true })
    fc.assert(
      fc.property(size, fc.boolean(), (exponent, negative) => {
        const x = Math.fround((negative ? -1 : 1) * Math.exp(exponent))
        const exact = Math.tanh(x)
        expect(Math.abs(tanh(x) - exact)).toBeLessThan(5e-7 * Math.abs(exact))
        expect(Math.abs(tanh(x))).toBeLessThanOrEqual(1)
        expect(tanh(-x)).toBe(-tanh(x))
      }),
    )
    expect(tanh(0)).toBe(0)
    for (const far of [9, 30, 1e30, Number.POSITIVE_INFINITY]) expect(tanh(far)).toBeCloseTo(1, 6)
  })
})

describe('first weights', () => {
  const tried: NetworkShape = { inputs: 6, hidden: [64, 10], outputs: 3, activation: 'tanh' }
  const create = (initial: Parameters<typeof createNetwork>[2]['initial'], seed = 7) =>
    createNetwork(tried, createChance(seed), { mostRows: 1, initial })

  it('that are orthogonal have rows or columns at right angles, each as long as the gain', () => {
    const { weights } = create({ kind: 'orthogonal', hiddenGain: 1.5, outputGain: 0.01 })
    layersOf(tried).forEach(({ inputs, outputs, weightsAt, biasesAt }, i) => {
      const gain = i === 2 ? 0.01 : 1.5
      const matrix = weights.subarray(weightsAt, biasesAt)
      products(matrix, inputs, outputs).forEach((row, a) => {
        row.forEach((product, b) => {
          expect(product).toBeCloseTo(a === b ? gain ** 2 : 0, 4)
        })
      })
      expect(weights.subarray(biasesAt, biasesAt + outputs).every((bias) => bias === 0)).toBe(true)
    })
  })

  it('that are uniform fill ±1/√inputs, biases too', () => {
    const { weights } = create({ kind: 'uniform' })
    const [first] = layersOf(tried)
    const drawn = [...weights.subarray(0, first!.biasesAt + first!.outputs)].map(Math.abs)
    expect(Math.max(...drawn)).toBeLessThan(1 / Math.sqrt(6))
    expect(Math.max(...drawn)).toBeGreaterThan(0.9 / Math.sqrt(6))
  })

  it('are the same for the same seed only', () => {
    const { weights } = create({ kind: 'uniform' })
    expect(weights).toHaveLength(weightCountOf(tried))
    expect(create({ kind: 'uniform' }).weights).toEqual(weights)
    expect(create({ kind: 'uniform' }, 8).weights).not.toEqual(weights)
  })
})
