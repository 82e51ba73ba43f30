/**
 * A reverse proxy: /{service}/… goes to /… of one of the service's live replicas. This file routes and counts;
 * pool.ts chooses the replica and exchange.ts carries the request.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { HttpProblem } from '../shop/problem.ts'
import { createSender, fail } from './exchange.ts'
import { createGatewayMetrics, type ServiceMetrics } from './metrics.ts'
import { createPool, type Pool } from './pool.ts'

/** Shorter than the load generator waits, so that a replica that hangs is blamed and not the client. */
const ANSWER_TIMEOUT_MS = 8000
const KEEP_ALIVE_MS = 120_000
const CLIENT_GAVE_UP = 499
const REPLICA_BROKE_OFF = 502

export interface GatewayOptions {
  readonly services: readonly { readonly name: string; readonly sloSeconds: number }[]
  readonly random: () => number
  readonly nowMs: () => number
  readonly answerTimeoutMs?: number
}

export interface Gateway {
  readonly server: Server
  readonly poolByService: ReadonlyMap<string, Pool>
  /** Takes no new connection; resolves when those at work have ended, or after `limitMs`. */
  close(limitMs: number): Promise<void>
}

interface Route {
  readonly pool: Pool
  readonly metrics: ServiceMetrics
}

export function createGateway(options: GatewayOptions): Gateway {
  const { services, random, nowMs, answerTimeoutMs = ANSWER_TIMEOUT_MS } = options
  const metrics = createGatewayMetrics()
  const sender = createSender(answerTimeoutMs, nowMs)
  const routes = new Map<string, Route>()
  for (const { name, sloSeconds } of services) {
    const own = metrics.forService(name, sloSeconds, () => pool)
    const pool = createPool({ random, onEject: own.ejected })
    routes.set(name, { pool, metrics: own })
  }

  function forward(
    { pool, metrics }: Route,
    name: string,
    req: IncomingMessage,
    res: ServerResponse,
  ): void {
    const startMs = performance.now()
    res.once('close', () => metrics.finished(codeOf(res), (performance.now() - startMs) / 1000))
    const backend = pool.pick()
    if (backend) sender.send({ pool, req, res, onRetry: metrics.retried }, backend)
    else
      fail(res, new HttpProblem(503, 'No live replica', `no replica of service "${name}" is ready`))
  }

  async function answerItself(path: string, res: ServerResponse): Promise<void> {
    if (path === 'health') return void res.end('ok\n')
    if (path === 'metrics') {
      res.setHeader('content-type', metrics.contentType)
      return void res.end(await metrics.expose())
    }
    const known = [...routes.keys()].join(', ')
    fail(res, new HttpProblem(404, 'No such service', `service = "${path}"; allowed: ${known}`))
  }

  const server = createServer((req, res) => {
    const url = req.url ?? '/'
    const slash = url.indexOf('/', 1)
    const name = slash < 0 ? url.slice(1) : url.slice(1, slash)
    const route = routes.get(name)
    if (!route) return void answerItself(name, res)
    req.url = slash < 0 ? '/' : url.slice(slash)
    forward(route, name, req, res)
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS

  return {
    server,
    poolByService: new Map(Array.from(routes, ([name, { pool }]) => [name, pool])),
    async close(limitMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // connections that become idle after close() are not ended by it
      const sweep = setInterval(() => server.closeIdleConnections(), 20)
      const limit = setTimeout(() => server.closeAllConnections(), limitMs)
      await closed
      clearInterval(sweep)
      clearTimeout(limit)
      sender.close()
    },
  }
}

function codeOf(res: ServerResponse): number {
  if (res.writableFinished) return res.statusCode
  return res.errored ? REPLICA_BROKE_OFF : CLIENT_GAVE_UP
}
