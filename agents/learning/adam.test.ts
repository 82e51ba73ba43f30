import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAdam } from './adam.ts'
import { createChance } from './chance.ts'
import { createKernelNetwork } from './kernel-network.ts'
import type { NetworkShape } from './network-shape.ts'
import { createPlainNetwork } from './plain-network.ts'

describe('Adam', () => {
  it('steps as PyTorch’s does, norm held to ½ over all parts', () => {
    // torch.optim.Adam(lr 0.1, eps 1e-5) after torch.nn.utils.clip_grad_norm_(…, 0.5)
    const parts = [
      { weights: Float32Array.of(1, -2, 0.5), gradients: new Float32Array(3) },
      { weights: Float32Array.of(0.25), gradients: new Float32Array(1) },
    ] as const
    const adam = createAdam(parts, { mostNorm: 0.5, epsilon: 1e-5 })
    const norms = [
      [[0.3, -0.1, 0], 0.2],
      [[3, 4, 0], 0],
      [[-0.2, 0.1, 1e-3], -0.4],
    ].map(([first, second]) => {
      parts[0].gradients.set(first as number[])
      parts[1].gradients[0] = second as number
      return adam.step(0.1)
    })
    const golden = [0.37416574358940125, 5, 0.45825865864753723]
    for (const [i, norm] of golden.entries()) expect(norms[i]).toBeCloseTo(norm, 6)
    const after = [0.757352888584137, -2.0130505561828613, 0.4372057318687439, 0.11700603365898132]
    const seen = [...parts[0].weights, ...parts[1].weights]
    for (const [i, weight] of after.entries()) expect(seen[i]).toBeCloseTo(weight, 5)
    expect([...parts[0].gradients, ...parts[1].gradients]).toEqual([0, 0, 0, 0])
  })

  it('does the same to the bit in WebAssembly and in plain TypeScript', () => {
    const size = fc.integer({ min: 1, max: 19 })
    const share = fc.double({ min: 0, max: 0.9999, noNaN: true })
    const options = fc.record({
      first: share,
      second: share,
      mostNorm: fc.constantFrom(0.5, Number.POSITIVE_INFINITY),
      epsilon: fc.constantFrom(1e-8, 1e-5),
    })
    fc.assert(
      fc.property(size, size, options, fc.nat(1e6), (inputs, outputs, how, seed) => {
        const shape: NetworkShape = { inputs, hidden: [7], outputs, activation: 'tanh' }
        const networks = [createKernelNetwork, createPlainNetwork].map((create) => create(shape, 1))
        const adams = networks.map((network) => createAdam([network], how))
        const chance = createChance(seed)
        for (const weights of [0, 1, 2, 3].map(() =>
          networks[0]!.weights.map(() => chance.normal()),
        ))
          for (const [i, network] of networks.entries()) {
            if (adams[i]!.save().steps === 0) network.weights.set(weights)
            // of every size that training has, zeros too
            network.gradients.set(weights.map((w) => (w > 1 ? 0 : w * 10 ** (20 * w - 20))))
            network.gradients.fill(weights[0]!, 0, 2)
            adams[i]!.step(0.01)
          }
        const [fast, plain] = networks
        expect(fast!.weights).toEqual(plain!.weights)
        expect(fast!.gradients).toEqual(plain!.gradients)
        expect(adams[0]!.save()).toEqual(adams[1]!.save())
      }),
    )
  })

  it.each([
    ['in WebAssembly', createKernelNetwork],
    ['in plain TypeScript', createPlainNetwork],
  ] as const)('%s goes on to the bit from what was saved, once that is put in', (_name, create) => {
    const parts = [create({ inputs: 2, hidden: [3], outputs: 1, activation: 'relu' }, 1)]
    const adam = createAdam(parts)
    const step = () => {
      parts[0]!.gradients.forEach((_, i, to) => {
        to[i] = Math.sin(i + 1)
      })
      adam.step(0.1)
      return parts[0]!.weights.slice()
    }
    step()
    const [saved, weights] = [JSON.parse(JSON.stringify(adam.save())), parts[0]!.weights.slice()]
    const next = step()
    const after = adam.save()
    const putIn = adam.read(saved)
    expect(adam.save()).toEqual(after)
    putIn()
    parts[0]!.weights.set(weights)
    expect(step()).toEqual(next)
    expect(adam.save()).toEqual(after)
    expect(() => adam.read({ ...saved, moments: [] })).toThrow('moments are of 0 parts, must be 1')
  })
})
