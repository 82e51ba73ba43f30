/**
 * A server in front of a source that fails in every way in which a source can be down (RELIABILITY's list), or lets
 * requests through to what stands behind. Only for tests.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import getPort from 'get-port'

export const FAULTS = [
  ...(['refused', 'dns', 'not-tls', '401', '403', '429', '500', '502', '503'] as const),
  ...(['silent', 'drip', 'reset', 'truncated-gzip', 'wrong-type', 'error-body'] as const),
  ...(['endless-body', 'redirects', 'half-json'] as const),
] as const
export type Fault = (typeof FAULTS)[number]

export interface FaultServer {
  /** Where to ask. Another for the faults that are of the address itself. */
  urlFor(fault: Fault): string
  readonly url: string
  set(fault: Fault | undefined): Promise<void>
  /** Requests that came. */
  requests(): number
  close(): Promise<void>
}

type Answer = (request: IncomingMessage, response: ServerResponse, url: string) => void
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify({ code: 'fault', message: `HTTP ${code}`, status: 'error' }))
  }

const ANSWERS: Readonly<Partial<Record<Fault, Answer>>> = {
  '401': status(401),
  '403': status(403),
  '429': status(429, { 'retry-after': '1' }),
  '500': status(500),
  '502': status(502),
  '503': status(503),
  silent: () => {},
  drip(_request, response) {
    response.writeHead(200, { 'content-type': 'text/csv' })
    const timer = setInterval(() => response.write(' '), 20)
    response.on('close', () => clearInterval(timer))
  },
  reset(_request, response) {
    response.writeHead(200, { 'content-length': '1000' })
    response.write(',result,table,_time', () => response.destroy())
  },
  'truncated-gzip'(_request, response) {
    const packed = gzipSync(',result,table,_time,_value,service\r\n'.repeat(50))
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/csv' })
    response.end(packed.subarray(0, packed.length >> 1))
  },
  'wrong-type'(_request, response) {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<html><body>Please sign in to the network</body></html>')
  },
  'error-body'(_request, response) {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end('{"status":"error","errorType":"internal","error":"down","code":"internal error"}')
  },
  'half-json'(_request, response) {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end('{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"serv')
  },
  'endless-body'(_request, response) {
    response.writeHead(200, { 'content-type': 'application/json' })
    const block = Buffer.alloc(64 * 1024, ' ')
    const more = (): void => {
      while (response.writable && response.write(block));
    }
    response.on('drain', more)
    response.on('error', () => {})
    more()
  },
  redirects(_request, response, url) {
    response.writeHead(302, { location: `${url}/again` })
    response.end()
  },
}

export async function startFaultServer(behind: RequestListener): Promise<FaultServer> {
  const port = await getPort({ host: '127.0.0.1' })
  const url = `http://127.0.0.1:${port}`
  const sockets = new Set<Socket>()
  let fault: Fault | undefined
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    const answer = fault && ANSWERS[fault]
    if (!answer) return behind(request, response)
    request.resume()
    answer(request, response, url)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  const listen = () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const hush = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy()
      server.close(() => resolve())
    })
  await listen()
  return {
    url,
    urlFor(one) {
      if (one === 'dns') return 'http://no-such-host.invalid'
      return one === 'not-tls' ? url.replace('http:', 'https:') : url
    },
    async set(next) {
      fault = next
      for (const socket of sockets) socket.destroy()
      if (next === 'refused' && server.listening) await hush()
      if (next !== 'refused' && !server.listening) await listen()
    },
    requests: () => requests,
    close: async () => {
      if (server.listening) await hush()
    },
  }
}
