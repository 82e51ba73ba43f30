/** Why a forecast is what it is: its parts, the weights of its models, what covariates do. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { FeatureImportance, ForecastExplanation } from '../explanations/view.ts'
import * as examples from './examples-explanations.ts'
import { reads } from './permission.ts'
import { ProblemError } from './problem.ts'
import { NoQuery } from './query.ts'
import { assertConfigured, json, problems, type RouteDeps } from './route.ts'
import { ServiceParam } from './services.ts'

const readExplanation = createRoute({
  method: 'get',
  path: '/v1/services/{service}/forecast/explanation',
  ...reads('service'),
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

const readImportance = createRoute({
  method: 'get',
  path: '/v1/services/{service}/forecast/importance',
  ...reads('service'),
  tags: ['forecasts'],
  summary: "What a service's forecasts hang on",
  description:
    'How many times larger the loss is with an input permuted (newest steps, each season, covariates), and for neural models Shapley values of groups of their inputs, against what they saw of this service at other times. Worked out once a model version: the first answer says `computing`, ask again.',
  request: { params: ServiceParam, query: NoQuery },
  responses: {
    200: json(FeatureImportance, 'As far as it is known.', examples.featureImportance),
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
  app.openapi(readImportance, (c) => {
    const { service } = c.req.valid('param')
    assertConfigured(control, service)
    const importance = control.featureImportance(service)
    if (!importance)
      throw new ProblemError('forecast-not-found', `no model of "${service}" was fitted yet`)
    return c.json(importance, 200)
  })
}
