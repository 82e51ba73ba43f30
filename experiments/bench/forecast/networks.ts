/**
 * The networks of `lstm` and `gru`, trained as live: one for all traces of the folder, in the product's own training
 * thread, on what came before the part of each trace's first history that the contest tests on. Trained once, before
 * the test parts; live they are trained again now and then.
 */
import { Worker } from 'node:worker_threads'
import { ForecastConfig } from '../../../forecaster/config.ts'
import { knotsFor } from '../../../forecaster/neural/neural-config.ts'
import type { TrainingSeries } from '../../../forecaster/neural/samples.ts'
import { CELLS, type Cell } from '../../../forecaster/neural/shape.ts'
import { trainingPart } from '../../../forecaster/neural/training-part.ts'
import type { TrainedNetworks } from '../../../forecaster/neural/weights.ts'
import type { TrainAnswer, TrainRequest } from '../../../services/loops/train-worker.ts'
import type { Case } from './entrants.ts'
import { historyAt } from './walk.ts'

const SEED = 1
const TRAIN_WORKER = new URL('../../../services/loops/train-worker.ts', import.meta.url)

/** What a network may learn from one trace. */
export function lessonOf({ trace, split }: Omit<Case, 'entry'>): TrainingSeries | undefined {
  const config = ForecastConfig.parse({ horizonSteps: split.reach })
  const { values } = historyAt(trace, split.testFrom, config)
  return trainingPart(values, trace.stepMs, config)
}

export async function trainNetworks(
  known: readonly Case[],
  log: (line: string) => void,
): Promise<TrainedNetworks> {
  const series = known.flatMap((one) => lessonOf(one) ?? [])
  const knots = knotsFor(Math.max(...known.map(({ split }) => split.reach)))
  const trained = await Promise.all(
    CELLS.map(async (cell): Promise<TrainedNetworks> => {
      const startedMs = performance.now()
      const request = { series, cells: [cell], backend: 'kernel', knots, seed: SEED } as const
      const networks = await trainInThread(request)
      log(`${cell}: trained in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`)
      return networks
    }),
  )
  return Object.assign({}, ...trained) satisfies Partial<Record<Cell, unknown>>
}

function trainInThread(request: TrainRequest): Promise<TrainedNetworks> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(TRAIN_WORKER)
    worker.once('message', (answer: TrainAnswer) => {
      if (answer.kind === 'done') resolve(answer.networks)
      else reject(answer.error)
      void worker.terminate()
    })
    worker.once('error', reject)
    worker.postMessage(request)
  })
}
