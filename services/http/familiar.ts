/** The routes that users of simple predictors know: flat JSON in snake_case, made from the same state as /v1. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { seenBy } from './callers.ts'
import {
  CostAnalysis,
  costsOf,
  decisionRow,
  ModelsStatus,
  modelRow,
  Prediction,
  predictionOf,
  ScalingDecision,
} from './familiar-views.ts'
import { reads } from './permission.ts'
import { ProblemError } from './problem.ts'
import { integerText, NoQuery, strict } from './query.ts'
import { json, problems, type RouteDeps, requireService } from './route.ts'
import { ServiceParam } from './services.ts'

const tags = ['familiar']

const predict = createRoute({
  method: 'get',
  path: '/predict/{service}',
  ...reads('service'),
  tags,
  summary: 'The load to expect',
  request: {
    params: ServiceParam,
    query: strict({
      horizon_seconds: integerText(
        1,
        86_400,
        "How far ahead; the service's lead time when absent.",
        30,
      ).optional(),
    }),
  },
  responses: {
    200: json(Prediction, 'One number with its interval.', {
      service: 'search',
      predicted_rps: 48.1,
      lower_rps: 40.9,
      upper_rps: 57.3,
      confidence: 0.957,
      horizon_seconds: 30,
      features_used: ['level', 'trend', 'season'],
      fallback: false,
      model: 'ets',
      model_version: '9c1185a5',
      issued_at_ms: 1_795_248_000_000,
      expires_at_ms: 1_795_248_075_000,
    }),
    ...problems('invalid-request', 'service-not-found', 'forecast-expired'),
  },
})

const modelsStatus = createRoute({
  method: 'get',
  path: '/models/status',
  ...reads('filtered'),
  tags,
  summary: 'The model in force for each service',
  request: { query: NoQuery },
  responses: {
    200: json(ModelsStatus, 'One row a service.', {
      models: [
        {
          service: 'search',
          model: 'ets',
          version: '9c1185a5',
          fitted_at_ms: 1_795_244_400_000,
          mase: 0.71,
          scaled_pinball: 0.043,
          coverage_90: 0.91,
          drifting: false,
          usable: true,
        },
      ],
    }),
    ...problems('invalid-request'),
  },
})

const scalingDecision = createRoute({
  method: 'get',
  path: '/scaling-decision/{service}',
  ...reads('service'),
  tags,
  summary: 'The last decision in short',
  request: { params: ServiceParam, query: NoQuery },
  responses: {
    200: json(ScalingDecision, 'What was decided, and whether it was carried out.', {
      service: 'search',
      decision_id: '5d1f0c2b7a9e4c38',
      action: 'scale_up',
      current_replicas: 4,
      desired_replicas: 6,
      mode: 'enforce',
      applied: true,
      reason: 'forecast',
      bound_by: 'budget',
      rationale: 'search 4→6: 99 % of forecasts need ≤ 7; budget binding.',
      decided_at_ms: 1_795_248_000_000,
    }),
    ...problems('invalid-request', 'service-not-found', 'decision-not-found'),
  },
})

const costAnalysis = createRoute({
  method: 'get',
  path: '/cost-analysis/all',
  ...reads('fleet'),
  tags,
  summary: 'What everything costs',
  request: { query: NoQuery },
  responses: {
    200: json(CostAnalysis, 'Budget, spend and the share of each service.', {
      currency: 'USD',
      cost_budget_per_hour: 1.6,
      spend_per_hour: 1.6,
      running_cost_per_hour: 1.4,
      projected_cost_per_month: 1022,
      shadow_price: 3.1,
      within_budget: true,
      services: [
        {
          service: 'search',
          replicas: 4,
          price_per_replica_hour: 0.1,
          cost_per_hour: 0.4,
          decided_cost_per_hour: 0.6,
          share: 0.286,
        },
      ],
    }),
    ...problems('invalid-request'),
  },
})

export function familiarRoutes(app: OpenAPIHono, { control }: RouteDeps): void {
  app.openapi(predict, (c) => {
    const status = requireService(control, c.req.valid('param').service)
    const { horizon_seconds: seconds } = c.req.valid('query')
    const horizonMs = seconds === undefined ? undefined : seconds * 1000
    return c.json(predictionOf(control, status, horizonMs), 200)
  })
  app.openapi(modelsStatus, (c) =>
    c.json(
      {
        models: control
          .services()
          .filter(seenBy(c))
          .map((row) => modelRow(control, row.service)),
      },
      200,
    ),
  )
  app.openapi(scalingDecision, (c) => {
    const { service, decision } = requireService(control, c.req.valid('param').service)
    if (decision) return c.json(decisionRow(decision), 200)
    throw new ProblemError('decision-not-found', `no tick has decided for "${service}" yet`)
  })
  app.openapi(costAnalysis, (c) => c.json(costsOf(control), 200))
}
