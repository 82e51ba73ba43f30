/** Counts and times every answer by the pattern of its route; a path would make a series of every service's name. */
import { performance } from 'node:perf_hooks'
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { Instruments } from '../telemetry/instruments.ts'

const EVERY_PATH = ['*', '/*']

export function measured({ answered }: Pick<Instruments, 'answered'>): MiddlewareHandler {
  return async (c, next) => {
    const startedMs = performance.now()
    await next()
    const pattern = routePath(c, -1)
    // what no route took, or a guard refused: the pattern is that of a middleware
    const route = EVERY_PATH.includes(pattern) ? 'none' : pattern
    const labels = { method: c.req.method, route, status: String(c.res.status) }
    answered(labels, (performance.now() - startedMs) / 1000)
  }
}
