/** Stored series on a grid: what was measured, and until when it was recorded before. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { floorToStep, LOAD_METRIC, MetricName } from '../../forecaster/series.ts'
import * as examples from './examples.ts'
import { reads } from './permission.ts'
import { type FieldError, invalidRequest } from './problem.ts'
import { integerText, strict, TimeText } from './query.ts'
import { assertConfigured, json, problems, type RouteDeps } from './route.ts'
import { ServiceParam } from './services.ts'
import { SeriesView } from './views.ts'

const MOST_POINTS = 20_000
const DEFAULT_POINTS = 240
const DAY_MS = 86_400_000

const readSeries = createRoute({
  method: 'get',
  path: '/v1/services/{service}/series',
  ...reads('service'),
  tags: ['series'],
  summary: 'A stored series on a regular grid',
  description: `Both ends are widened to the grid. At most ${MOST_POINTS} points an answer. Without \`to\` the series ends now; without \`from\` it has ${DEFAULT_POINTS} points.`,
  request: {
    params: ServiceParam,
    query: strict({
      metric: MetricName.default(LOAD_METRIC).openapi({ example: LOAD_METRIC }),
      from: TimeText.optional(),
      to: TimeText.optional(),
      step: integerText(
        1,
        DAY_MS,
        'Grid in ms; the configured step when absent.',
        15_000,
      ).optional(),
    }),
  },
  responses: {
    200: json(SeriesView, 'Mean per step; null where nothing was measured.', examples.series),
    ...problems('invalid-request', 'service-not-found'),
  },
})

interface Range {
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
}

export function seriesRoutes(app: OpenAPIHono, { control, store, demo }: RouteDeps): void {
  app.openapi(readSeries, async (c) => {
    const { service } = c.req.valid('param')
    const { metric, from, to, step } = c.req.valid('query')
    assertConfigured(control, service)
    const stepMs = step ?? control.config().stepMs
    const toMs = to ?? control.nowMs()
    const fromMs = from ?? toMs - DEFAULT_POINTS * stepMs
    const range = gridRange({ fromMs, toMs, stepMs })
    const values = await store.grid({ metric, services: [service], ...range })
    return c.json(
      {
        service,
        metric,
        startMs: range.fromMs,
        stepMs,
        values: Array.from(values, (value) => (Number.isFinite(value) ? value : null)),
        recordedUntilMs: (await demo?.recording())?.toMs ?? null,
      },
      200,
    )
  })
}

/** The range widened to the grid, or the 400 that says what is wrong with it. */
function gridRange({ fromMs, toMs, stepMs }: Range): Range {
  const fault = (error: FieldError) => invalidRequest([error])
  if (fromMs >= toMs) {
    throw fault({ field: 'from', value: fromMs, allowed: `a time before to (${toMs})` })
  }
  const first = floorToStep(fromMs, stepMs)
  const last = -floorToStep(-toMs, stepMs)
  const points = (last - first) / stepMs
  if (points <= MOST_POINTS) return { fromMs: first, toMs: last, stepMs }
  throw fault({
    field: 'step',
    value: stepMs,
    allowed: `at most ${MOST_POINTS} points an answer, this range has ${points}: a step of at least ${Math.ceil((toMs - fromMs) / (MOST_POINTS - 1))} ms or a shorter range`,
  })
}
