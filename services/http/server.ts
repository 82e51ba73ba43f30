/** The app on a port: patient with slow networks but not for ever, WebSocket included, and a clean end. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer, type WebSocketServerLike } from '@hono/node-server'
import { WebSocketServer } from 'ws'
import type { App } from './app.ts'

const GRACE_MS = 2000
const IDLE_CHECK_MS = 20
const LARGEST_MESSAGE_BYTES = 4096

/** The address cannot be listened on. */
export class ListenError extends Error {}

export interface Listening {
  readonly url: string
  close(): Promise<void>
}

export async function serve(
  app: App,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE_BYTES })
  const server = createAdaptorServer({
    fetch: app.fetch,
    websocket: { server: sockets as WebSocketServerLike },
    serverOptions: { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5000 },
  }) as Server
  await listen(server, host, port)
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://${urlHost(host)}:${bound}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      app.closeStreams()
      // A connection becomes idle when its answer has ended, so this is said more than once.
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS)
      const force = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate()
        server.closeAllConnections()
      }, GRACE_MS)
      await closed
      clearTimeout(force)
      clearInterval(idle)
      for (const socket of sockets.clients) socket.terminate()
    },
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, host, port)))
    server.listen(port, host, resolve)
  })
  server.removeAllListeners('error')
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): ListenError {
  const why =
    cause.code === 'EADDRINUSE'
      ? `port ${port} is in use; set FORESCALE_PORT (or http.port) to a free port from 0 to 65535, 0 picks one`
      : `cannot listen there (${cause.message}); set http.host or FORESCALE_PORT`
  return new ListenError(`http://${urlHost(host)}:${port}: ${why}`, { cause })
}

/** The host as it stands in a URL that works: IPv6 in brackets, loopback for "all interfaces". */
function urlHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
