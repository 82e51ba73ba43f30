/**
 * OpenAPI as far as the aggregator asks: one document a group and version, found by `/openapi/v3`, so that the cluster's
 * own document (`kubectl get --raw /openapi/v3`) names these paths too. Pure.
 */
import { createHash } from 'node:crypto'
import { GROUPS, type MetricApi } from './groups.ts'

const gvOf = (api: MetricApi, version: string): string => `apis/${GROUPS[api].group}/${version}`

const text = { type: 'string' }
const parameter = (name: string, where: 'path' | 'query') => ({
  name,
  in: where,
  ...(where === 'path' ? { required: true } : {}),
  schema: text,
})

const PATHS: Readonly<Record<MetricApi, { path: string; query: readonly string[] }>> = {
  external: { path: '/namespaces/{namespace}/{metric}', query: ['labelSelector'] },
  custom: {
    path: '/namespaces/{namespace}/{resource}/{name}/{metric}',
    query: ['metricLabelSelector'],
  },
}

export function openApiDocument(api: MetricApi, version: string) {
  const { group, kind } = GROUPS[api]
  const { path, query } = PATHS[api]
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!)
  return {
    openapi: '3.0.0',
    info: { title: `Forescale ${group}`, version },
    paths: {
      [`/${gvOf(api, version)}${path}`]: {
        get: {
          description: 'Values that autoscalers may act on now.',
          parameters: [
            ...names.map((name) => parameter(name, 'path')),
            ...query.map((name) => parameter(name, 'query')),
          ],
          responses: {
            200: {
              description: 'OK',
              content: { 'application/json': { schema: { $ref: `#/components/schemas/${kind}` } } },
            },
            503: { description: 'There is no value that may be acted on.' },
          },
          'x-kubernetes-action': 'get',
          'x-kubernetes-group-version-kind': { group, version, kind },
        },
      },
    },
    components: { schemas: { [kind]: listSchema(group, version, kind) } },
  }
}

function listSchema(group: string, version: string, kind: string) {
  return {
    type: 'object',
    required: ['items'],
    properties: {
      kind: text,
      apiVersion: text,
      metadata: { type: 'object' },
      items: { type: 'array', items: { type: 'object' } },
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  }
}

export function openApiRoot(apis: readonly MetricApi[]) {
  const entries = apis.flatMap((api) =>
    GROUPS[api].versions.map((version) => {
      const document = JSON.stringify(openApiDocument(api, version))
      const hash = createHash('sha512').update(document).digest('hex').toUpperCase()
      const gv = gvOf(api, version)
      return [gv, { serverRelativeURL: `/openapi/v3/${gv}?hash=${hash}` }]
    }),
  )
  return { paths: Object.fromEntries(entries) }
}
