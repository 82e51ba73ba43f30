/**
 * TEST-ONLY: serves the built page and a synthetic fleet over the API's routes, under the strictest content security
 * policy that the page claims to need. Not part of the product; loopback only.
 */
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { createBackend } from './backend.ts'
import type { WorldOptions } from './world.ts'

const DIST = path.join(import.meta.dirname, '..', 'dist')
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export interface ReplayOptions extends Partial<Omit<WorldOptions, 'epochMs'>> {
  readonly port?: number
  /** Without a demo there is no spike button. */
  readonly demo?: boolean
  /** Folder of the built page. */
  readonly dist?: string
}

export interface ReplayServer {
  readonly url: string
  /** Ends every open event stream, as a restart of the controller would. */
  dropStreams(): void
  close(): Promise<void>
}

export async function startReplayServer(options: ReplayOptions = {}): Promise<ReplayServer> {
  const { dist = DIST, dayMs = 240_000 } = options
  const tickMs = options.tickMs ?? 4000
  const epochMs = Math.floor((Date.now() - 1.45 * dayMs) / tickMs) * tickMs
  const backend = createBackend(
    {
      names: options.names ?? ['search', 'recommendation', 'payment', 'auth'],
      epochMs,
      dayMs,
      tickMs,
      stepMs: options.stepMs ?? 2000,
      seed: options.seed ?? 1,
      budget: options.budget ?? 2.2,
    },
    options.demo ?? true,
  )
  const streams = new Set<ServerResponse>()
  let frame = 0
  const send = (response: ServerResponse, kind: string, data: unknown) =>
    response.write(`id: ${++frame}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`)
  const publish = (events: ReturnType<typeof backend.advance>) => {
    for (const { kind, data } of events) for (const stream of streams) send(stream, kind, data)
  }
  publish(backend.advance(Date.now()))
  const timer = setInterval(() => publish(backend.advance(Date.now())), Math.min(500, tickMs))

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://replay')
    const method = request.method ?? 'GET'
    if (url.pathname === '/v1/events') return stream(response)
    if (!url.pathname.startsWith('/v1/')) return file(dist, url.pathname, response)
    const body = await bodyOf(request)
    const result = backend.handle(method, url, body)
    response.writeHead(result.status, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
    })
    response.end(result.body === undefined ? undefined : JSON.stringify(result.body))
    if (method !== 'GET') publish(backend.present())
  }
  function stream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    streams.add(response)
    response.on('close', () => streams.delete(response))
    for (const { kind, data } of backend.present()) send(response, kind, data)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500)
      response.end(String(error))
    })
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    dropStreams: () => {
      for (const open of streams) open.destroy()
    },
    async close() {
      clearInterval(timer)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text === '' ? undefined : JSON.parse(text)
}

async function file(dist: string, pathname: string, response: ServerResponse): Promise<void> {
  const name = pathname === '/' ? 'index.html' : pathname.slice(1)
  try {
    const content = await readFile(path.join(dist, path.normalize(name)))
    response.writeHead(200, {
      'content-type': TYPES[path.extname(name)] ?? 'application/octet-stream',
      'content-security-policy': CSP,
    })
    response.end(content)
  } catch {
    response.writeHead(404)
    response.end()
  }
}
