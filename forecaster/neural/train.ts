/**
 * Trains one network for many series (a global model, Montero-Manso & Hyndman 2021): windows are drawn by chance from
 * every series' past, the newest part of each is held out, and training stops when the loss there no longer falls.
 * Steps ahead are drawn around the knots, so that the network knows the steps between them too. The learning rate warms
 * up and then falls along a cosine (Loshchilov & Hutter 2017).
 */
import { seededRandom } from '../random.ts'
import { INPUTS, KNOT_FEATURES } from './features.ts'
import { createKernelNetwork } from './kernel-network.ts'
import { type Batch, type CreateNetwork, emptyBatch, type Network } from './network.ts'
import type { NeuralConfig } from './neural-config.ts'
import { createPlainNetwork } from './plain-network.ts'
import { drawn, heldOut, type Lesson, lessonsOf, type TrainingSeries } from './samples.ts'
import { initialParameters, type NeuralShape } from './shape.ts'
import { makeWeights, type NeuralWeights } from './weights.ts'

export interface Epoch {
  /** From 1. */
  readonly epoch: number
  readonly epochs: number
  readonly batches: number
  readonly trainingLoss: number
  /** Null when the series are too short to hold anything out. */
  readonly heldOutLoss: number | null
  readonly best: boolean
}

export interface TrainOptions {
  /** Creates the network of `config.backend`; given for `tensorflow` only, whose library loads asynchronously. */
  readonly createNetwork?: CreateNetwork
  /** Told after every epoch; false ends training, and the best parameters so far are kept. */
  readonly onEpoch?: (epoch: Epoch) => boolean | undefined
}

/** Steps of the learning rate's warm-up. */
const WARM_UP = 40
const LEAST_RATE = 0.03

export function shapeOf(config: NeuralConfig): NeuralShape {
  const { cell, hidden, headHidden, window, knots, levels } = config
  return {
    cell,
    inputs: INPUTS.length,
    hidden,
    window,
    knotFeatures: KNOT_FEATURES,
    headHidden,
    knots: [...knots],
    levels: [...levels],
  }
}

/**
 * Undefined when no series is long enough to learn from. Same series, config, seed and backend: same bytes.
 * Throws when `config.backend` is tensorflow and no `createNetwork` is given.
 */
export function fitNeural(
  seriesList: readonly TrainingSeries[],
  config: NeuralConfig,
  seed: number,
  options: TrainOptions = {},
): NeuralWeights | undefined {
  const shape = shapeOf(config)
  const lessons = lessonsOf(seriesList, shape, config.heldOutShare)
  if (lessons.every((lesson) => lesson.windows === 0)) return undefined
  const random = seededRandom(seed)
  const network = (options.createNetwork ?? creatorOf(config.backend))(shape, config.batchSize)
  try {
    network.load(initialParameters(shape, random))
    const run = runEpochs(network, lessons, config, random, options.onEpoch)
    const training = {
      seed,
      backend: config.backend,
      series: lessons.filter((lesson) => lesson.windows > 0).length,
      batches: run.batches,
      bestEpoch: run.bestEpoch,
      heldOutLoss: Number.isFinite(run.bestLoss) ? run.bestLoss : null,
    }
    return makeWeights(shape, training, run.parameters)
  } finally {
    network.dispose()
  }
}

function creatorOf(backend: NeuralConfig['backend']): CreateNetwork {
  if (backend === 'kernel') return createKernelNetwork
  if (backend === 'typescript') return createPlainNetwork
  throw new Error('backend tensorflow must be loaded first: give createNetwork')
}

interface Run {
  readonly parameters: Float32Array
  readonly bestEpoch: number
  readonly bestLoss: number
  readonly batches: number
}

function runEpochs(
  network: Network,
  lessons: readonly Lesson[],
  config: NeuralConfig,
  random: () => number,
  onEpoch: TrainOptions['onEpoch'],
): Run {
  const { shape, lanes } = network
  const windows = lessons.reduce((sum, lesson) => sum + lesson.windows, 0)
  const perEpoch = Math.min(config.batchesPerEpoch, Math.ceil(windows / lanes))
  const checks = heldOut(lessons, shape, lanes, config.heldOutBatches)
  const batch = emptyBatch(shape, lanes)
  let best = network.parameters()
  let bestLoss = Number.POSITIVE_INFINITY
  let bestEpoch = 0
  let batches = 0
  for (let epoch = 1; epoch <= config.epochs; epoch++) {
    let sum = 0
    for (let i = 0; i < perEpoch; i++) {
      drawn(lessons, shape, random, batch)
      sum += network.train(batch, rateAt(batches++, config.epochs * perEpoch, config.learningRate))
    }
    const loss = checks.length > 0 ? meanLoss(network, checks) : null
    const better = loss === null || loss < bestLoss
    if (better) {
      best = network.parameters()
      bestEpoch = epoch
      bestLoss = loss ?? bestLoss
    }
    const { epochs } = config
    const told = { epoch, epochs, batches, trainingLoss: sum / perEpoch, heldOutLoss: loss }
    if (onEpoch?.({ ...told, best: better }) === false) break
    if (epoch - bestEpoch >= config.patience) break
  }
  return { parameters: best, bestEpoch, bestLoss, batches }
}

function rateAt(batch: number, batches: number, rate: number): number {
  const warm = Math.min(1, (batch + 1) / Math.min(WARM_UP, batches))
  const fall = 0.5 * (1 + Math.cos((Math.PI * batch) / batches))
  return rate * warm * (LEAST_RATE + (1 - LEAST_RATE) * fall)
}

function meanLoss(network: Network, checks: readonly Batch[]): number {
  let sum = 0
  let known = 0
  for (const batch of checks) {
    const weight = batch.weight.reduce((total, w) => total + w, 0)
    sum += weight * lossOf(network, batch)
    known += weight
  }
  return known > 0 ? sum / known : Number.POSITIVE_INFINITY
}

/** Pinball loss of a forward pass, mean over levels and known targets. */
export function lossOf(network: Network, batch: Batch): number {
  const { levels } = network.shape
  const { lanes, weight, target } = batch
  const quantiles = network.forward(batch)
  let sum = 0
  let known = 0
  for (let i = 0; i < weight.length; i++) {
    if (weight[i] === 0) continue
    const [k, lane] = [Math.floor(i / lanes), i % lanes]
    for (let j = 0; j < levels.length; j++) {
      const error = target[i]! - quantiles[(k * levels.length + j) * lanes + lane]!
      sum += error > 0 ? levels[j]! * error : (levels[j]! - 1) * error
    }
    known++
  }
  return known > 0 ? sum / (known * levels.length) : 0
}
