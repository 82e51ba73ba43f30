/** Forecasts: the one in force, or the one that was the newest at an earlier time. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { ForecastDocument, LEVELS, toDocument } from '../../forecaster/forecast.ts'
import { LOAD_METRIC, MetricName } from '../../forecaster/series.ts'
import * as examples from './examples.ts'
import { reads } from './permission.ts'
import { invalidRequest, ProblemError } from './problem.ts'
import { integerText, strict, TimeText } from './query.ts'
import { assertConfigured, json, problems, type RouteDeps } from './route.ts'
import { ServiceParam } from './services.ts'

const LEVELS_ALLOWED = `a comma-separated list of ${LEVELS.join(', ')}`

const LevelsText = z
  .string()
  .transform((text, ctx) => {
    const levels = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
    if (levels.every((level) => LEVELS.includes(level))) {
      return [...new Set(levels)].sort((a, b) => a - b)
    }
    ctx.addIssue({ code: 'custom', message: LEVELS_ALLOWED })
    return z.NEVER
  })
  .openapi({ type: 'string', description: `Levels: ${LEVELS_ALLOWED}.`, example: '0.1,0.5,0.9' })

const readForecast = createRoute({
  method: 'get',
  path: '/v1/services/{service}/forecast',
  ...reads('service'),
  tags: ['forecasts'],
  summary: "A service's forecast as quantiles",
  description:
    'Without `at`: the forecast in force, refused with 503 once it has expired. With `at`: the stored forecast that was the newest then.',
  request: {
    params: ServiceParam,
    query: strict({
      at: TimeText.optional(),
      metric: MetricName.default(LOAD_METRIC).openapi({ example: LOAD_METRIC }),
      levels: LevelsText.optional(),
      horizon: integerText(1, 2000, 'Steps ahead; all when absent.', 3).optional(),
    }),
  },
  responses: {
    200: json(ForecastDocument, 'quantiles[level][step].', examples.forecast),
    ...problems('invalid-request', 'service-not-found', 'forecast-not-found', 'forecast-expired'),
  },
})

export function forecastRoutes(app: OpenAPIHono, deps: RouteDeps): void {
  app.openapi(readForecast, async (c) => {
    const { service } = c.req.valid('param')
    const { at, metric, levels, horizon } = c.req.valid('query')
    assertConfigured(deps.control, service)
    const whole =
      at === undefined
        ? current(deps, service, metric)
        : await deps.ledger.forecast(service, metric, at)
    if (!whole) {
      const when = at === undefined ? 'yet' : `at ${new Date(at).toISOString()}`
      throw new ProblemError(
        'forecast-not-found',
        `no forecast of ${metric} of "${service}" ${when}`,
      )
    }
    return c.json(narrow(whole, levels, horizon), 200)
  })
}

function current({ control }: RouteDeps, service: string, metric: string) {
  const forecast = metric === LOAD_METRIC ? control.forecast(service) : undefined
  if (!forecast) return undefined
  if (forecast.expiresAtMs > control.nowMs()) return toDocument(forecast)
  const expired = new Date(forecast.expiresAtMs).toISOString()
  throw new ProblemError(
    'forecast-expired',
    `the newest forecast of "${service}" expired at ${expired}; ask for it with at=${forecast.issuedAtMs}`,
  )
}

/** Only the levels and steps that were asked for. */
function narrow(
  whole: ForecastDocument,
  levels: readonly number[] = whole.levels,
  horizon?: number,
): ForecastDocument {
  const steps = whole.quantiles[0]?.length ?? 0
  if (horizon !== undefined && horizon > steps) {
    throw invalidRequest([
      { field: 'horizon', value: horizon, allowed: `an integer from 1 to ${steps}` },
    ])
  }
  const kept = levels.filter((level) => whole.levels.includes(level))
  return {
    ...whole,
    levels: kept,
    quantiles: kept.map((level) => whole.quantiles[whole.levels.indexOf(level)]!.slice(0, horizon)),
  }
}
