/**
 * The metrics APIs as an aggregated API server answers them: who calls is known, may do what is asked, and then gets a
 * discovery document, a list of values, or a Status that says why not.
 */
import { Hono } from 'hono'
import type { Logger } from 'pino'
import type { MetricsApiConfig } from './config.ts'
import {
  AGGREGATED_DISCOVERY,
  aggregatedDiscovery,
  GROUPS,
  groupDocument,
  groupList,
  type MetricApi,
  resourceList,
} from './groups.ts'
import { ALL_OBJECTS, customList, externalList, type MetricsView } from './items.ts'
import { openApiDocument, openApiRoot } from './openapi.ts'
import { requestInfo } from './request-info.ts'
import type { Reviews } from './reviews.ts'
import { parseSelector, type Selector, SelectorError } from './selector.ts'
import { ApiStatus, statusBody } from './status.ts'
import type { User } from './trust.ts'

/** Who administers the cluster may do all; the API server itself asks as one of them when it looks whether we are there. */
const ADMINISTRATORS = 'system:masters'

export interface MetricsAppDeps<Env extends object = object> {
  readonly apis: MetricsApiConfig['apis']
  readonly view: () => MetricsView
  /** Undefined: nobody who is known. */
  readonly userOf: (request: Request, env: Env) => Promise<User | undefined>
  readonly mayDo: Reviews['mayDo']
  readonly log?: Pick<Logger, 'error'> | undefined
}

export function createMetricsApp<Env extends object>(deps: MetricsAppDeps<Env>) {
  const app = new Hono<{ Bindings: Env }>()
  app.onError((error, c) => {
    const status = asStatus(error)
    if (status.code === 500) deps.log?.error({ err: error, path: c.req.path }, 'request failed')
    return c.json(statusBody(status), status.code)
  })
  app.notFound((c) => {
    const status = new ApiStatus(404, `there is nothing at ${c.req.path}`)
    return c.json(statusBody(status), 404)
  })
  app.use(async (c, next) => {
    const user = await asked('who calls', () => deps.userOf(c.req.raw, c.env))
    if (!user) throw new ApiStatus(401, 'who calls is not known')
    if (c.req.method !== 'GET') throw new ApiStatus(405, `${c.req.method} is not allowed; GET is`)
    await authorise(deps, user, c.req.path)
    await next()
  })
  discoveryRoutes(app, deps)
  if (deps.apis.includes('external')) externalRoutes(app, deps)
  if (deps.apis.includes('custom')) customRoutes(app, deps)
  return app
}

function asStatus(error: unknown): ApiStatus {
  if (error instanceof ApiStatus) return error
  if (error instanceof SelectorError) return new ApiStatus(400, error.message)
  if (error instanceof URIError) return new ApiStatus(400, 'the path is wrongly escaped')
  return new ApiStatus(500, 'the log says why')
}

/** The cluster did not answer: that is no yes, and no failure of who asks. */
async function asked<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw new ApiStatus(503, `the cluster does not say ${what}: ${(error as Error).message}`)
  }
}

async function authorise({ mayDo }: MetricsAppDeps<never>, user: User, path: string) {
  if (user.groups.includes(ADMINISTRATORS)) return
  const info = requestInfo(path)
  const { allowed, reason } = await asked('who may do what', () => mayDo(user, info))
  if (allowed) return
  const what =
    info.kind === 'path'
      ? `path "${info.path}"`
      : `resource "${info.resource}" in API group "${info.group}" in the namespace "${info.namespace}"`
  const why = reason === '' ? '' : `: ${reason}`
  throw new ApiStatus(403, `User "${user.username}" cannot ${info.verb} ${what}${why}`)
}

type Routes<Env extends object> = Hono<{ Bindings: Env }>

function discoveryRoutes<Env extends object>(app: Routes<Env>, deps: MetricsAppDeps<Env>): void {
  const { apis, view } = deps
  const refs = () => [...view().workloads.values()]
  app.get('/apis', (c) => {
    if (!c.req.header('accept')?.includes('as=APIGroupDiscoveryList'))
      return c.json(groupList(apis))
    const body = JSON.stringify(aggregatedDiscovery(apis, refs()))
    return c.body(body, 200, { 'content-type': AGGREGATED_DISCOVERY })
  })
  app.get('/openapi/v3', (c) => c.json(openApiRoot(apis)))
  for (const api of apis) {
    const { group, versions } = GROUPS[api]
    app.get(`/apis/${group}`, (c) => c.json(groupDocument(api)))
    for (const version of versions) {
      const path = `/apis/${group}/${version}`
      app.get(path, (c) => c.json(resourceList(api, version, refs())))
      app.get(`/openapi/v3${path}`, (c) => c.json(openApiDocument(api, version)))
    }
  }
}

const selectorOf = (text: string | undefined): Selector => parseSelector(text ?? '')

function externalRoutes<Env extends object>(app: Routes<Env>, { view }: MetricsAppDeps<Env>): void {
  const { group, versions } = GROUPS.external satisfies (typeof GROUPS)[MetricApi]
  app.get(`/apis/${group}/${versions[0]}/namespaces/:namespace/:metric`, (c) => {
    const { namespace, metric } = c.req.param()
    return c.json(externalList(view(), namespace, metric, selectorOf(c.req.query('labelSelector'))))
  })
}

function customRoutes<Env extends object>(app: Routes<Env>, { view }: MetricsAppDeps<Env>): void {
  const { group, versions } = GROUPS.custom
  for (const version of versions) {
    const path = `/apis/${group}/${version}/namespaces/:namespace/:resource/:name/:metric` as const
    app.get(path, (c) => {
      const { namespace, resource, name, metric } = c.req.param()
      const objects = selectorOf(c.req.query('labelSelector'))
      if (objects.length > 0)
        throw new ApiStatus(
          400,
          `labelSelector chooses objects by labels that are not known here; name one instead of "${ALL_OBJECTS}", or choose by metricLabelSelector`,
        )
      const selector = selectorOf(c.req.query('metricLabelSelector'))
      return c.json(customList(view(), { version, namespace, resource, name, metric, selector }))
    })
  }
}
