/**
 * A forecast is a distribution per future step, kept compact: a point path and a table of calibrated
 * offsets (conformal quantiles of the residual, scaled by the path) at the probes, a few steps ahead. The
 * matrix of quantiles is made when somebody asks for it, so 10,000 forecasts a tick cost no matrices.
 *
 *   quantile(level, k) = max(0, point[k] + spread(point[k]) · offset(level, k)), of counts the nearest multiple of the grain
 *   spread(p)          = max(p, 0)^power, floored at `spreadFloor`
 *   offset(level, k)   = on straight lines between the probes around k and the knots around point[k]
 *
 * Offsets rise with the level, so quantiles never cross.
 */
import { z } from 'zod'
import { toGrain } from './grain.ts'
import { placesIn } from './probes.ts'
import { MetricName, ServiceId } from './series.ts'

/** Probability levels of every forecast, ascending. */
export const LEVELS: readonly number[] = [
  0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99,
]

export const ModelKind = z
  .enum([
    'ensemble',
    'seasonal-naive',
    'ets',
    'theta',
    'mstl',
    'arima',
    'linear',
    'lstm',
    'gru',
    'last-value',
  ])
  .meta({ id: 'ModelKind', description: 'A registered forecasting model.' })
export type ModelKind = z.infer<typeof ModelKind>
/** Kinds that forecast by themselves. */
export type MemberKind = Exclude<ModelKind, 'ensemble'>

/** How the model did in the rolling-origin backtest that chose it. */
export const Quality = z
  .strictObject({
    mase: z
      .number()
      .nullable()
      .meta({ description: 'Mean absolute scaled error; null where not measurable.' }),
    scaledPinball: z
      .number()
      .nullable()
      .meta({ description: 'Pinball loss over all levels / mean |load|.' }),
    coverage90: z
      .number()
      .nullable()
      .meta({ description: 'Share of actuals inside the 5 %–95 % interval.' }),
    origins: z.int().min(0).meta({ description: 'Issue times that were scored.' }),
  })
  .meta({ id: 'Quality' })
export type Quality = z.infer<typeof Quality>

export const ModelRef = z
  .strictObject({
    kind: ModelKind,
    version: z.string().meta({ description: 'Hash of what fitting learned.' }),
    fittedAtMs: z.number(),
  })
  .meta({ id: 'ModelRef' })
export type ModelRef = z.infer<typeof ModelRef>

/** Calibrated residual quantiles: `offsets[(knotIndex · probes + probeIndex) · LEVELS.length + levelIndex]`. */
export interface Band {
  readonly horizonSteps: number
  readonly power: number
  readonly spreadFloor: number
  /** What all loads are multiples of, in the load's unit (grain.ts); 0: of nothing. */
  readonly grain: number
  /**
   * Points that the offsets were learned around, ascending, one at least: what is foreseen high does not miss as what is
   * foreseen low does.
   */
  readonly knots: Float64Array
  readonly offsets: Float64Array
}

export interface Forecast {
  readonly service: ServiceId
  readonly metric: MetricName
  /** End of the last observed step: step k covers [issuedAtMs + k·stepMs, issuedAtMs + (k+1)·stepMs). */
  readonly issuedAtMs: number
  readonly expiresAtMs: number
  readonly stepMs: number
  readonly point: Float64Array
  readonly band: Band
  /** Width of each step's band for an offset of one, where it is not `spreadOf`: covariates act, and may be missed. */
  readonly widths?: Float64Array | undefined
  readonly drifting: boolean
  readonly model: ModelRef
  readonly quality: Quality
}

/** How wide the band of a step with this point is for an offset of one. */
export function spreadOf(band: Pick<Band, 'power' | 'spreadFloor'>, point: number): number {
  const { power, spreadFloor } = band
  if (!(point > 0)) return spreadFloor
  const spread = power === 1 ? point : power === 0.5 ? Math.sqrt(point) : point ** power
  return Math.max(spread, spreadFloor)
}

function widthAt({ widths, band, point }: Forecast, k: number): number {
  return widths ? widths[k]! : spreadOf(band, point[k]!)
}

/** The value that the load of step `k` stays under with probability `LEVELS[levelIndex]`. */
export function quantileAt(forecast: Forecast, levelIndex: number, k: number): number {
  const { band, point } = forecast
  const p = point[k]!
  const { left, share } = placesIn(band.horizonSteps)[k]!
  const { offsets, knots } = band
  const levels = LEVELS.length
  const place = placeAmong(knots, p)
  const knot = Math.floor(place)
  const size = offsets.length / knots.length
  const at = knot * size + left * levels + levelIndex
  const next = share === 0 ? at : at + levels
  let offset = between(offsets[at]!, offsets[next]!, share)
  if (place > knot) {
    const above = between(offsets[at + size]!, offsets[next + size]!, share)
    offset = between(offset, above, place - knot)
  }
  return toGrain(Math.max(0, p + widthAt(forecast, k) * offset), band.grain)
}

/** Where `point` lies among the knots: 1.25 is a quarter of the way from the second to the third. */
export function placeAmong(knots: Float64Array, point: number): number {
  const last = knots.length - 1
  if (last === 0 || !(point > knots[0]!)) return 0
  let left = 0
  while (left < last && knots[left + 1]! <= point) left++
  if (left === last) return last
  return left + (point - knots[left]!) / (knots[left + 1]! - knots[left]!)
}

/** Rises with both ends whatever is rounded (a + share · (b − a) does not), so that quantiles never cross by a bit. */
function between(a: number, b: number, share: number): number {
  return (1 - share) * a + share * b
}

/**
 * Quantiles of the load that a decision must carry: per level the largest over the steps that
 * overlap [fromMs, toMs). Beyond the horizon the last step stands in. Writes `out` (LEVELS.length); all of it NaN where the
 * point of one of these steps is not finite: what is not known of one step is not known of the whole.
 */
export function demandOver(
  forecast: Forecast,
  fromMs: number,
  toMs: number,
  out: Float64Array = new Float64Array(LEVELS.length),
): Float64Array {
  const { band, point } = forecast
  const { offsets, knots } = band
  const size = offsets.length / knots.length
  const places = placesIn(band.horizonSteps)
  const last = point.length - 1
  const firstStep = Math.floor((fromMs - forecast.issuedAtMs) / forecast.stepMs)
  const lastStep = Math.ceil((toMs - forecast.issuedAtMs) / forecast.stepMs) - 1
  const from = Math.min(Math.max(firstStep, 0), last)
  const to = Math.min(Math.max(lastStep, from), last)
  if (!isFiniteOver(point, from, to)) return out.fill(Number.NaN)
  const levels = LEVELS.length
  out.fill(0)
  for (let k = from; k <= to; k++) {
    const p = point[k]!
    const width = widthAt(forecast, k)
    const { left, share } = places[k]!
    const place = placeAmong(knots, p)
    const knot = Math.floor(place)
    const a = knot * size + left * levels
    const b = share === 0 ? a : a + levels
    for (let level = 0; level < levels; level++) {
      let offset = between(offsets[a + level]!, offsets[b + level]!, share)
      if (place > knot) {
        const above = between(offsets[a + size + level]!, offsets[b + size + level]!, share)
        offset = between(offset, above, place - knot)
      }
      const quantile = p + width * offset
      if (quantile > out[level]!) out[level] = quantile
    }
  }
  if (band.grain > 0)
    for (let level = 0; level < levels; level++) out[level] = toGrain(out[level]!, band.grain)
  return out
}

function isFiniteOver(point: Float64Array, from: number, to: number): boolean {
  for (let k = from; k <= to; k++) if (!Number.isFinite(point[k]!)) return false
  return true
}

/** The forecast as it travels: over HTTP, into the ledger. */
export const ForecastDocument = z
  .strictObject({
    service: ServiceId,
    metric: MetricName,
    issuedAtMs: z.number(),
    expiresAtMs: z.number(),
    stepMs: z.number().positive(),
    levels: z.array(z.number().gt(0).lt(1)),
    quantiles: z
      .array(z.array(z.number().min(0)))
      .meta({ description: 'quantiles[level][step], in the unit of the metric; never crossing.' }),
    drifting: z.boolean(),
    model: ModelRef,
    quality: Quality,
  })
  .meta({ id: 'Forecast' })
export type ForecastDocument = z.infer<typeof ForecastDocument>

export function toDocument(forecast: Forecast): ForecastDocument {
  return {
    service: forecast.service,
    metric: forecast.metric,
    issuedAtMs: forecast.issuedAtMs,
    expiresAtMs: forecast.expiresAtMs,
    stepMs: forecast.stepMs,
    levels: [...LEVELS],
    quantiles: quantilesOf(forecast),
    drifting: forecast.drifting,
    model: forecast.model,
    quality: forecast.quality,
  }
}

/** [level][step], each as `quantileAt` says; what is the same for all levels of a step is looked up once. */
function quantilesOf(forecast: Forecast): number[][] {
  const { band, point } = forecast
  const { offsets, knots, grain } = band
  const size = offsets.length / knots.length
  const places = placesIn(band.horizonSteps)
  const quantiles = LEVELS.map(() => new Array<number>(point.length))
  for (let k = 0; k < point.length; k++) {
    const p = point[k]!
    const width = widthAt(forecast, k)
    const { left, share } = places[k]!
    const place = placeAmong(knots, p)
    const knot = Math.floor(place)
    const a = knot * size + left * LEVELS.length
    const b = share === 0 ? a : a + LEVELS.length
    for (let level = 0; level < LEVELS.length; level++) {
      let offset = between(offsets[a + level]!, offsets[b + level]!, share)
      if (place > knot) {
        const above = between(offsets[a + size + level]!, offsets[b + size + level]!, share)
        offset = between(offset, above, place - knot)
      }
      quantiles[level]![k] = toGrain(Math.max(0, p + width * offset), grain)
    }
  }
  return quantiles
}
