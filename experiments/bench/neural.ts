/**
 * Training time of our LSTM and GRU against PyTorch on the CPU: the same network (hidden 32, window 48, 4 features,
 * 12 knots, 9 levels), batches of 64, one thread each. The two take turns, so that what else the machine does falls on both.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { createKernelNetwork } from '../../forecaster/neural/kernel-network.ts'
import { type Batch, emptyBatch, type Network } from '../../forecaster/neural/network.ts'
import { createPlainNetwork } from '../../forecaster/neural/plain-network.ts'
import {
  CELLS,
  type Cell,
  initialParameters,
  type NeuralShape,
} from '../../forecaster/neural/shape.ts'
import { seededRandom } from '../../forecaster/random.ts'
import type { Figure } from './timing.ts'

const TorchAnswer = z.object({ least: z.number(), name: z.string() })
type TorchAnswer = z.infer<typeof TorchAnswer>

const BATCH = 64
const RUNS = 60
const TURNS = 3
const PEER = fileURLToPath(new URL('peers/torch_lstm_speed.py', import.meta.url))

export function benchShape(cell: Cell): NeuralShape {
  return {
    cell,
    inputs: 4,
    hidden: 32,
    window: 48,
    knotFeatures: 20,
    headHidden: 32,
    knots: Array.from({ length: 12 }, (_, i) => i),
    levels: [0.01, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 0.99],
  }
}

/** `python`: an interpreter that has torch. Without one there is nothing to compare with: throws what it says. */
export function benchNeural(python: string): Figure[] {
  return CELLS.flatMap((cell): Figure[] => {
    const shape = benchShape(cell)
    const ours: number[] = []
    const theirs: TorchAnswer[] = []
    for (let turn = 0; turn < TURNS; turn++) {
      ours.push(trainingMs(createKernelNetwork(shape, BATCH), RUNS))
      theirs.push(askTorch(python, shape))
    }
    const kernel = Math.min(...ours)
    const torch = Math.min(...theirs.map(({ least }) => least))
    const plain = trainingMs(createPlainNetwork(shape, BATCH), 3)
    const unit = 'ms a training batch of 64, one thread'
    const peer = `${theirs[0]!.name}, ${torch.toFixed(2)} ms`
    return [
      { name: `forecast.${cell}.train`, value: kernel, unit, peer, ratio: kernel / torch },
      {
        name: `forecast.${cell}.train.typescript`,
        value: plain,
        unit,
        peer,
        ratio: plain / torch,
      },
    ]
  })
}

function trainingMs(network: Network, runs: number): number {
  const random = seededRandom(1)
  const batch = randomBatch(network.shape, random)
  network.load(initialParameters(network.shape, random))
  let least = Number.POSITIVE_INFINITY
  for (let run = -Math.ceil(runs / 10); run < runs; run++) {
    const startedMs = performance.now()
    network.train(batch, 1e-3)
    if (run >= 0) least = Math.min(least, performance.now() - startedMs)
  }
  network.dispose()
  return least
}

function randomBatch(shape: NeuralShape, random: () => number): Batch {
  const batch = emptyBatch(shape, BATCH)
  for (const table of [batch.inputs, batch.knotInput, batch.baseline, batch.target])
    for (let i = 0; i < table.length; i++) table[i] = 2 * random() - 1
  batch.weight.fill(1)
  return batch
}

function askTorch(python: string, shape: NeuralShape): TorchAnswer {
  const input = JSON.stringify({ ...shape, knots: shape.knots.length, batch: BATCH, runs: RUNS })
  const answer = execFileSync(python, ['-s', PEER], {
    input,
    encoding: 'utf8',
    env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    timeout: 120_000,
  })
  return TorchAnswer.parse(JSON.parse(answer))
}
