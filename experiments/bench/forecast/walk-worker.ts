/** A worker thread that walks one trace at a time with one configuration of ours. */
import { parentPort } from 'node:worker_threads'
import type { TraceEntry } from '../../../datasets/traces/manifest.ts'
import { ForecastConfig } from '../../../forecaster/config.ts'
import { readWeights, type TrainedNetworks } from '../../../forecaster/neural/weights.ts'
import { splitOf } from './split.ts'
import { readTrace } from './trace.ts'
import { type Walk, walk } from './walk.ts'

export interface WalkTask {
  readonly folder: string
  readonly trace: TraceEntry
  readonly origins: number
  readonly config: unknown
  readonly seed: number
  readonly refits: number
  /** Where one is given. */
  readonly neural: TrainedNetworks
  readonly dense: boolean
}

export type WalkAnswer = { readonly walk: Walk } | { readonly error: string }

parentPort?.on('message', (task: WalkTask) => {
  try {
    const trace = readTrace(task.folder, task.trace)
    const split = splitOf(trace, task.origins)
    if (split === undefined) throw new Error('too short to split')
    // each thread keeps one copy of the weights, whatever the number of traces
    const neural = Object.fromEntries(
      Object.entries(task.neural).map(([cell, weights]) => [cell, readWeights(weights)]),
    )
    const plan = { ...task, config: ForecastConfig.parse(task.config), neural }
    const done = walk(trace, split, plan)
    parentPort?.postMessage({ walk: done } satisfies WalkAnswer, [
      done.quantiles.buffer as ArrayBuffer,
    ])
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    parentPort?.postMessage({ error: text } satisfies WalkAnswer)
  }
})
