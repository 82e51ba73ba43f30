/** The thread that walks one entrant through one series at a time; the terminal and Ctrl-C stay awake meanwhile. */
import { parentPort } from 'node:worker_threads'
import { type RollingPlan, rollingBacktest } from '../../forecaster/accuracy/rolling.ts'
import type { ForecastConfig } from '../../forecaster/config.ts'
import type { ModelKind } from '../../forecaster/forecast.ts'
import type { Series } from '../../forecaster/series.ts'

export interface WalkRequest {
  readonly series: Series
  readonly entrant: ModelKind
  readonly config: ForecastConfig
  readonly seed: number
  readonly plan: RollingPlan
}

const clock = (): number => performance.now()

// what is thrown ends the thread, and walker.ts tells it to whoever asked
parentPort?.on('message', ({ series, entrant, config, seed, plan }: WalkRequest) => {
  parentPort?.postMessage(rollingBacktest(series, entrant, config, seed, plan, clock))
})
