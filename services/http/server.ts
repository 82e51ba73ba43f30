/** The app on a port: patient with slow networks but not for ever, WebSocket included, and a clean end. */
import type { Server } from 'node:http'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { createAdaptorServer, type WebSocketServerLike } from '@hono/node-server'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import type { LimitsConfig } from '../access/config.ts'
import type { App } from './app.ts'
import type { TlsConfig } from './config.ts'
import { followCertificates, tlsOptions } from './tls.ts'

const GRACE_MS = 2000
const IDLE_CHECK_MS = 20
const LARGEST_MESSAGE_BYTES = 4096

/** The address cannot be listened on. */
export class ListenError extends Error {}

export interface Listening {
  readonly url: string
  close(): Promise<void>
}

/** As `http` of the configuration; what is left out has the defaults. */
export interface ServeOptions {
  readonly host: string
  readonly port: number
  readonly tls?: TlsConfig | undefined
  readonly limits?: Pick<LimitsConfig, 'connections'> | undefined
  readonly log?: Logger | undefined
  /** How often the certificates' files are looked at, ms. */
  readonly certificatesEveryMs?: number | undefined
}

const TIMES = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 2000,
}
const MOST_HEADER_BYTES = 16 * 1024
const MOST_HEADERS = 100

export async function serve(app: App, options: ServeOptions): Promise<Listening> {
  const { host, port, tls, limits } = options
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE_BYTES })
  const server = createAdaptorServer({
    fetch: app.fetch,
    websocket: { server: sockets as WebSocketServerLike },
    ...(tls === undefined
      ? { serverOptions: { ...TIMES, maxHeaderSize: MOST_HEADER_BYTES } }
      : { createServer: createSecureServer, serverOptions: secureOptions(tls) }),
  }) as Server
  server.maxHeadersCount = MOST_HEADERS
  if (limits) server.maxConnections = limits.connections
  const connections = trackConnections(server)
  await listen(server, host, port)
  const secured = server as unknown as Http2SecureServer
  const unfollow = tls && followCertificates(secured, tls, options.log, options.certificatesEveryMs)
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `${tls ? 'https' : 'http'}://${urlHost(host)}:${bound}`,
    async close() {
      unfollow?.()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      app.closeStreams()
      // A connection becomes idle when its answer has ended, so this is said more than once.
      const idle = setInterval(() => server.closeIdleConnections?.(), IDLE_CHECK_MS)
      const force = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate()
        server.closeAllConnections?.()
        connections.end()
      }, GRACE_MS)
      await closed
      clearTimeout(force)
      clearInterval(idle)
      for (const socket of sockets.clients) socket.terminate()
    },
  }
}

/** HTTP/1.1 over TLS has the same limits; streams of HTTP/2 share one connection, which its own times end. */
function secureOptions(tls: TlsConfig) {
  const http1Options = { ...TIMES, maxHeaderSize: MOST_HEADER_BYTES }
  return { ...tlsOptions(tls), ...TIMES, maxHeaderSize: MOST_HEADER_BYTES, http1Options }
}

/**
 * A server of HTTP/2 does not know its connections, and one of HTTP/1.1 forgets those that asked for another protocol:
 * whoever asked for one and then stays silent would keep it from ever closing.
 */
function trackConnections(server: Server): { end(): void } {
  const open = new Set<Socket>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return {
    end() {
      for (const socket of open) socket.destroy()
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
