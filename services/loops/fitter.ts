/**
 * Fits forecasters in a worker thread, one at a time, first come first served. A worker that crashes, or takes
 * longer than the limit, is thrown away, and the fit is tried again in a new one with less: without ARIMA (whose
 * library is the one part that is not ours), then with seasonal naive alone. The contest says so.
 */
import { Worker } from 'node:worker_threads'
import type { ForecastConfig } from '../../forecaster/config.ts'
import type { FitOptions, FitReport } from '../../forecaster/forecaster.ts'
import { readForecaster } from '../../forecaster/forecaster-state.ts'
import type { Series } from '../../forecaster/series.ts'
import type { FitAnswer, FitRequest } from './fit-worker.ts'

/** Loading the code takes this long at most, on a busy machine too. */
const START_LIMIT_MS = 60_000

export interface FitterOptions {
  /** A fit that takes longer is ended. */
  readonly timeLimitMs: number
  /** Default: `fit-worker.ts`. */
  readonly workerFile?: URL
}

export interface Fitter {
  /** Rejects with `FitFailed` when even the simplest fit failed, or the fitter was closed. */
  fit(series: Series, config: ForecastConfig, seed: number, options: FitOptions): Promise<FitReport>
  /** Fits that are worth asking for side by side now; one when absent. */
  readonly parallel?: () => Promise<number>
  close(): Promise<void>
}

/** One thread, begun anew after a fault. */
export interface FitThread {
  /** One at a time. Rejects with FitFailed when the fit threw, the thread ended, or time was up. */
  attempt(request: FitRequest): Promise<FitReport>
  /** What it is at rejects. */
  close(): Promise<void>
}

export class FitFailed extends Error {
  override readonly name = 'FitFailed'
}

export function createFitThread({ timeLimitMs, workerFile }: FitterOptions): FitThread {
  const file = workerFile ?? new URL('./fit-worker.ts', import.meta.url)
  let worker: Worker | undefined

  async function close(): Promise<void> {
    const old = worker
    worker = undefined
    await old?.terminate()
  }

  async function ready(): Promise<Worker> {
    if (worker) return worker
    const fresh = new Worker(file)
    worker = fresh
    await answerOf(fresh, START_LIMIT_MS)
    return fresh
  }

  return {
    close,
    async attempt(request) {
      try {
        const thread = await ready()
        thread.ref()
        const answered = answerOf(thread, timeLimitMs)
        thread.postMessage(request)
        const answer = await answered
        thread.unref()
        if (answer.kind === 'done')
          return { ...answer.report, state: readForecaster(answer.report.state) }
        throw new FitFailed('the fit threw', {
          cause: answer.kind === 'failed' ? answer.error : answer,
        })
      } catch (error) {
        await close()
        throw error
      }
    },
  }
}

export function createFitter(options: FitterOptions): Fitter {
  const thread = createFitThread(options)
  let closed = false
  let queue: Promise<unknown> = Promise.resolve()

  async function attempt(request: FitRequest): Promise<FitReport> {
    if (closed) throw new FitFailed('the fitter is closed')
    return thread.attempt(request)
  }

  async function fitWithLess(request: FitRequest): Promise<FitReport> {
    const { config } = request
    const withoutArima = config.models.filter((kind) => kind !== 'arima')
    const choices: (typeof config.models)[] = [config.models]
    if (withoutArima.length > 0 && withoutArima.length < config.models.length)
      choices.push(withoutArima)
    choices.push(['seasonal-naive'])
    let cause: unknown
    for (const models of choices) {
      if (closed) break
      try {
        const report = await attempt({ ...request, config: { ...config, models } })
        return withLeftOut(report, config.models, models, cause)
      } catch (error) {
        cause = error
      }
    }
    throw new FitFailed(
      `fitting ${request.series.service} failed${closed ? ': the fitter is closed' : ''}`,
      { cause },
    )
  }

  return {
    fit(series, config, seed, options) {
      const fitted = queue.then(() => fitWithLess({ series, config, seed, options }))
      queue = fitted.catch(() => undefined)
      return fitted
    },
    async close() {
      closed = true
      await thread.close()
    },
  }
}

/** The worker's next message; rejects when it crashes, ends, or stays silent for longer than `limitMs`. */
function answerOf(worker: Worker, limitMs: number): Promise<FitAnswer> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer)
      worker.off('message', onMessage).off('error', onError).off('exit', onExit)
      act()
    }
    const onMessage = (answer: FitAnswer): void => settle(() => resolve(answer))
    const onError = (cause: unknown): void =>
      settle(() => reject(new FitFailed('the worker crashed', { cause })))
    const onExit = (code: number): void =>
      settle(() => reject(new FitFailed(`the worker ended with code ${code}`)))
    const timer = setTimeout(
      () => settle(() => reject(new FitFailed(`no answer within ${limitMs} ms`))),
      limitMs,
    )
    worker.on('message', onMessage).on('error', onError).on('exit', onExit)
  })
}

function withLeftOut(
  report: FitReport,
  wanted: ForecastConfig['models'],
  used: ForecastConfig['models'],
  cause: unknown,
): FitReport {
  const why = cause instanceof Error ? cause.message : String(cause)
  const leftOut = wanted
    .filter((kind) => !used.includes(kind))
    .map((kind) => ({ kind, scaledPinball: null, mase: null, note: `left out: ${why}` }))
  return leftOut.length === 0 ? report : { ...report, contest: [...report.contest, ...leftOut] }
}
