/**
 * Trains the networks of `lstm` and `gru` now and then on what the services' load was, in a thread of their own, so that
 * neither ticks nor fits wait. Trained ones are kept in the ledger over restarts and handed to every fit that begins
 * afterwards; a fit's contest decides whether a service listens to them.
 */
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import type { ForecastConfig } from '../../forecaster/config.ts'
import { knotsFor } from '../../forecaster/neural/neural-config.ts'
import type { TrainingSeries } from '../../forecaster/neural/samples.ts'
import { CELLS, type Cell } from '../../forecaster/neural/shape.ts'
import { trainingPart } from '../../forecaster/neural/training-part.ts'
import {
  NeuralWeights,
  readWeights,
  type TrainedNetworks,
} from '../../forecaster/neural/weights.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { LoadBook } from './load-book.ts'
import type { TrainAnswer, TrainRequest } from './train-worker.ts'

const KEY = 'neural'
const TIME_LIMIT_MS = 10 * 60 * 1000
/** After a failed or fruitless training the next one waits for this share of the usual time. */
const RETRY_SHARE = 1 / 24

export interface NeuralTrainerDeps {
  /** As they are now: both change when the configuration is read again. */
  readonly book: () => Pick<LoadBook, 'entries' | 'history'>
  readonly settings: () => {
    readonly forecast: ForecastConfig
    readonly stepMs: number
    readonly seed: number
  }
  readonly ledger: Pick<Ledger, 'checkpoint' | 'restore'>
  readonly onTrained: (networks: TrainedNetworks, services: number) => void
  readonly onError: (error: unknown) => void
}

export interface NeuralTrainer {
  /** For the next fit; undefined while there are none. */
  networks(): TrainedNetworks | undefined
  /** Trains when it is due; resolves when that is done. While one runs none is begun. */
  run(nowMs: number): Promise<void>
  close(): Promise<void>
}

const Stored = z.strictObject({
  atMs: z.number(),
  networks: z.partialRecord(z.enum(CELLS), z.unknown()),
})

export function createNeuralTrainer(deps: NeuralTrainerDeps): NeuralTrainer {
  const { book, settings, ledger } = deps
  let networks: TrainedNetworks | undefined
  let dueMs = Number.NEGATIVE_INFINITY
  let restored = false
  let running = false
  let closed = false
  let worker: Worker | undefined

  async function restore(): Promise<void> {
    restored = true
    const stored = Stored.safeParse(await ledger.restore(KEY))
    if (!stored.success) return
    networks = Object.fromEntries(
      Object.entries(stored.data.networks).map(([cell, weights]) => [cell, readWeights(weights)]),
    )
    dueMs = stored.data.atMs + settings().forecast.neural.retrainMs
  }

  /** The networks to train; none when they are switched off, or the fleet is too large for them. */
  function wanted(): readonly Cell[] {
    const { models, neural } = settings().forecast
    if (!neural.enabled || book().entries.size > neural.mostServices) return []
    return CELLS.filter((cell) => models.includes(cell))
  }

  async function train(cells: readonly Cell[], nowMs: number): Promise<void> {
    if (!restored) await restore()
    if (nowMs < dueMs) return
    const { forecast, stepMs, seed } = settings()
    const { neural } = forecast
    const series = await lessonsOf(deps)
    const steps = series.reduce((sum, { values }) => sum + values.length, 0)
    // asked again when there may be more
    if (steps < neural.leastSteps) {
      dueMs = nowMs + 10 * stepMs
      return
    }
    dueMs = nowMs + neural.retrainMs * RETRY_SHARE
    const knots = knotsFor(forecast.horizonSteps)
    const request = { series, cells, backend: neural.backend, knots, seed }
    const trained = await inThread(request)
    if (closed || Object.keys(trained).length === 0) return
    networks = trained
    dueMs = nowMs + neural.retrainMs
    await ledger.checkpoint(KEY, { atMs: nowMs, networks: trained }, nowMs)
    deps.onTrained(trained, series.length)
  }

  async function inThread(request: TrainRequest): Promise<TrainedNetworks> {
    worker = new Worker(new URL('./train-worker.ts', import.meta.url))
    worker.unref()
    try {
      worker.postMessage(request)
      const answer = await answerOf(worker)
      if (answer.kind === 'failed') throw new Error('training threw', { cause: answer.error })
      return readNetworks(answer.networks)
    } finally {
      await worker.terminate()
      worker = undefined
    }
  }

  return {
    networks: () => (wanted().length > 0 ? networks : undefined),
    async run(nowMs) {
      const cells = wanted()
      if (cells.length === 0 || running || closed) return
      running = true
      try {
        await train(cells, nowMs)
      } catch (error) {
        if (!closed) deps.onError(error)
      } finally {
        running = false
      }
    },
    async close() {
      closed = true
      await worker?.terminate()
    },
  }
}

/** Of services spread evenly over all: what each one's contest is not tested on. */
async function lessonsOf({ book, settings }: NeuralTrainerDeps): Promise<TrainingSeries[]> {
  const { forecast: config, stepMs } = settings()
  const services = [...book().entries.keys()]
  const every = Math.max(1, services.length / config.neural.mostSeries)
  const lengthMs = Math.min(config.historyMs, config.historySteps * stepMs)
  const series: TrainingSeries[] = []
  for (let i = 0; i < services.length; i += every) {
    const { values } = await book().history(services[Math.floor(i)]!, lengthMs)
    const part = trainingPart(values, stepMs, config)
    if (part) series.push(part)
  }
  return series
}

function readNetworks(networks: TrainedNetworks): TrainedNetworks {
  return Object.fromEntries(
    Object.entries(networks).map(([cell, weights]) => [cell as Cell, NeuralWeights.parse(weights)]),
  )
}

/** The worker's answer; rejects when it crashes, ends, or takes longer than the limit. */
function answerOf(worker: Worker): Promise<TrainAnswer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no network within ${TIME_LIMIT_MS / 60_000} minutes`)),
      TIME_LIMIT_MS,
    )
    timer.unref()
    worker.once('message', resolve)
    worker.once('error', (cause) => reject(new Error('training crashed', { cause })))
    worker.once('exit', () => {
      clearTimeout(timer)
      reject(new Error('training ended'))
    })
  })
}
