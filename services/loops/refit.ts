/** Fits what is due, as many series side by side as the fitter says; the old model serves meanwhile. */
import type { ForecastConfig } from '../../forecaster/config.ts'
import type { TrainedNetworks } from '../../forecaster/neural/weights.ts'
import { LOAD_METRIC, type ServiceId } from '../../forecaster/series.ts'
import type { Covariates } from '../covariates/covariates.ts'
import { type Due, refitDue } from '../models/due.ts'
import type { Lifecycle } from '../models/lifecycle.ts'
import type { Entry } from './entry.ts'
import type { Fitter } from './fitter.ts'
import type { LoadBook } from './load-book.ts'

export interface RefitDeps {
  /** As they are now: all change when the configuration is read again. */
  readonly book: () => LoadBook
  readonly settings: () => {
    readonly forecast: ForecastConfig
    readonly stepMs: number
    readonly seed: number
  }
  readonly covariates: () => Covariates
  readonly fitter: Fitter
  /** For the neural models; undefined while none is trained. */
  readonly networks: () => TrainedNetworks | undefined
  readonly lifecycle: Pick<Lifecycle, 'enrol' | 'restoring'>
  readonly onError: (service: ServiceId, error: unknown) => void
}

export interface Refitter {
  /** Fits what is due; resolves when all of it is taken over. A series already being fitted is not begun again. */
  run(nowMs: number): Promise<void>
}

export function createRefitter(deps: RefitDeps): Refitter {
  const { book, settings, covariates, fitter, networks, lifecycle, onError } = deps
  const running = new Set<ServiceId>()

  async function refit({ service, contenders }: Entry, due: Due, nowMs: number): Promise<void> {
    const { forecast, stepMs, seed } = settings()
    if (due.reason === 'manual') contenders.retrain = undefined
    const lengthMs = Math.min(forecast.historyMs, forecast.historySteps * stepMs)
    const history = await book().history(service, lengthMs)
    const firstSeen = history.values.findIndex((v) => !Number.isNaN(v))
    if (firstSeen < 0) return
    const fromMs = history.startMs + firstSeen * stepMs
    const values = history.values.slice(firstSeen)
    const series = { service, metric: LOAD_METRIC, startMs: fromMs, stepMs, values }
    const report = await fitter.fit(series, forecast, seed, {
      fittedAtMs: nowMs,
      covariates: await covariates().over(service, fromMs, values.length),
      neural: networks(),
    })
    covariates().verdicts.set(service, report.covariates)
    const toMs = fromMs + values.length * stepMs
    await lifecycle.enrol(service, {
      ...{ report, config: forecast, seed, stepMs },
      ...{ fromMs, toMs, due, nowMs },
    })
  }

  function dueOf(entry: Entry, nowMs: number): Due | undefined {
    if (running.has(entry.service) || lifecycle.restoring(entry.service)) return undefined
    const { forecast, stepMs } = settings()
    return refitDue(entry.contenders, entry.loadAtMs, nowMs, forecast, stepMs)
  }

  return {
    async run(nowMs) {
      const all = [...book().entries.values()].flatMap((entry) => {
        const due = dueOf(entry, nowMs)
        return due ? [{ entry, due }] : []
      })
      for (const { entry } of all) running.add(entry.service)
      const rest = all.values()
      async function one(): Promise<void> {
        for (const { entry, due } of rest) {
          try {
            await refit(entry, due, nowMs)
          } catch (error) {
            onError(entry.service, error)
          } finally {
            running.delete(entry.service)
          }
        }
      }
      const parallel = all.length > 1 ? ((await fitter.parallel?.()) ?? 1) : 1
      await Promise.all(Array.from({ length: Math.min(parallel, all.length) }, one))
    },
  }
}
