/**
 * What a service's forecasts hang on, worked out once a model version, in a thread of its own, one service at a time:
 * who asks first starts it, who asks later finds it.
 */
import { Worker } from 'node:worker_threads'
import type { ForecastConfig } from '../../forecaster/config.ts'
import type { ForecasterState } from '../../forecaster/forecaster.ts'
import type { NeuralState } from '../../forecaster/neural/neural-model.ts'
import { CELLS } from '../../forecaster/neural/shape.ts'
import { LOAD_METRIC, type ServiceId } from '../../forecaster/series.ts'
import type { Covariates } from '../covariates/covariates.ts'
import type { LoadBook } from '../loops/load-book.ts'
import type { ImportanceAnswer, ImportanceRequest } from './importance-worker.ts'
import type { FeatureImportance } from './view.ts'

const TIME_LIMIT_MS = 5 * 60 * 1000
const MOST_STEPS = 6000

export interface ImportanceDeps {
  /** As they are now: all change when the configuration is read again. */
  readonly book: () => LoadBook
  readonly covariates: () => Covariates
  readonly settings: () => { readonly forecast: ForecastConfig; readonly seed: number }
  readonly onError: (service: ServiceId, error: unknown) => void
}

export interface Importance {
  /** Undefined while the service has no model. */
  read(service: ServiceId): FeatureImportance | undefined
  close(): Promise<void>
}

export function createImportance(deps: ImportanceDeps): Importance {
  const made = new Map<ServiceId, FeatureImportance>()
  let queue: Promise<unknown> = Promise.resolve()
  let worker: Worker | undefined
  let closed = false

  async function compute(service: ServiceId, computing: FeatureImportance): Promise<void> {
    const champion = deps.book().entries.get(service)?.contenders.champion
    if (closed || !champion) return
    const request = await requestOf(deps, service, champion.state)
    worker = new Worker(new URL('./importance-worker.ts', import.meta.url), {
      workerData: request,
    })
    const answer = await answerOf(worker)
    made.set(service, viewOf(computing, answer, request.series.stepMs))
  }

  return {
    read(service) {
      const version = deps.book().entries.get(service)?.contenders.champion?.state.model.version
      if (version === undefined) return undefined
      const known = made.get(service)
      if (known?.modelVersion === version) return known
      const computing = notReady(service, version, 'computing')
      made.set(service, computing)
      queue = queue
        .then(() => compute(service, computing))
        .catch((error) => {
          made.set(service, notReady(service, version, 'not-possible'))
          deps.onError(service, error)
        })
      return computing
    },
    async close() {
      closed = true
      await worker?.terminate()
      await queue
    },
  }
}

function notReady(
  service: ServiceId,
  modelVersion: string,
  state: FeatureImportance['state'],
): FeatureImportance {
  return { service, state, modelVersion, issueTimes: null, loss: null, inputs: [], neural: [] }
}

async function requestOf(
  { book, covariates, settings }: ImportanceDeps,
  service: ServiceId,
  state: ForecasterState,
): Promise<ImportanceRequest> {
  const { forecast, seed } = settings()
  const { stepMs } = book().following(service)
  const steps = Math.min(forecast.historySteps, MOST_STEPS, Math.floor(forecast.historyMs / stepMs))
  const history = await book().history(service, steps * stepMs)
  const unseen = Math.max(
    0,
    history.values.findIndex((v) => !Number.isNaN(v)),
  )
  const startMs = history.startMs + unseen * stepMs
  const values = history.values.slice(unseen)
  return {
    series: { service, metric: LOAD_METRIC, startMs, stepMs, values },
    ...{ config: forecast, seed, seasons: state.seasons },
    covariates: await covariates().over(service, startMs, values.length),
    networks: Object.fromEntries(
      state.members
        .filter(({ kind }) => CELLS.some((cell) => cell === kind))
        .map(({ kind, modelState }) => [kind, (modelState as NeuralState).weights]),
    ),
  }
}

function answerOf(worker: Worker): Promise<ImportanceAnswer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${TIME_LIMIT_MS} ms`))
      void worker.terminate()
    }, TIME_LIMIT_MS)
    const settle = (act: () => void): void => {
      clearTimeout(timer)
      act()
    }
    worker.once('message', (answer: ImportanceAnswer) => settle(() => resolve(answer)))
    worker.once('error', (error) => settle(() => reject(error)))
    worker.once('exit', (code) => settle(() => reject(new Error(`ended with code ${code}`))))
  })
}

function viewOf(
  computing: FeatureImportance,
  { whole, neural }: ImportanceAnswer,
  stepMs: number,
): FeatureImportance {
  return {
    ...computing,
    state: whole ? 'ready' : 'not-possible',
    issueTimes: whole?.issueTimes ?? null,
    loss: whole?.loss ?? null,
    inputs: (whole?.inputs ?? []).map(({ input, seasonSteps, lossRatio }) => ({
      ...{ input, lossRatio },
      seasonMs: seasonSteps === null ? null : seasonSteps * stepMs,
    })),
    neural: neural.map(({ cell, groups, ...rest }) => ({
      model: cell,
      groups: [...groups],
      ...rest,
    })),
  }
}
