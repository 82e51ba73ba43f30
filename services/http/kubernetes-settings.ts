/** The settings that come out of the cluster: which objects speak for which services, and what of them was not taken. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { NO_SETTINGS, SettingsView } from '../kubernetes/settings/view.ts'
import { reads } from './permission.ts'
import { NoQuery } from './query.ts'
import { json, problems, type RouteDeps } from './route.ts'

const example: SettingsView = {
  enabled: true,
  objects: [
    {
      ...{ kind: 'Deployment', namespace: 'shop', name: 'web' },
      services: ['shop--web'],
      budgetBound: false,
      faults: [
        {
          kind: 'refused',
          field: 'forescale.dev/max-replicas',
          value: '"many"',
          message: 'allowed: a whole number from 1 to 10000; it counts as not given',
        },
      ],
    },
  ],
  watches: [{ path: '/apis/apps/v1/deployments', state: 'following', objects: 12 }],
  fault: null,
}

const readSettings = createRoute({
  method: 'get',
  path: '/v1/kubernetes/settings',
  ...reads('fleet'),
  tags: ['config'],
  summary: 'Settings out of the cluster',
  description:
    'Annotated workloads, ScalingPolicies, Budgets and the ConfigMap of globals, each with its services and its faults. See docs/kubernetes-settings.md.',
  request: { query: NoQuery },
  responses: {
    200: json(SettingsView, 'What was read, and how it is watched.', example),
    ...problems('invalid-request'),
  },
})

export function kubernetesSettingsRoutes(
  app: OpenAPIHono,
  { clusterSettings }: Pick<RouteDeps, 'clusterSettings'>,
): void {
  app.openapi(readSettings, (c) => c.json(clusterSettings?.() ?? NO_SETTINGS, 200))
}
