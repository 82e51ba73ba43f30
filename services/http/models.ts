/** Versions of the services' models: what they are, how two compare, and who forecasts. */

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { ServiceId } from '../../forecaster/series.ts'
import { ArtifactError } from '../models/artifact.ts'
import { ModelComparison } from '../models/compare.ts'
import { ModelFile } from '../models/model-file.ts'
import { ModelStatus, ModelVersion } from '../models/model-version.ts'
import { actorOf, seenBy } from './callers.ts'
import * as examples from './examples-models.ts'
import { acts, reads } from './permission.ts'
import { invalidRequest, ProblemError } from './problem.ts'
import { Cursor, integerText, Limit, NoQuery, strict } from './query.ts'
import { assertConfigured, body, json, problems, type RouteDeps } from './route.ts'
import { ServiceParam } from './services.ts'
import { page } from './views.ts'

const tags = ['models']
const PAGE_ROWS = 50
const MOST_VERSIONS = 999_999_999
const METRIC = 'requests_per_second'

const numberText = (what: string, example: number) =>
  integerText(1, MOST_VERSIONS, `Number of ${what}.`, example)
const VersionParam = strict({
  service: ServiceId.meta({ example: 'search' }),
  number: numberText('the version', 1),
})
const Why = z
  .string()
  .max(200)
  .default('')
  .meta({ description: 'For the record.', example: 'too low at noon' })
const PromoteRequest = strict({ number: z.int().min(1), why: Why }).meta({ id: 'PromoteRequest' })
const RollbackRequest = strict({
  number: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Without it: the champion before this one.' }),
  why: Why,
}).meta({ id: 'RollbackRequest' })
const RetrainRequest = strict({ why: Why }).meta({ id: 'RetrainRequest' })
const RetrainAnswer = z
  .strictObject({ service: ServiceId, asked: z.literal(true) })
  .meta({ id: 'RetrainAnswer' })

const listModels = createRoute({
  method: 'get',
  path: '/v1/models',
  ...reads('filtered'),
  tags,
  summary: 'Versions of models, newest first',
  request: {
    query: strict({
      service: ServiceId.optional().openapi({ example: 'search' }),
      status: ModelStatus.optional().openapi({ example: 'champion' }),
      limit: Limit.default(PAGE_ROWS),
      cursor: Cursor.optional(),
    }),
  },
  responses: {
    200: json(page(ModelVersion), 'Each with its data, its score and its standing.', {
      items: [examples.challenger, examples.champion],
      next: null,
    }),
    ...problems('invalid-request'),
  },
})

const readModel = createRoute({
  method: 'get',
  path: '/v1/models/{service}/{number}',
  ...reads('service'),
  tags,
  summary: 'One version of a model',
  request: { params: VersionParam, query: NoQuery },
  responses: {
    200: json(ModelVersion, 'The version.', examples.champion),
    ...problems('invalid-request', 'service-not-found', 'model-not-found'),
  },
})

const compareModels = createRoute({
  method: 'get',
  path: '/v1/models/{service}/compare',
  ...reads('service'),
  tags,
  summary: 'Two versions on the same recent loads',
  description:
    'Their kept states go over the loads again, from where both stand, and are scored from the same issue times.',
  request: {
    params: ServiceParam,
    query: strict({ a: numberText('one version', 1), b: numberText('the other', 2) }),
  },
  responses: {
    200: json(ModelComparison, 'Losses, and the Diebold–Mariano test.', examples.comparison),
    ...problems('invalid-request', 'service-not-found', 'model-not-found', 'conflict'),
  },
})

const promoteModel = createRoute({
  method: 'post',
  path: '/v1/models/{service}/promote',
  ...acts('operator', 'service', 'model.promote'),
  tags,
  summary: 'Make the challenger the champion from the next tick on',
  request: {
    params: ServiceParam,
    query: NoQuery,
    ...body(PromoteRequest, { number: 2, why: 'sees the campaign' }),
  },
  responses: {
    200: json(ModelVersion, 'The champion now.', examples.promoted),
    ...problems('invalid-request', 'service-not-found', 'model-not-found', 'conflict'),
  },
})

const rollBack = createRoute({
  method: 'post',
  path: '/v1/models/{service}/rollback',
  ...acts('operator', 'service', 'model.rollback'),
  tags,
  summary: 'Take back an earlier version from the next tick on',
  description:
    'A new version goes on from the state that was kept of it, brought up to date with the loads since.',
  request: {
    params: ServiceParam,
    query: NoQuery,
    ...body(RollbackRequest, { why: 'too low at noon' }),
  },
  responses: {
    200: json(ModelVersion, 'The champion now.', examples.rolledBack),
    ...problems('invalid-request', 'service-not-found', 'model-not-found', 'conflict'),
  },
})

const retrain = createRoute({
  method: 'post',
  path: '/v1/models/{service}/retrain',
  ...acts('operator', 'service', 'model.retrain'),
  tags,
  summary: 'Fit a service anew at the next tick',
  description: 'The champion serves meanwhile; what is fitted stands up to it as challenger.',
  request: {
    params: ServiceParam,
    query: NoQuery,
    ...body(RetrainRequest, { why: 'new release' }),
  },
  responses: {
    202: json(RetrainAnswer, 'It has been asked for.', { service: 'search', asked: true }),
    ...problems('invalid-request', 'service-not-found'),
  },
})

const exportModel = createRoute({
  method: 'get',
  path: '/v1/models/{service}/{number}/export',
  ...reads('service'),
  tags,
  summary: 'A version with its fitted state, as one file',
  request: { params: VersionParam, query: NoQuery },
  responses: {
    200: json(ModelFile, 'To be imported elsewhere.', examples.file),
    ...problems('invalid-request', 'service-not-found', 'model-not-found', 'conflict'),
  },
})

const importModel = createRoute({
  method: 'post',
  path: '/v1/models/{service}/import',
  ...acts('operator', 'service', 'model.import'),
  tags,
  summary: 'Take in a version from a file',
  description:
    'It becomes champion where there is none, else challenger. The file must be of this service, grid and form, and its state at most forecast.historySteps behind.',
  request: { params: ServiceParam, query: NoQuery, ...body(ModelFile, examples.file) },
  responses: {
    201: json(ModelVersion, 'The version that it is here.', {
      ...examples.challenger,
      reason: 'import',
      detail: 'version 1 of another registry, exported 2026-11-21T08:00:00.000Z',
    }),
    ...problems('invalid-request', 'service-not-found', 'conflict', 'body-too-large'),
  },
})

export function modelRoutes(app: OpenAPIHono, { control, ledger }: RouteDeps): void {
  const { models } = control
  app.openapi(listModels, async (c) => {
    const { items, next } = await ledger.models(c.req.valid('query'))
    return c.json({ items: items.filter(seenBy(c)), next: next ?? null }, 200)
  })
  app.openapi(compareModels, async (c) => {
    const service = configured(c.req.valid('param').service)
    const { a, b } = c.req.valid('query')
    return c.json(found(await models.compare(service, a, b), service, `${a} or ${b}`), 200)
  })
  app.openapi(readModel, async (c) => {
    const { service, number } = c.req.valid('param')
    configured(service)
    return c.json(
      found(await ledger.model({ service, metric: METRIC, number }), service, number),
      200,
    )
  })
  app.openapi(exportModel, async (c) => {
    const { service, number } = c.req.valid('param')
    const file = found(await models.exportModel(configured(service), number), service, number)
    c.header('content-disposition', `attachment; filename="${service}-${number}.model.json"`)
    return c.json(file, 200)
  })
  app.openapi(promoteModel, async (c) => {
    const service = configured(c.req.valid('param').service)
    const { number, why } = c.req.valid('json')
    return c.json(
      found(await models.promote(service, number, actorOf(c), why), service, number),
      200,
    )
  })
  app.openapi(rollBack, async (c) => {
    const service = configured(c.req.valid('param').service)
    const { number, why } = c.req.valid('json')
    const model = await models.rollback(service, number, actorOf(c), why)
    return c.json(found(model, service, number ?? 'before'), 200)
  })
  app.openapi(retrain, (c) => {
    const service = configured(c.req.valid('param').service)
    models.retrain(service, actorOf(c), c.req.valid('json').why)
    return c.json({ service, asked: true as const }, 202)
  })
  app.openapi(importModel, async (c) => {
    const service = configured(c.req.valid('param').service)
    try {
      return c.json(
        await models.importModel(service, c.req.valid('json'), actorOf(c), 'imported'),
        201,
      )
    } catch (error) {
      if (!(error instanceof ArtifactError)) throw error
      const { field, value, allowed } = error
      throw invalidRequest([{ field, value, allowed }])
    }
  })

  function configured(service: string): string {
    assertConfigured(control, service)
    return service
  }
}

function found<Row>(row: Row | undefined, service: string, number: number | string): Row {
  if (row !== undefined) return row
  throw new ProblemError('model-not-found', `there is no version ${number} of ${service}`)
}
