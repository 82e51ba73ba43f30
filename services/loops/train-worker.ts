/** The thread that trains networks: one request, one answer, then it is done. It may be ended at any moment. */
import { parentPort } from 'node:worker_threads'
import { NeuralConfig } from '../../forecaster/neural/neural-config.ts'
import type { TrainingSeries } from '../../forecaster/neural/samples.ts'
import type { Cell } from '../../forecaster/neural/shape.ts'
import { fitNeural } from '../../forecaster/neural/train.ts'
import type { TrainedNetworks } from '../../forecaster/neural/weights.ts'

export interface TrainRequest {
  readonly series: readonly TrainingSeries[]
  readonly cells: readonly Cell[]
  readonly backend: NeuralConfig['backend']
  readonly knots: readonly number[]
  readonly seed: number
}

export type TrainAnswer =
  | { readonly kind: 'done'; readonly networks: TrainedNetworks }
  | { readonly kind: 'failed'; readonly error: unknown }

async function train({
  series,
  cells,
  backend,
  knots,
  seed,
}: TrainRequest): Promise<TrainedNetworks> {
  const createNetwork = backend === 'tensorflow' ? await tensorflow() : undefined
  const trained = cells.flatMap((cell) => {
    const config = NeuralConfig.parse({ cell, backend, knots })
    const weights = fitNeural(series, config, seed, createNetwork ? { createNetwork } : {})
    return weights ? [[cell, weights] as const] : []
  })
  return Object.fromEntries(trained)
}

/** Loaded only when asked for: the library takes seconds. */
async function tensorflow() {
  const [{ loadTensorflow }, { tensorflowNetworks }] = await Promise.all([
    import('../tensorflow/backend.ts'),
    import('../tensorflow/network.ts'),
  ])
  return tensorflowNetworks((await loadTensorflow()).tf)
}

const answer = (message: TrainAnswer): void => parentPort?.postMessage(message)

parentPort?.once('message', (request: TrainRequest) => {
  train(request).then(
    (networks) => answer({ kind: 'done', networks }),
    (error: unknown) => answer({ kind: 'failed', error }),
  )
})
