/**
 * One request on its way: sent to a replica by http-proxy-3 and, when that replica did not answer, at most once to
 * another. Only a request that is the same when sent twice is sent twice, and never one that timed out.
 */
import { Agent, type IncomingMessage, type ServerResponse } from 'node:http'
import { createProxyServer } from 'http-proxy-3'
import { HttpProblem, problemBody } from '../shop/problem.ts'
import type { Backend, Pool } from './pool.ts'

const CONNECT_TIMEOUT_MS = 2000
const IDLE_CONNECTIONS = 256
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS'])

export interface Exchange {
  readonly pool: Pool
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly onRetry: () => void
}

export interface Sender {
  send(exchange: Exchange, backend: Backend): void
  close(): void
}

export function createSender(answerTimeoutMs: number, nowMs: () => number): Sender {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS })
  const proxy = createProxyServer({
    agent,
    proxyTimeout: answerTimeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
  })
  // a replica that dies in the middle of its answer must not leave the client waiting
  proxy.on('proxyRes', (answer, _req, res) => {
    answer.once('close', () => {
      if (!answer.complete && !res.destroyed) res.destroy(new Error('the replica broke off'))
    })
  })

  function send(exchange: Exchange, backend: Backend, retried: boolean): void {
    const { pool, req, res } = exchange
    const sentMs = nowMs()
    let over = false
    const finish = (failed: boolean) => {
      if (over) return
      over = true
      backend.inFlight--
      pool.record(backend, failed, nowMs())
    }
    backend.inFlight++
    res.once('close', () => finish(res.errored !== null))
    proxy.web(req, res, { target: targetOf(backend) }, (error) => {
      if (over || res.destroyed) return
      finish(true)
      const timedOut = nowMs() - sentMs >= answerTimeoutMs
      const again = !retried && !timedOut && !res.headersSent && REPEATABLE.has(req.method ?? '')
      const other = again ? pool.pick(backend) : undefined
      if (!other) return giveUp(res, backend, error, timedOut)
      exchange.onRetry()
      send(exchange, other, true)
    })
  }

  return {
    send: (exchange, backend) => send(exchange, backend, false),
    close: () => agent.destroy(),
  }
}

export function fail(res: ServerResponse, problem: HttpProblem): void {
  res.writeHead(problem.status, { 'content-type': 'application/problem+json', 'retry-after': '1' })
  res.end(problemBody(problem))
}

function giveUp(res: ServerResponse, backend: Backend, error: Error, timedOut: boolean): void {
  if (res.headersSent) res.destroy(error)
  else if (timedOut)
    fail(res, new HttpProblem(504, 'Replica timed out', `${backend.id} gave no answer in time`))
  else
    fail(
      res,
      new HttpProblem(502, 'Replica failed', `${backend.id} did not answer: ${error.message}`),
    )
}

function targetOf({ host, port }: Backend) {
  return { protocol: 'http:', host, hostname: host, port }
}
