/** Why a forecast is what it is: its parts, the weights of its models, what covariates do. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { ForecastExplanation } from '../explanations/view.ts'
import * as examples from './examples-explanations.ts'
import { ProblemError } from './problem.ts'
import { NoQuery } from './query.ts'
import { assertConfigured, json, problems, type RouteDeps } from './route.ts'
import { ServiceParam } from './services.ts'

const readExplanation = createRoute({
  method: 'get',
  path: '/v1/services/{service}/forecast/explanation',
  tags: ['forecasts'],
  summary: "A service's forecast taken apart",
  description:
    'Level, trend, seasons and rest of its models by their weights, what recent errors corrected, and what each covariate does; the parts sum to the point path. As of where the model stands now.',
  request: { params: ServiceParam, query: NoQuery },
  responses: {
    200: json(ForecastExplanation, 'The parts.', examples.forecastExplanation),
    ...problems('invalid-request', 'service-not-found', 'forecast-not-found'),
  },
})

export function explanationRoutes(app: OpenAPIHono, { control }: RouteDeps): void {
  app.openapi(readExplanation, (c) => {
    const { service } = c.req.valid('param')
    assertConfigured(control, service)
    const explanation = control.explainForecast(service)
    if (!explanation)
      throw new ProblemError('forecast-not-found', `no model of "${service}" was fitted yet`)
    return c.json(explanation, 200)
  })
}
