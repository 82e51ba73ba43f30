/** The host over HTTP: what is there, and orders of absolute replica counts. */
import { Hono } from 'hono'
import type { Host } from './host.ts'
import { HostFence, ReplicaOrder, WATCHER_HEADER } from './host-api.ts'
import { problemAnswer, readBody, unknownService } from './problem.ts'
import type { Watchers } from './watchers.ts'

export function createHostApp(host: Host, watchers: Watchers, nowMs: () => number): Hono {
  const app = new Hono()
  app.onError((error) => problemAnswer(error))
  app.get('/health', (c) => c.json({ status: 'ok' }))
  app.get('/counters', (c) => c.json(host.counters()))
  app.get('/services', (c) => {
    const watcher = c.req.header(WATCHER_HEADER)
    if (watcher) watchers.polled(watcher, nowMs())
    return c.json(host.services())
  })
  app.put('/fence', async (c) => {
    host.announce(await readBody(c.req, HostFence))
    return c.json({ status: 'ok' })
  })
  app.put('/services/:name/replicas', async (c) => {
    const name = c.req.param('name')
    if (!host.service(name)) throw unknownService(name, Object.keys(host.services().services))
    await host.order(name, await readBody(c.req, ReplicaOrder))
    return c.json(host.service(name))
  })
  return app
}
