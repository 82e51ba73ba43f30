/** Every route × every kind of caller × every method: who may, may; nobody else may. The count is printed. */
import { beforeAll, describe, expect, it } from 'vitest'
import { mayAct, Role } from '../access/role.ts'
import { openApiDocument } from './docs.ts'
import { type Declared, permissionOf } from './permission.ts'
import { lockedApp } from './test-callers.ts'

interface Operation extends Omit<Declared, 'method' | 'path'> {
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly example?: unknown
    readonly schema: { readonly example?: unknown }
  }[]
}
const STREAMS: readonly string[] = ['/v1/events', '/v1/ws']
const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const

const locked = lockedApp()
const { app, parts } = locked
const document = openApiDocument(app, '1.2.3')
const routes = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
  Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({
    ...{ method, path, operation },
    permission: permissionOf({ ...operation, method, path }),
  })),
)
type Route = (typeof routes)[number]

interface Kind {
  readonly name: string
  readonly role: Role | undefined
  /** Services it is bound to; undefined: none in particular. */
  readonly services?: readonly string[]
  token: string
}
const KINDS: Kind[] = [
  { name: 'nobody', role: undefined, token: '' },
  ...Role.options.map((role) => ({ name: role, role, token: '' })),
  { name: 'viewer of payment', role: 'viewer', services: ['payment'], token: '' },
  { name: 'operator of payment', role: 'operator', services: ['payment'], token: '' },
  { name: 'admin of payment', role: 'admin', services: ['payment'], token: '' },
  { name: 'operator of no service', role: 'operator', services: [], token: '' },
]

beforeAll(async () => {
  for (const kind of KINDS) {
    if (kind.role === undefined) continue
    const groups = kind.services && (kind.services.length > 0 ? ['money'] : ['gone'])
    if (groups?.includes('gone')) parts.state.config.http.auth.groups.gone = []
    kind.token = await locked.keyOf(kind.role, { groups: groups ?? null })
  }
  delete parts.state.config.http.auth.groups.gone
})

function pathOf({ path, operation }: Route, service: string): string {
  return path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => {
    if (name === 'service') return service
    const parameter = operation.parameters?.find((row) => row.name === name && row.in === 'path')
    return encodeURIComponent(String(parameter?.example ?? parameter?.schema.example ?? '1'))
  })
}

function ask(method: string, at: string, token: string) {
  const headers: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` }
  const hasBody = !['get', 'delete'].includes(method)
  // what a body is packed in is looked at before anything else
  if (hasBody && at === '/api/v1/write') headers['content-encoding'] = 'snappy'
  return app.request(at, {
    method: method.toUpperCase(),
    headers: hasBody ? { ...headers, 'content-type': 'application/json' } : headers,
    ...(hasBody ? { body: '{"none":1}' } : {}),
  })
}

/** 401, 403, or undefined for "comes in". */
function expected({ permission }: Route, kind: Kind, service: string): number | undefined {
  const { role, scope } = permission
  if (role === undefined) return undefined
  if (kind.role === undefined) return 401
  if (!mayAct(kind.role, role)) return 403
  if (kind.services === undefined) return undefined
  if (scope === 'fleet') return 403
  return scope === 'service' && !kind.services.includes(service) ? 403 : undefined
}

describe('the routes', () => {
  it('all say who may use them, and a route that does not cannot be registered', () => {
    expect(routes.length).toBeGreaterThan(75)
    const registered = app.routes.filter(({ method }) => method !== 'ALL')
    const declared = new Set(routes.map((r) => `${r.method.toUpperCase()} ${r.path}`))
    for (const { method, path } of registered)
      expect(declared).toContain(`${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    const silent = { method: 'get', path: '/v1/new', responses: {} } as never
    expect(() => app.openapi(silent, (() => new Response()) as never)).toThrow(
      /GET \/v1\/new does not say who may use it/,
    )
  })

  it('that are open to anybody are these', () => {
    const open = routes.filter(({ permission }) => permission.role === undefined)
    expect(open.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      'delete /v1/session',
      'get /',
      'get /assets/{file}',
      'get /docs',
      'get /docs/{file}',
      'get /livez',
      'get /openapi.json',
      'get /readyz',
      'get /v1/session',
      'get /{file}',
      'post /v1/session',
    ])
  })

  it('that change something are in the audit log, but for data and what only computes', () => {
    const writes = routes.filter(({ method }) => method !== 'get')
    const silent = writes.filter(({ permission }) => permission.action === undefined)
    expect(silent.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
      expect.arrayContaining([
        'delete /v1/session',
        'post /v1/decisions/{id}/replay',
        'post /v1/samples',
        'post /v1/session',
        'post /v1/ticks',
      ]),
    )
    // what else is silent must be a way in for samples
    const others = silent.filter(({ path }) => !/session|replay|samples|ticks/.test(path))
    expect(others.map(({ path }) => path).filter((path) => !/write|ingest/.test(path))).toEqual([])
  })

  it('let in whom they should and nobody else', async () => {
    const asking = routes
      .filter(({ path }) => !STREAMS.includes(path)) // those are below
      .flatMap((route) => KINDS.map((kind) => ({ route, kind })))
      .flatMap((one) => ['search', 'payment'].map((service) => ({ ...one, service })))
    const wrong: string[] = []
    for (const { route, kind, service } of asking) {
      const { status } = await ask(route.method, pathOf(route, service), kind.token)
      const wanted = expected(route, kind, service)
      const isRight = wanted === undefined ? ![401, 403].includes(status) : status === wanted
      if (!isRight)
        wrong.push(
          `${kind.name}: ${route.method} ${route.path} of ${service}: ${status}, not ${wanted}`,
        )
    }
    expect(wrong).toEqual([])
    const asked = asking.length
    const refused = asking.filter(({ route, kind, service }) =>
      expected(route, kind, service),
    ).length
    console.log(`authorisation: ${asked} requests, ${refused} refused as they should be, 0 wrong`)
    expect(asked).toBeGreaterThan(1000)
  }, 60_000)

  it('know no other method, with or without a header that asks for one', async () => {
    const paths = [...new Set(routes.map(({ path }) => path))]
    const admin = KINDS.find(({ name }) => name === 'admin')!.token
    let asked = 0
    for (const path of paths) {
      const known = routes.filter((route) => route.path === path)
      const at = pathOf(known[0]!, 'search')
      for (const method of METHODS.filter((m) => !known.some((route) => route.method === m))) {
        // 400: the last part is taken for another route's number
        expect([400, 405, 415], `${method} ${at}`).toContain((await ask(method, at, admin)).status)
        asked++
      }
      for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
        const before = (await parts.ledger.auditAfter(0, 1e6)).length
        if (known.some(({ method }) => method === 'get') && !/events|ws$/.test(path))
          await app.request(at, { headers: { authorization: `Bearer ${admin}`, [name]: 'DELETE' } })
        expect((await parts.ledger.auditAfter(0, 1e6)).length).toBe(before)
        asked++
      }
    }
    console.log(`methods: ${asked} requests that no route takes, 0 that one took`)
  }, 60_000)
})

describe('a way around', () => {
  const around = (path: string): string[] => [
    `/${path}`,
    `//${path}`,
    ...[
      '.',
      './',
      '/',
      '//',
      '/.',
      '/./',
      '%2f',
      '%2F',
      '%5c',
      '\\',
      ';',
      ';a=b',
      '%00',
      '%20',
    ].map((tail) => `/${path}${tail}`),
    ...['.', '..', '%2e', '%2e%2e', 'x/..', '%2f', '%5c..', ';'].map((part) => `/${part}/${path}`),
    `/${path.toUpperCase()}`,
    `/${path.replace('v1', 'V1')}`,
    `/${path.replaceAll('/', '%2f')}`,
    `/${path.replaceAll('/', '//')}`,
    `/${path.replaceAll('/', '/./')}`,
    `/${path}?token=x`,
    `/${path}?_method=GET`,
    `/${path.replace('e', '%65')}`,
    `/docs/../${path}`,
    `/assets/..%2f${path}`,
    `/livez/../${path}`,
  ]

  it('by how the path is written is not there', async () => {
    const paths = ['v1/budget', 'v1/services', 'v1/keys', 'v1/audit', 'v1/config', 'metrics']
    const tried = [...paths, 'v1/decisions/latest', 'v1/pause'].flatMap(around)
    for (const at of tried) {
      const response = await Promise.resolve(app.request(`http://localhost${at}`)).catch(
        () => undefined,
      )
      expect([undefined, 400, 401, 404, 405], at).toContain(response?.status)
    }
    console.log(`paths: ${tried.length} ways to write eight routes, 0 ways around the door`)
    expect(tried.length).toBeGreaterThan(250)
  })
})

describe('rows of several services', () => {
  it('are those of the caller only, whatever the route', async () => {
    const bound = await locked.keyOf('operator', { groups: ['money'] })
    let looked = 0
    for (const route of routes.filter(({ permission }) => permission.scope === 'filtered')) {
      if (route.method !== 'get' || /events|ws$/.test(route.path)) continue
      const response = await ask('get', pathOf(route, 'search'), bound)
      const text = await response.text()
      expect(text.includes('"service":"search"'), `${route.path}: ${text.slice(0, 200)}`).toBe(
        false,
      )
      looked++
    }
    expect(looked).toBeGreaterThan(6)
  })

  it('of events, too', async () => {
    const bound = await locked.keyOf('viewer', { groups: ['money'] })
    const response = await app.request('/v1/events', {
      headers: { authorization: `Bearer ${bound}` },
    })
    const reader = response.body!.getReader()
    let text = ''
    while (!text.includes('event: tick'))
      text += Buffer.from((await reader.read()).value ?? []).toString()
    await reader.cancel()
    expect(text).toContain('"service":"payment"')
    expect(text).not.toContain('"service":"search"')
    expect((await app.request('/v1/events')).status).toBe(401)
    expect((await app.request('/v1/ws', { headers: { upgrade: 'websocket' } })).status).toBe(401)
  })

  it('cannot be pushed for a service of others', async () => {
    const bound = await locked.keyOf('operator', { groups: ['money'] })
    const sample = { metric: 'requests_per_second', atMs: 1, value: 1 }
    const response = await app.request('/v1/samples', {
      method: 'POST',
      headers: { authorization: `Bearer ${bound}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        samples: ['search', 'payment'].map((service) => ({ ...sample, service })),
      }),
    })
    expect(await response.json()).toMatchObject({ accepted: 1, rejected: { 'unknown-service': 1 } })
  })
})
