/**
 * A service's forecasts step by step: fitted, followed, refitted and contested by the same functions as live, but at once
 * where live waits for a worker. What they say hangs on the loads alone, not on what was decided; so the runs of a sweep
 * share one tape: the first run over a load records it, and who sees the same loads reads it back.
 */
import { createHash } from 'node:crypto'
import { barOf } from '../../../forecaster/changepoint.ts'
import type { ForecastConfig } from '../../../forecaster/config.ts'
import type { Forecast } from '../../../forecaster/forecast.ts'
import { fitForecaster } from '../../../forecaster/forecaster.ts'
import { LOAD_METRIC, type ServiceId } from '../../../forecaster/series.ts'
import { noCovariates } from '../../../services/covariates/covariates.ts'
import {
  type Challenger,
  type Contenders,
  challengerOf,
  type Following,
  followLoad,
  lastOf,
  longestContestSteps,
  lookAhead,
  noContenders,
} from '../../../services/models/contenders.ts'
import { type Due, refitDue } from '../../../services/models/due.ts'
import { rowOf } from '../../../services/models/registry.ts'

export interface ModelsInput {
  readonly service: ServiceId
  /** End of the history. */
  readonly startMs: number
  readonly stepMs: number
  readonly history: Float64Array
  readonly config: ForecastConfig
  readonly seed: number
  /** Steps ahead that anybody asks for. */
  readonly reachSteps: number
}

/** Forecasts for one run. */
export interface Models {
  /** Where the loads stand; undefined where nothing can be fitted. */
  readonly forecast: Forecast | undefined
  /** One step later; NaN: nothing was measured. */
  follow(loadRps: number): void
}

interface Recorder {
  readonly first: Forecast | undefined
  /** The models as they stood before the first load. */
  readonly begun: Contenders
  readonly loads: number[]
  readonly forecasts: (Forecast | undefined)[]
  /** Records the forecast after one more load. */
  record(loadRps: number): void
}

/** Steps of all tapes that are kept, about 150 MB; who runs a sweep over more services keeps more. */
const STEPS_KEPT = 120_000

export type Tapes = (input: ModelsInput) => Models

/** Forecasts for runs that follow one another; the oldest tapes are dropped. */
export function createTapes(stepsKept = STEPS_KEPT): Tapes {
  const kept = new Map<string, Recorder>()
  const lengthOf = () => [...kept.values()].reduce((sum, { loads }) => sum + loads.length, 0)
  return (input) => {
    const key = keyOf(input)
    const recorder = kept.get(key) ?? createRecorder(input)
    kept.delete(key)
    while (kept.size > 0 && lengthOf() > stepsKept) kept.delete([...kept.keys()][0]!)
    kept.set(key, recorder)
    return createReader(recorder, input)
  }
}

function createReader(shared: Recorder, input: ModelsInput): Models {
  let recorder = shared
  let at = 0
  return {
    get forecast() {
      return at === 0 ? recorder.first : recorder.forecasts[at - 1]
    },
    follow(loadRps) {
      if (at < recorder.loads.length && !Object.is(recorder.loads[at], loadRps)) {
        // other loads than on the tape: a tape of its own from here on
        const own = createRecorder(input, structuredClone(shared.begun))
        for (let k = 0; k < at; k++) own.record(recorder.loads[k]!)
        recorder = own
      }
      if (at === recorder.loads.length) recorder.record(loadRps)
      at++
    },
  }
}

function createRecorder(input: ModelsInput, contenders = noContenders()): Recorder {
  const { service, startMs, stepMs, history, config, seed, reachSteps } = input
  const following: Following = {
    ...{ service, stepMs, config },
    covariates: noCovariates(),
    changeBar: barOf(config.lifecycle.falseAlarmSteps),
  }
  const past = [...history]
  const loads: number[] = []
  const forecasts: (Forecast | undefined)[] = []
  let loadAtMs = past.some((load) => !Number.isNaN(load)) ? startMs : Number.NaN

  function standAt(nowMs: number): Forecast | undefined {
    settle(contenders, nowMs)
    const due = refitDue(contenders, loadAtMs, nowMs, config, stepMs)
    if (due) fitAnew(contenders, { due, nowMs, past, following, seed })
    const { champion } = contenders
    return champion && lookAhead(champion.state, nowMs, reachSteps, following)
  }

  const first = standAt(startMs)
  return {
    first,
    begun: structuredClone(contenders),
    loads,
    forecasts,
    record(loadRps) {
      const endMs = startMs + (loads.length + 1) * stepMs
      loads.push(loadRps)
      past.push(loadRps)
      if (!Number.isNaN(loadRps)) loadAtMs = endMs
      followLoad(contenders, loadRps, endMs, following)
      forecasts.push(standAt(endMs))
    },
  }
}

interface FitInput {
  readonly due: Due
  readonly nowMs: number
  readonly past: readonly number[]
  readonly following: Following
  readonly seed: number
}

function fitAnew(contenders: Contenders, { due, nowMs, past, following, seed }: FitInput): void {
  const { service, stepMs, config } = following
  const most = Math.min(config.historySteps, Math.floor(config.historyMs / stepMs))
  const values = Float64Array.from(past.slice(-most))
  const fromMs = nowMs - values.length * stepMs
  const series = { service, metric: LOAD_METRIC, startMs: fromMs, stepMs, values }
  const report = fitForecaster(series, config, seed, { fittedAtMs: nowMs })
  const row = rowOf(service, { report, config, seed, stepMs, fromMs, toMs: nowMs, due, nowMs })
  const version = { ...row, number: 1, hasArtifact: false }
  const { champion } = contenders
  contenders.lastFit = lastOf(version)
  contenders.changepoint = undefined
  const hardlyKnows =
    champion !== undefined &&
    champion.version.toMs - champion.version.fromMs < longestContestSteps(config) * stepMs
  if (!champion || hardlyKnows) takeOver(contenders, { version, state: report.state }, nowMs)
  else contenders.challenger = challengerOf(version, report.state, champion.state, config)
}

/** A contest that is over. */
function settle(contenders: Contenders, nowMs: number): void {
  const { challenger } = contenders
  if (!challenger?.verdict) return
  if (challenger.verdict.outcome === 'promote') takeOver(contenders, challenger, nowMs)
  else contenders.challenger = undefined
}

function takeOver(
  contenders: Contenders,
  { version, state }: Pick<Challenger, 'version' | 'state'>,
  nowMs: number,
): void {
  const { lastFit, retrain } = contenders
  Object.assign(contenders, noContenders(), { lastFit, retrain })
  contenders.champion = { version, state, sinceMs: nowMs }
}

function keyOf({ history, config, ...rest }: ModelsInput): string {
  const bytes = new Uint8Array(history.buffer, history.byteOffset, history.byteLength)
  return JSON.stringify([rest, config, createHash('sha256').update(bytes).digest('hex')])
}
