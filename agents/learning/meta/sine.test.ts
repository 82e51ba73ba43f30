/**
 * The first experiment of both papers: sine waves of amplitude 0.1 to 5 and any phase, each to be learned from ten points
 * by a few gradient steps (Finn, Abbeel & Levine 2017, §5.1; Nichol, Achiam & Schulman 2018, §5.1).
 */
import { describe, expect, it } from 'vitest'
import { createChance } from '../chance.ts'
import { createNetwork, type Network } from '../network.ts'
import { metaLearn } from './meta-learn.ts'
import { type Adapted, META_KINDS } from './meta-step.ts'

interface Wave {
  readonly amplitude: number
  readonly phase: number
}

const POINTS = 10
const STEPS = 10
const RATE = 0.02
const GRID = Float32Array.from({ length: 50 }, (_, i) => -5 + (10 * i) / 49)

const chance = createChance(7)
const drawWave = (random: () => number): Wave => ({
  amplitude: 0.1 + 4.9 * random(),
  phase: 2 * Math.PI * random(),
})
const drawPoints = (random: () => number): Float32Array =>
  Float32Array.from({ length: POINTS }, () => -5 + 10 * random())
const heightOf = ({ amplitude, phase }: Wave, x: number): number => amplitude * Math.sin(x + phase)

const network: Network = createNetwork(
  { inputs: 1, hidden: [32, 32], outputs: 1, activation: 'tanh' },
  chance,
  { mostRows: 50, initial: { kind: 'orthogonal', hiddenGain: Math.SQRT2, outputGain: 1 } },
)
const untrained = network.weights.slice()

/** One step of gradient descent on the mean squared error at `points`. */
function descend(weights: Float32Array, wave: Wave, points: Float32Array): Float32Array {
  network.weights.set(weights)
  network.gradients.fill(0)
  const outputs = network.forward(points, points.length)
  const slopes = Float32Array.from(
    points,
    (x, i) => (2 * (outputs[i]! - heightOf(wave, x))) / points.length,
  )
  network.backward(slopes, points.length, 'weights')
  return weights.map((w, i) => w - RATE * network.gradients[i]!)
}

function learn(weights: Float32Array, wave: Wave, points: Float32Array): Float32Array {
  let learned = weights
  for (let step = 0; step < STEPS; step++) learned = descend(learned, wave, points)
  return learned
}

/** Mean squared error over the whole interval. */
function errorOf(weights: Float32Array, wave: Wave): number {
  network.weights.set(weights)
  const outputs = network.forward(GRID, GRID.length)
  return outputs.reduce((sum, y, i) => sum + (y - heightOf(wave, GRID[i]!)) ** 2, 0) / GRID.length
}

/** Error on new waves after learning from ten points of each. */
function fewShotError(weights: Float32Array): number {
  const later = createChance(99)
  const errors = Array.from({ length: 50 }, () => {
    const wave = drawWave(later.uniform)
    return errorOf(learn(weights, wave, drawPoints(later.uniform)), wave)
  })
  return errors.reduce((sum, error) => sum + error, 0) / errors.length
}

describe('from ten points of a new sine wave', () => {
  it.each(META_KINDS)('%s learns at least twice as well as from nothing', (kind) => {
    const { uniform } = createChance(1)
    const problem = {
      draw: drawWave,
      adapt(weights: Float32Array, wave: Wave, random: () => number): Adapted {
        const beforeLast = learn(weights, wave, drawPoints(random))
        return { beforeLast, last: descend(beforeLast, wave, drawPoints(random)) }
      },
    }
    // a step of MAML is one inner step's, of Reptile all of them
    const stepSize = kind === 'reptile' ? 0.5 : 2
    const settings = { kind, iterations: 1500, tasksPerIteration: 2, stepSize }
    const learned = fewShotError(metaLearn(untrained, problem, settings, uniform))
    const scratch = fewShotError(untrained)
    expect(learned).toBeLessThan(scratch / 2)
  })
})
