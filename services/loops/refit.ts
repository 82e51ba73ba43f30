/**
 * When a series is fitted anew: at once when it has no model; while its history is young each time it has grown by
 * a quarter; later every `refitMs`, or as soon as it drifts, but not more often than a quarter of its season.
 */
import type { ForecastConfig } from '../../forecaster/config.ts'
import { LOAD_METRIC, type ServiceId } from '../../forecaster/series.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Fitter } from './fitter.ts'
import type { Entry, Fit, LoadBook } from './load-book.ts'

const GROWTH = 0.25
const FIRST_STEPS = 5
/** Without a season, a drifting series rests so many steps between refits. */
const REST_STEPS = 20

export interface RefitDeps {
  readonly book: LoadBook
  readonly fitter: Fitter
  readonly ledger: Ledger
  readonly config: ForecastConfig
  readonly stepMs: number
  readonly seed: number
  readonly onError: (service: ServiceId, error: unknown) => void
}

export function refitDue(
  entry: Entry,
  nowMs: number,
  config: ForecastConfig,
  stepMs: number,
): boolean {
  if (Number.isNaN(entry.loadAtMs)) return false
  const { fit } = entry
  if (!fit) return true
  const ageMs = nowMs - fit.atMs
  const grownMs = Math.max(GROWTH * fit.spanMs, FIRST_STEPS * stepMs)
  const season = fit.state.seasons[0]
  const restMs = (season === undefined ? REST_STEPS : season / 4) * stepMs
  return ageMs >= Math.min(config.refitMs, grownMs) || (fit.state.drifting && ageMs >= restMs)
}

export interface Refitter {
  /** Fits what is due; resolves when all of it is taken over. A series already being fitted is not begun again. */
  run(nowMs: number): Promise<void>
}

export function createRefitter(deps: RefitDeps): Refitter {
  const { book, fitter, ledger, config, stepMs, seed, onError } = deps
  const running = new Set<ServiceId>()

  async function refit(entry: Entry, nowMs: number): Promise<void> {
    const { service } = entry
    const history = await book.history(
      service,
      Math.min(config.historyMs, config.historySteps * stepMs),
    )
    const firstSeen = history.values.findIndex((v) => !Number.isNaN(v))
    if (firstSeen < 0) return
    const startMs = history.startMs + firstSeen * stepMs
    const values = history.values.subarray(firstSeen)
    const historyEndMs = startMs + values.length * stepMs
    const series = { service, metric: LOAD_METRIC, startMs, stepMs, values: values.slice() }
    const report = await fitter.fit(series, config, seed, nowMs)
    const fit: Fit = {
      state: report.state,
      atMs: nowMs,
      historyEndMs,
      spanMs: historyEndMs - startMs,
    }
    await book.adopt(service, fit)
    const { model, quality } = report.state
    await ledger.saveModel({
      service,
      metric: LOAD_METRIC,
      kind: model.kind,
      version: model.version,
      fittedAtMs: nowMs,
      fromMs: startMs,
      toMs: historyEndMs,
      quality,
      contest: report.contest,
    })
  }

  return {
    async run(nowMs) {
      const due = [...book.entries.values()].filter(
        (entry) => !running.has(entry.service) && refitDue(entry, nowMs, config, stepMs),
      )
      for (const entry of due) running.add(entry.service)
      for (const entry of due) {
        try {
          await refit(entry, nowMs)
        } catch (error) {
          onError(entry.service, error)
        } finally {
          running.delete(entry.service)
        }
      }
    },
  }
}
