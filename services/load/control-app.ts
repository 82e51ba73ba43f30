/** The load generator over HTTP: how it is, what became of its requests, and spikes that start and stop. */
import { Hono } from 'hono'
import { z } from 'zod'
import { HttpProblem, problemAnswer, readBody, unknownService } from '../shop/problem.ts'
import type { Results } from './results.ts'
import { SpikeRequest, type Spikes } from './spikes.ts'

const ReportQuery = z.strictObject({
  sinceMs: z.coerce.number().min(0).default(0),
  untilMs: z.coerce.number().min(0).optional(),
})

export interface ControlParts {
  readonly services: readonly string[]
  readonly results: Results
  readonly spikes: Spikes
  readonly status: () => object
  readonly nowMs: () => number
}

export function createControlApp({ services, results, spikes, status, nowMs }: ControlParts): Hono {
  const app = new Hono()
  app.onError((error) => problemAnswer(error))
  app.get('/health', (c) => c.json({ status: 'ok' }))
  app.get('/status', (c) => c.json(status()))
  app.get('/spikes', (c) => c.json({ items: spikes.active(nowMs()) }))
  app.post('/spikes', async (c) => {
    const request = await readBody(c.req, SpikeRequest)
    if (!services.includes(request.service)) throw unknownService(request.service, services)
    return c.json(spikes.start(request, nowMs()), 201)
  })
  app.delete('/spikes/:id', (c) => {
    const id = c.req.param('id')
    if (!spikes.stop(id, nowMs()))
      throw new HttpProblem(404, 'No such spike', `no spike "${id}" is running`)
    return c.body(null, 204)
  })
  app.get('/report', async (c) => {
    const query = await readBody({ json: async () => c.req.query() }, ReportQuery)
    return c.json(results.report(query.sinceMs, query.untilMs))
  })
  return app
}
