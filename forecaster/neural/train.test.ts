import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { emptyBatch } from './network.ts'
import { knotsFor, NeuralConfig } from './neural-config.ts'
import { drawn, heldOut, lessonsOf } from './samples.ts'
import { CELLS } from './shape.ts'
import { smallConfig, waves } from './test-weights.ts'
import { fitNeural, shapeOf } from './train.ts'
import { parametersOf } from './weights.ts'

describe.each(CELLS)('training an %s', (cell) => {
  const config = smallConfig(cell)

  it('gives the same bytes for the same series, config and seed', () => {
    const first = fitNeural(waves(3), config, 7)!
    expect(fitNeural(waves(3), config, 7)).toBe(first) // equal weights are one object
    expect(fitNeural(waves(3), config, 8)!.parameters).not.toBe(first.parameters)
  })

  it('gives the same bytes on the plain backend too, near those of the kernel', () => {
    const small = { ...config, backend: 'typescript' as const, epochs: 1, batchesPerEpoch: 5 }
    const first = fitNeural(waves(3), small, 7)!
    expect(fitNeural(waves(3), small, 7)!.parameters).toBe(first.parameters)
    const kernel = parametersOf(fitNeural(waves(3), { ...small, backend: 'kernel' }, 7)!)
    parametersOf(first).forEach((value, i) => {
      expect(Math.abs(value - kernel[i]!)).toBeLessThan(1e-3)
    })
  })

  it('finds a pattern that nobody told it of', () => {
    const hidden = [0, 1, 2].map((phase) => ({
      values: Float64Array.from({ length: 400 }, (_, t) => 20 + 5 * ((t + phase) % 7)),
      seasons: [],
    }))
    const near = { ...config, knots: [0, 1] }
    const idle = fitNeural(hidden, { ...near, epochs: 1, learningRate: 1e-9 }, 1)!
    const learned = fitNeural(hidden, { ...near, epochs: 12 }, 1)!
    expect(learned.training.heldOutLoss).toBeLessThan(0.5 * idle.training.heldOutLoss!)
  })
})

describe('training', () => {
  const config = smallConfig('lstm')

  it('keeps the parameters of the epoch with the least held-out loss', () => {
    let best = Number.POSITIVE_INFINITY
    const weights = fitNeural(waves(4), { ...config, epochs: 12, patience: 2 }, 1, {
      onEpoch: ({ heldOutLoss, best: better }) => {
        expect(better).toBe(heldOutLoss! < best)
        best = Math.min(best, heldOutLoss!)
        return true
      },
    })!
    expect(weights.training.heldOutLoss).toBe(best)
  })

  it('ends when it is told to, with what it has', () => {
    const told: number[] = []
    const weights = fitNeural(waves(3), { ...config, epochs: 10 }, 1, {
      onEpoch: ({ epoch }) => {
        told.push(epoch)
        return epoch < 2
      },
    })!
    expect(told).toEqual([1, 2])
    expect(weights.training.batches).toBe(2 * config.batchesPerEpoch)
  })

  it('never takes more batches than config allows', () => {
    const { training } = fitNeural(waves(3), { ...config, epochs: 2, batchesPerEpoch: 3 }, 1)!
    expect(training.batches).toBeLessThanOrEqual(6)
  })

  it('learns nothing from nothing', () => {
    const gaps = { values: new Float64Array(500).fill(Number.NaN), seasons: [24] }
    const zeros = { values: new Float64Array(500), seasons: [] }
    const short = { values: Float64Array.of(1, 2, 3), seasons: [] }
    for (const list of [[], [gaps], [zeros], [short], [gaps, zeros, short]])
      expect(fitNeural(list, config, 1)).toBeUndefined()
  })

  it('stays finite whatever the series hold', () => {
    const series = [
      (i: number) => (i % 2 === 0 ? 1e12 : 1e-12),
      (i: number) => (i === 150 ? 1e9 : 1),
      (i: number) => [1e308, -1e308, Number.NaN, Number.POSITIVE_INFINITY, 5][i % 5]!,
      (i: number) => 1.1 ** i,
      () => 7,
    ].map((valueAt) => ({
      values: Float64Array.from({ length: 300 }, (_, i) => valueAt(i)),
      seasons: [24],
    }))
    const weights = fitNeural(series, config, 1)!
    expect(parametersOf(weights).every(Number.isFinite)).toBe(true)
    expect(Number.isFinite(weights.training.heldOutLoss)).toBe(true)
  })

  it('asks for the library when the backend is tensorflow', () => {
    expect(() => fitNeural(waves(3), { ...config, backend: 'tensorflow' }, 1)).toThrow(
      'createNetwork',
    )
  })
})

describe('samples', () => {
  const config = smallConfig('lstm')
  const shape = shapeOf(config)

  it('hold nothing of what came after their issue time: change the future, and only targets change', () => {
    const series = waves(1)[0]!
    const changed = { ...series, values: series.values.slice() }
    const [lesson] = lessonsOf([series], shape, 0.15)
    for (let i = lesson!.end; i < changed.values.length; i++) changed.values[i] = 1e6
    const batches = [series, changed].map((one) => {
      const batch = emptyBatch(shape, 64)
      drawn(lessonsOf([one], shape, 0.15), shape, seededRandom(3), batch)
      return batch
    })
    // nor do training's targets reach into the held-out part
    expect(batches[1]).toEqual(batches[0])
    const at = heldOut(lessonsOf([series], shape, 0.15), shape, 8, 1)[0]!
    const later = heldOut(lessonsOf([changed], shape, 0.15), shape, 8, 1)[0]!
    expect(later.inputs.filter((_, i) => i % 8 === 0)).toEqual(
      at.inputs.filter((_, i) => i % 8 === 0),
    )
    expect(later.knotInput.filter((_, i) => i % 8 === 0)).toEqual(
      at.knotInput.filter((_, i) => i % 8 === 0),
    )
    expect(later.target).not.toEqual(at.target)
  })

  it('give no weight to a target that is missing', () => {
    const series = waves(1)[0]!
    const values = series.values.map((v, i) => (i % 3 === 0 ? Number.NaN : v))
    const batch = emptyBatch(shape, 64)
    drawn(lessonsOf([{ ...series, values }], shape, 0), shape, seededRandom(3), batch)
    const share = batch.weight.reduce((sum, w) => sum + w, 0) / batch.weight.length
    expect(share).toBeGreaterThan(0.55)
    expect(share).toBeLessThan(0.72)
  })

  it('are alike for a load a thousand times as large', () => {
    const series = waves(1)[0]!
    const large = { ...series, values: series.values.map((v) => 1000 * v) }
    const [a, b] = [series, large].map((one) => {
      const batch = emptyBatch(shape, 16)
      drawn(lessonsOf([one], shape, 0.1), shape, seededRandom(3), batch)
      return batch
    })
    a!.knotInput.forEach((value, i) => {
      expect(b!.knotInput[i]).toBeCloseTo(value, 3)
    })
    a!.target.forEach((value, i) => {
      expect(b!.target[i]).toBeCloseTo(value, 3)
    })
  })
})

it('knots begin at the next step, end at the horizon and ascend', () => {
  for (const horizon of [1, 2, 3, 5, 15, 60, 288, 1440]) {
    const knots = knotsFor(horizon)
    expect(knots[0]).toBe(0)
    expect(knots.at(-1)).toBe(horizon - 1)
    expect(NeuralConfig.shape.knots.parse(knots)).toEqual(knots)
    expect(knots.length).toBeLessThan(25)
  }
})
