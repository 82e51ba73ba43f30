/**
 * Rolling-origin backtest (FPP3 §5.10): the model is fitted once on what came before every issue time, then
 * follows the series by `update`, as it does live, and forecasts from each issue time. Nothing later than an issue
 * time is ever shown to the forecast made there.
 */
import type { FitContext, ForecastModel } from '../model.ts'
import { probesOf, probeWeights } from '../probes.ts'

export interface BacktestPlan {
  /** Steps that the model is fitted on. */
  readonly trainSteps: number
  /** Issue times: a forecast from `origins[i]` foresees `history[origins[i] + k]`, k = 0, 1, … */
  readonly origins: readonly number[]
  /** The steps ahead that are scored, and how many steps each stands for. */
  readonly probes: readonly number[]
  readonly probeWeights: readonly number[]
}

/** One model's forecasts and what came; cell `origin · probes.length + probe`. */
export interface BacktestRun {
  readonly plan: BacktestPlan
  readonly points: Float64Array
  /** NaN where nothing was seen, or the history ends before. */
  readonly actuals: Float64Array
  /** From `trainSteps` on: one-step errors (NaN where nothing was seen), and what came. */
  readonly errors: Float64Array
  readonly loads: Float64Array
}

const LEAST_STEPS = 16
/** Steps between fit and first issue time, for the residual correction to settle. */
const SETTLE_STEPS = 8

/**
 * Tests on the last season (at most half the history) with a season before it to learn from. With less than a
 * season and a bit, tests on the last half, and seasonal models cannot take part. Undefined: too short to test.
 */
export function planBacktest(
  historySteps: number,
  seasonSteps: number,
  horizonSteps: number,
  origins: number,
): BacktestPlan | undefined {
  if (historySteps < LEAST_STEPS) return undefined
  const spare = historySteps - seasonSteps
  const seasonal = spare >= Math.max(LEAST_STEPS, seasonSteps / 8)
  const testSteps = seasonal
    ? Math.min(spare, Math.max(seasonSteps, Math.floor(historySteps / 3)))
    : historySteps >> 1
  const trainSteps = historySteps - testSteps
  const first = trainSteps + Math.min(SETTLE_STEPS, testSteps >> 2)
  const last = historySteps - Math.max(1, Math.min(horizonSteps, testSteps >> 2))
  const count = Math.min(origins, last - first + 1)
  const probes = probesOf(horizonSteps)
  return {
    trainSteps,
    origins: Array.from({ length: count }, (_, i) =>
      count === 1 ? first : first + Math.round((i * (last - first)) / (count - 1)),
    ),
    probes,
    probeWeights: probeWeights(probes),
  }
}

/** Undefined when the model cannot be fitted to the training part. */
export function runBacktest(
  model: ForecastModel,
  history: Float64Array,
  plan: BacktestPlan,
  context: FitContext,
): BacktestRun | undefined {
  const { trainSteps, origins, probes } = plan
  let state = model.fit(history.slice(0, trainSteps), context)
  if (state === undefined) return undefined
  const points = new Float64Array(origins.length * probes.length)
  const actuals = new Float64Array(points.length).fill(Number.NaN)
  const errors = new Float64Array(history.length - trainSteps)
  const reach = probes.at(-1)! + 1
  let origin = 0
  for (let t = trainSteps; t < history.length; t++) {
    if (t === origins[origin]) {
      const path = model.predict(state, reach)
      probes.forEach((k, j) => {
        points[origin * probes.length + j] = path[k]!
        if (t + k < history.length) actuals[origin * probes.length + j] = history[t + k]!
      })
      origin++
    }
    errors[t - trainSteps] = history[t]! - model.next(state)
    state = model.update(state, history[t]!)
  }
  return { plan, points, actuals, errors, loads: history.slice(trainSteps) }
}
