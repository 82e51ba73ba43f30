/**
 * The predictive-horizontal-pod-autoscaler: the HPA's own evaluation, and models of its past evaluations beside it.
 *
 * Source: jthomperoo/predictive-horizontal-pod-autoscaler v0.13 internal/controllers/controller.go (models get the
 * history of *calculated* counts; they are run every `perSyncPeriod` syncs), internal/prediction/{linear,holtwinters},
 * algorithms/*.py, internal/scalebehavior/scalebehavior.go. Two departures, both in its favour: its Holt-Winters gets
 * its history newest first (`PruneHistory` sorts so), ours in time order; and where it has too little history it
 * answers 0 replicas, ours nothing. Its store survives restarts, so the histories begin with what it would have
 * calculated before the run.
 */
import { z } from 'zod'
import { isWithinTolerance } from '../../agents/hpa/metrics.ts'
import { type HpaSpec, propose } from '../../agents/hpa/reconcile.ts'
import type { ControllerKind } from './controller.ts'
import { forecastNext, leastHistory } from './holt-winters.ts'
import { createMetricView, HpaMetricParams, leastOf } from './hpa.ts'
import { busyReplicas, type Decide, type OneService, perService, ticksIn } from './per-service.ts'

const perSyncPeriod = z.int().positive().default(1)

const Linear = z.strictObject({
  type: z.literal('Linear'),
  perSyncPeriod,
  historySize: z.int().min(2).default(6),
  lookAheadSeconds: z.number().min(0).default(10),
})

const HoltWintersModel = z
  .strictObject({
    type: z.literal('HoltWinters'),
    perSyncPeriod,
    alpha: z.number().min(0).max(1).default(0.9),
    beta: z.number().min(0).max(1).default(0.9),
    gamma: z.number().min(0).max(1).default(0.9),
    trend: z.enum(['add', 'mul']).default('add'),
    seasonal: z.enum(['add', 'mul']).default('add'),
    /** Sync periods a season. */
    seasonalPeriods: z.int().min(2).max(20_000).default(6),
    storedSeasons: z.int().min(2).default(4),
    /** φ of a damped trend; 1: not damped. */
    damping: z.number().gt(0).max(1).default(1),
    initializationMethod: z
      .enum(['estimated', 'heuristic', 'legacy-heuristic'])
      .default('estimated'),
  })
  .refine(
    ({ storedSeasons, seasonalPeriods }) =>
      storedSeasons * seasonalPeriods >= leastHistory(seasonalPeriods),
    {
      error: 'storedSeasons · seasonalPeriods must be at least 10 + 2 · ⌊seasonalPeriods / 2⌋',
      path: ['storedSeasons'],
    },
  )

const Model = z.discriminatedUnion('type', [Linear, HoltWintersModel])
type Model = z.infer<typeof Model>

const Params = z.strictObject({
  ...HpaMetricParams,
  models: z
    .array(Model)
    .min(1)
    .default([Linear.parse({ type: 'Linear' })]),
  decisionType: z.enum(['maximum', 'minimum', 'mean', 'median']).default('maximum'),
  syncSeconds: z.number().positive().default(15),
  upscaleStabilizationSeconds: z.number().min(0).max(3600).default(0),
  downscaleStabilizationSeconds: z.number().min(0).max(3600).default(300),
  /** Upstream's code has 30, its documentation 300. */
  cpuInitializationSeconds: z.number().min(0).default(30),
})
type Params = z.infer<typeof Params>

const TARGETS = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
const linear = (lookAheadSeconds: number, historySize: number): Model =>
  Linear.parse({ type: 'Linear', lookAheadSeconds, historySize })
/** A season of a day, a sync a step; estimating so many initial states would exceed upstream's timeout. */
const daily = (syncSeconds: number): Pick<Params, 'models' | 'syncSeconds'> => ({
  syncSeconds,
  models: [
    HoltWintersModel.parse({
      type: 'HoltWinters',
      alpha: 0.5,
      beta: 0.01,
      gamma: 0.3,
      seasonalPeriods: 86_400 / syncSeconds,
      storedSeasons: 4,
      initializationMethod: 'heuristic',
    }),
  ],
})

export const phpa: ControllerKind<Params> = {
  kind: 'phpa',
  source: 'jthomperoo/predictive-horizontal-pod-autoscaler v0.13 (Linear, HoltWinters)',
  params: Params,
  sweep: () =>
    TARGETS.flatMap((target) => [
      Params.parse({ target, models: [linear(10, 6)] }),
      Params.parse({ target, models: [linear(60, 20)] }),
      Params.parse({ target, ...daily(300) }),
      Params.parse({ target, ...daily(60) }),
      Params.parse({ target, metric: 'external-rps', models: [linear(60, 20)] }),
    ]),
  create: (known, params) => perService(known, (one) => createPhpa(one, params)),
}

function createPhpa({ service, known, history }: OneService, params: Params): Decide {
  const minReplicas = leastOf(service, params.metric)
  const { maxReplicas } = service.spec
  const metricOf = createMetricView(service, known.tickMs, params)
  const ticks = ticksIn(params.syncSeconds, known.tickMs)
  const syncMs = ticks * known.tickMs
  const cpuInitializationMs = params.cpuInitializationSeconds * 1000
  const spec: HpaSpec = { maxReplicas, tolerance: params.tolerance, cpuInitializationMs }
  const past = pastEvaluations({ service, known, history }, params, syncMs)
  const models = params.models.map((model) => createModel(model, past))
  const stabilise = createStabilization(params)
  let tick = 0
  return (atMs, scraped) => {
    const metric = metricOf(atMs, scraped)
    const current = Math.max(scraped.replicas.requested, minReplicas)
    if (tick++ % ticks !== 0) return current
    const calculated = propose(metric, {
      spec,
      specReplicas: current,
      statusReplicas: scraped.replicas.ready + scraped.replicas.starting,
      memory: { recommendations: [], scaleUps: [], scaleDowns: [] },
      nowMs: atMs,
    })
    if (calculated.kind === 'invalid') return current
    const predictions = models
      .map((model) => model.predict(atMs, calculated.replicas))
      .filter((count) => count !== undefined)
    const wish = decideBy(params.decisionType, [calculated.replicas, ...predictions])
    const bounded = Math.min(maxReplicas, Math.max(minReplicas, wish))
    return rateLimited(current, stabilise(atMs, current, bounded))
  }
}

interface Evaluation {
  readonly atMs: number
  readonly replicas: number
}

/**
 * What the evaluation would have said until the run begins, oldest first, as much as the longest model remembers. The
 * last is of the first tick, at which a run has measured nothing yet.
 */
function pastEvaluations(
  { service, known, history }: OneService,
  { metric, target, models, tolerance }: Params,
  syncMs: number,
): Evaluation[] {
  const { capacityPerReplica, maxReplicas } = service.spec
  const kept = Math.max(...models.map(memoryOf))
  const startMs = known.startMs - history.length * known.stepMs
  const syncs = Math.min(kept, Math.floor((history.length * known.stepMs) / syncMs))
  const least = leastOf(service, metric)
  let current = least
  return Array.from({ length: syncs }, (_, i) => {
    const atMs = known.startMs - (syncs - 1 - i) * syncMs
    // an evaluation sees what was measured until then
    const loadRps = history[Math.floor((atMs - 1 - startMs) / known.stepMs)]!
    const used = metric === 'cpu' ? busyReplicas(loadRps, service) : loadRps / capacityPerReplica
    const ratio = used / (target * current)
    const same = isWithinTolerance(ratio, { toleranceUp: tolerance, toleranceDown: tolerance })
    const replicas = same ? current : Math.ceil(used / target)
    current = Math.min(maxReplicas, Math.max(least, replicas))
    return { atMs, replicas }
  })
}

function memoryOf(model: Model): number {
  if (model.type === 'Linear') return model.historySize
  return model.seasonalPeriods * model.storedSeasons
}

/** One model with its history of evaluations. */
function createModel(
  model: Model,
  past: readonly Evaluation[],
): { predict(atMs: number, calculated: number): number | undefined } {
  const history = past.slice(-memoryOf(model))
  let syncsPassed = 1
  return {
    predict(atMs, calculated) {
      if (history.at(-1)?.atMs !== atMs) history.push({ atMs, replicas: calculated })
      const isDue = syncsPassed >= model.perSyncPeriod
      syncsPassed = isDue ? 1 : syncsPassed + 1
      const prediction = isDue ? predictionOf(model, history, atMs) : undefined
      prune(model, history)
      return prediction
    },
  }
}

/** Linear keeps the newest; Holt-Winters lets a whole season build up before the oldest goes. */
function prune(model: Model, history: Evaluation[]): void {
  if (model.type === 'Linear') {
    history.splice(0, Math.max(0, history.length - model.historySize))
    return
  }
  const { seasonalPeriods, storedSeasons } = model
  const seasons = Math.floor(history.length / seasonalPeriods) - storedSeasons
  history.splice(0, Math.max(0, seasons) * seasonalPeriods)
}

function predictionOf(
  model: Model,
  history: readonly Evaluation[],
  atMs: number,
): number | undefined {
  if (model.type === 'Linear')
    return linearPrediction(history, atMs + model.lookAheadSeconds * 1000)
  if (history.length < leastHistory(model.seasonalPeriods)) return undefined
  const series = new Float64Array(history.length)
  for (let t = 0; t < series.length; t++) series[t] = history[t]!.replicas
  const { initializationMethod: initialization, ...rest } = model
  const next = forecastNext(series, { ...rest, initialization })
  return next === undefined ? undefined : Math.max(0, Math.ceil(next))
}

/** Ordinary least squares of the counts on the time until `targetMs`, at `targetMs`; rounded up. */
export function linearPrediction(history: readonly Evaluation[], targetMs: number): number {
  const n = history.length
  let meanX = 0
  let meanY = 0
  for (const { atMs, replicas } of history) {
    meanX += (targetMs - atMs) / 1000 / n
    meanY += replicas / n
  }
  let xx = 0
  let xy = 0
  for (const { atMs, replicas } of history) {
    const x = (targetMs - atMs) / 1000 - meanX
    xx += x * x
    xy += x * (replicas - meanY)
  }
  const value = xx > 0 ? meanY - (xy / xx) * meanX : meanY
  // sums of thirds are a hair above the whole number that they stand for
  return Math.max(0, Math.ceil(value - 1e-9))
}

/** scalebehavior.go: the mean rounds half away from zero, the median of an even number truncates. */
export function decideBy(decision: Params['decisionType'], counts: readonly number[]): number {
  const sorted = [...counts].sort((a, b) => a - b)
  switch (decision) {
    case 'maximum':
      return sorted.at(-1)!
    case 'minimum':
      return sorted[0]!
    case 'mean':
      return Math.round(sorted.reduce((sum, count) => sum + count, 0) / sorted.length)
    case 'median': {
      const half = Math.floor(sorted.length / 2)
      return sorted.length % 2 === 1
        ? sorted[half]!
        : Math.trunc((sorted[half - 1]! + sorted[half]!) / 2)
    }
  }
}

/** `DecideTargetReplicasByBehavior`: moved only as far as every wish of both windows has it moved. */
function createStabilization(
  params: Pick<Params, 'upscaleStabilizationSeconds' | 'downscaleStabilizationSeconds'>,
): (atMs: number, current: number, wish: number) => number {
  const upMs = params.upscaleStabilizationSeconds * 1000
  const downMs = params.downscaleStabilizationSeconds * 1000
  const wishes: Evaluation[] = []
  return (atMs, current, wish) => {
    wishes.push({ atMs, replicas: wish })
    while (wishes.length > 1 && wishes[0]!.atMs <= atMs - Math.max(upMs, downMs)) wishes.shift()
    let least = wish
    let most = wish
    for (const { atMs: thenMs, replicas } of wishes) {
      if (thenMs > atMs - upMs) least = Math.min(least, replicas)
      if (thenMs > atMs - downMs) most = Math.max(most, replicas)
    }
    return Math.min(Math.max(current, least), most)
  }
}

/** Without `spec.behavior` at most double, or 4; with one upstream has no limits yet. */
function rateLimited(current: number, wish: number): number {
  return wish > current ? Math.min(wish, Math.max(2 * current, 4)) : wish
}
