/** A vendor's API on a free port of loopback, for contract tests. */
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'

export interface Served {
  readonly url: string
  stop(): Promise<void>
}

/** `at`: a path for a socket of the file system instead of a port. */
export async function serve(app: Hono, at?: string): Promise<Served> {
  const server = createAdaptorServer({ fetch: app.fetch })
  await new Promise<void>((resolve) => {
    if (at === undefined) server.listen(0, '127.0.0.1', resolve)
    else server.listen(at, resolve)
  })
  const address = server.address()
  return {
    url: at === undefined ? `http://127.0.0.1:${(address as AddressInfo).port}` : `unix://${at}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}
