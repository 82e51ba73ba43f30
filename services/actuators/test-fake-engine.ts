/**
 * Answers as the Docker Engine API documents it (docs.docker.com/reference/api/engine/version/v1.47), for contract tests:
 * containers that a Compose project holds, no images, no processes. The real engine's test is docker-engine.test.ts.
 */
import { createHash } from 'node:crypto'
import { Hono } from 'hono'

interface FakeContainer {
  readonly id: string
  readonly name: string
  readonly createdMs: number
  readonly body: {
    Labels: Record<string, string>
    Image: string
    HostConfig?: Record<string, unknown>
    NetworkingConfig?: { EndpointsConfig: Record<string, unknown> }
    [key: string]: unknown
  }
  status: 'created' | 'running' | 'exited'
  startedMs: number
}

export interface FakeEngine {
  readonly app: Hono
  readonly settings: FakeEngineSettings
  readonly containers: Map<string, FakeContainer>
  /** Requests that changed something, as "POST /containers/create". */
  readonly changes: string[]
  add(service: string, over?: Partial<FakeContainer['body']>): FakeContainer
}

export const API_VERSION = '1.47'
const PROJECT = 'shop'

/** May be changed at any time. */
export interface FakeEngineSettings {
  /** Until the health check passes, ms. */
  startupMs: number
  /** While true no container ends that was told to. */
  holdsStops: boolean
}

export function createFakeEngine(startupMs: number): FakeEngine {
  const settings: FakeEngineSettings = { startupMs, holdsStops: false }
  const containers = new Map<string, FakeContainer>()
  const changes: string[] = []
  let made = 0

  function create(name: string, body: FakeContainer['body']): FakeContainer {
    made++
    const id = createHash('sha256').update(`${name}-${made}`).digest('hex')
    const container: FakeContainer = {
      ...{ id, name, body, status: 'created', startedMs: 0 },
      createdMs: Date.now() + made,
    }
    containers.set(id, container)
    return container
  }

  function add(service: string, over: Partial<FakeContainer['body']> = {}): FakeContainer {
    const number =
      [...containers.values()].filter((c) => labelOf(c, 'service') === service).length + 1
    const container = create(`${PROJECT}-${service}-${number}`, {
      Image: 'registry.example/web:1',
      Env: ['LEVEL=info'],
      HostConfig: { NetworkMode: `${PROJECT}_default`, RestartPolicy: { Name: 'always' } },
      NetworkingConfig: { EndpointsConfig: { [`${PROJECT}_default`]: { Aliases: [service] } } },
      Labels: {
        'com.docker.compose.project': PROJECT,
        'com.docker.compose.service': service,
        'com.docker.compose.container-number': String(number),
        'com.docker.compose.oneoff': 'False',
      },
      ...over,
    })
    Object.assign(container, { status: 'running', startedMs: Date.now() - 2 * settings.startupMs })
    return container
  }

  const app = new Hono()
  const api = app.basePath(`/v${API_VERSION}`)
  app.get('/version', (c) => c.json({ ApiVersion: API_VERSION, MinAPIVersion: '1.44' }))
  api.use(async (c, next) => {
    if (c.req.method !== 'GET')
      changes.push(
        `${c.req.method} ${c.req.path.replace(/^\/v[\d.]+/, '').replace(/[0-9a-f]{64}/, 'ID')}`,
      )
    await next()
  })
  addRoutes(api, containers, settings, create)
  return { app, settings, containers, changes, add }
}

function addRoutes(
  api: Hono,
  containers: Map<string, FakeContainer>,
  settings: FakeEngineSettings,
  create: (name: string, body: FakeContainer['body']) => FakeContainer,
): void {
  api.get('/containers/json', (c) => {
    const { label } = JSON.parse(c.req.query('filters') ?? '{}') as { label: string[] }
    const wanted = label.map((text) => text.split('=') as [string, string])
    const rows = [...containers.values()].filter(({ body }) =>
      wanted.every(([key, value]) => body.Labels[key] === value),
    )
    return c.json(rows.map(rowOf))
  })
  api.get('/containers/:id/json', (c) => {
    const found = containers.get(c.req.param('id'))
    return found ? c.json(detailOf(found, settings.startupMs)) : c.json(NO_SUCH, 404)
  })
  api.post('/containers/create', async (c) => {
    const body = (await c.req.json()) as FakeContainer['body']
    const name = c.req.query('name') ?? ''
    if ([...containers.values()].some((container) => container.name === name))
      return c.json({ message: `Conflict. The container name "/${name}" is already in use` }, 409)
    return c.json({ Id: create(name, body).id, Warnings: [] }, 201)
  })
  api.post('/networks/:network/connect', (c) => c.body(null, 200))
  api.post('/containers/:id/start', (c) => {
    const found = containers.get(c.req.param('id'))
    if (!found) return c.json(NO_SUCH, 404)
    if (found.status === 'running') return c.body(null, 304)
    Object.assign(found, { status: 'running', startedMs: Date.now() })
    return c.body(null, 204)
  })
  api.post('/containers/:id/stop', async (c) => {
    const found = containers.get(c.req.param('id'))
    if (!found) return c.json(NO_SUCH, 404)
    do await new Promise((resolve) => setTimeout(resolve, 5))
    while (settings.holdsStops)
    found.status = 'exited'
    return c.body(null, 204)
  })
  api.delete('/containers/:id', (c) => {
    if (!containers.delete(c.req.param('id'))) return c.json(NO_SUCH, 404)
    return c.body(null, 204)
  })
}

const NO_SUCH = { message: 'No such container' }
const labelOf = ({ body }: FakeContainer, key: string) => body.Labels[`com.docker.compose.${key}`]

function rowOf({ id, name, status, createdMs, body }: FakeContainer) {
  return {
    Id: id,
    Names: [`/${name}`],
    State: status,
    Created: Math.floor(createdMs / 1000),
    Labels: body.Labels,
  }
}

function detailOf(container: FakeContainer, startupMs: number) {
  const { id, name, status, createdMs, startedMs, body } = container
  const { HostConfig, NetworkingConfig, ...Config } = body
  const isHealthy = Date.now() - startedMs >= startupMs
  const healthyAt = new Date(startedMs + startupMs).toISOString()
  return {
    Id: id,
    Name: `/${name}`,
    Created: new Date(createdMs).toISOString(),
    Image: `sha256:${'1'.repeat(64)}`,
    State: {
      Status: status,
      StartedAt: startedMs === 0 ? '0001-01-01T00:00:00Z' : new Date(startedMs).toISOString(),
      Health: {
        Status: isHealthy ? 'healthy' : 'starting',
        Log: isHealthy ? [{ Start: healthyAt, End: healthyAt, ExitCode: 0, Output: '' }] : [],
      },
    },
    Config: { Hostname: id.slice(0, 12), ...Config },
    HostConfig,
    NetworkSettings: { Networks: NetworkingConfig?.EndpointsConfig ?? {} },
  }
}
