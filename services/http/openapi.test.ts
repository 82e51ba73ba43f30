import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { createApp } from './app.ts'
import { openApiDocument } from './docs.ts'
import { createTestParts } from './test-plane.ts'

interface Media {
  readonly schema?: object
  readonly example?: unknown
}
interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly example?: unknown
  readonly schema: { readonly example?: unknown }
}
interface Operation {
  readonly tags: readonly string[]
  readonly summary: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly required?: boolean; readonly content: Record<string, Media> }
  readonly responses: Record<string, { content?: Record<string, Media> }>
}

const app = createApp(createTestParts())
const document = openApiDocument(app, '1.2.3')
const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
  Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    operation,
  })),
)
const ajv = addFormats.default(new Ajv2020({ strict: false }))
ajv.addSchema(document as object, 'api')
const validator = (name: string, at: readonly string[]) =>
  ajv.compile({
    $ref: `api#/paths/${[name.split(' ')[1]!, name.split(' ')[0]!.toLowerCase(), ...at]
      .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/')}`,
  })

describe('the OpenAPI document', () => {
  it('is 3.1 and is what /openapi.json serves', async () => {
    const served = JSON.parse(await (await app.request('/openapi.json')).text())
    expect(served.openapi).toBe('3.1.0')
    expect(Object.keys(served.paths)).toEqual(Object.keys(document.paths ?? {}))
  })

  it('has every registered route, and no other', () => {
    const registered = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    expect(new Set(operations.map(({ name }) => name))).toEqual(new Set(registered))
  })

  it('has the routes that the contract promises', () => {
    const names = operations.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(PROMISED))
  })

  it('knows the contracts as components, none of them nullable by accident', () => {
    const schemas = document.components?.schemas as Record<string, { type?: unknown }>
    for (const name of [
      'Forecast',
      'Proposal',
      'ServiceStatus',
      'Tick',
      'Explanation',
      'Problem',
    ]) {
      expect(schemas[name]?.type, name).toBe('object')
    }
  })

  it.each(operations)('$name has a summary, a tag and examples for all it is given', (row) => {
    const { summary, tags, parameters = [], requestBody } = row.operation
    expect(summary).toBeTruthy()
    expect(tags).toHaveLength(1)
    for (const parameter of parameters.filter((p) => p.required)) {
      expect(parameter.example ?? parameter.schema.example, parameter.name).toBeDefined()
    }
    for (const media of Object.values(requestBody?.content ?? {})) {
      if (requestBody?.required) expect(media.example).toBeDefined()
    }
  })

  const examples = operations.flatMap(({ name, operation }) => [
    ...Object.entries(operation.responses).flatMap(([status, { content = {} }]) =>
      Object.entries(content).flatMap(([type, media]) =>
        type.endsWith('json')
          ? [{ name, at: ['responses', status, 'content', type], example: media.example }]
          : [],
      ),
    ),
    ...Object.entries(operation.requestBody?.content ?? {}).flatMap(([type, media]) =>
      media.example === undefined
        ? []
        : [{ name, at: ['requestBody', 'content', type], example: media.example }],
    ),
  ])

  it.each(examples)('$name $at has an example that its schema accepts', ({ name, at, example }) => {
    expect(example).toBeDefined()
    const validate = validator(name, [...at, 'schema'])
    expect(validate(example), ajv.errorsText(validate.errors)).toBe(true)
  })
})

const PROMISED = [
  'GET /v1/services',
  'GET /v1/services/{service}',
  'GET /v1/services/{service}/series',
  'GET /v1/services/{service}/forecast',
  'GET /v1/services/{service}/signals/{signal}',
  'GET /v1/services/{service}/proposal',
  'PUT /v1/services/{service}/mode',
  'PUT /v1/services/{service}/policy',
  'GET /v1/proposals',
  'GET /v1/decisions',
  'GET /v1/decisions/latest',
  'GET /v1/decisions/{id}',
  'POST /v1/decisions/{id}/replay',
  'GET /v1/ticks',
  'GET /v1/ticks/latest',
  'GET /v1/ticks/{tick}',
  'POST /v1/ticks',
  'GET /v1/budget',
  'PUT /v1/budget',
  'GET /v1/mode',
  'PUT /v1/mode',
  'GET /v1/strategies',
  'POST /v1/pause',
  'POST /v1/resume',
  'POST /v1/samples',
  'GET /v1/models',
  'GET /v1/models/{service}/{number}',
  'GET /v1/models/{service}/compare',
  'POST /v1/models/{service}/promote',
  'POST /v1/models/{service}/rollback',
  'POST /v1/models/{service}/retrain',
  'GET /v1/models/{service}/{number}/export',
  'POST /v1/models/{service}/import',
  'GET /v1/rollouts',
  'POST /v1/rollouts',
  'GET /v1/rollouts/automatic',
  'GET /v1/rollouts/{number}',
  'POST /v1/rollouts/{number}/advance',
  'POST /v1/rollouts/{number}/stop',
  'POST /v1/rollouts/rollback',
  'GET /v1/trainings',
  'POST /v1/trainings',
  'GET /v1/trainings/{number}',
  'POST /v1/trainings/{number}/cancel',
  'POST /v1/trainings/{number}/resume',
  'DELETE /v1/trainings/{number}',
  'GET /v1/jobs',
  'GET /v1/jobs/{id}',
  'POST /v1/jobs/{id}/retry',
  'DELETE /v1/jobs/{id}',
  'GET /v1/policies',
  'POST /v1/policies',
  'POST /v1/policies/learn',
  'GET /v1/policies/{version}',
  'GET /v1/outcomes',
  'GET /v1/demo',
  'POST /v1/demo/spikes',
  'DELETE /v1/demo/spikes/{id}',
  'GET /v1/config',
  'POST /v1/config/reload',
  'GET /v1/events',
  'GET /v1/ws',
  'GET /livez',
  'GET /readyz',
  'GET /metrics',
  'GET /openapi.json',
  'GET /docs',
  'GET /',
  'GET /predict/{service}',
  'GET /models/status',
  'GET /scaling-decision/{service}',
  'GET /cost-analysis/all',
]
