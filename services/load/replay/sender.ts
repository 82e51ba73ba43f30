/**
 * Requests on their way to one target. At most so many are, over as many connections; one more waits for its turn, and
 * its wait counts: latency begins at the intended send time (no coordinated omission, as wrk2 by Tene has it). Whatever
 * is not over `timeoutMs` after its intended time is a timeout, sent or not. Redirects are answers and not followed.
 */
import { type Dispatcher, Pool } from 'undici'
import type { Fate } from './tally.ts'
import type { Target } from './target.ts'

const MOST_SWEEP_MS = 50

export interface SenderOptions {
  readonly target: Target
  readonly mostInFlight: number
  readonly timeoutMs: number
  /** Told once of each request, in the order in which they are over. */
  readonly over: (intendedMs: number, fate: Fate) => void
  /** Ms on the clock of the intended times. */
  readonly nowMs: () => number
}

export interface Sender {
  send(intendedMs: number): void
  /** Sent, or waiting for a connection. */
  pending(): number
  /** Resolves when everything is over; what is not after `limitMs` becomes unfinished. */
  close(limitMs: number): Promise<void>
}

interface Request {
  readonly intendedMs: number
  sentMs: number
  isOver: boolean
  controller: Dispatcher.DispatchController | undefined
}

export function createSender(options: SenderOptions): Sender {
  const { target, mostInFlight, timeoutMs, over, nowMs } = options
  const { url, method, headers, body } = target
  const pool = new Pool(url.origin, {
    connections: mostInFlight,
    pipelining: 1,
    // ours is counted from the intended time
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: timeoutMs },
  })
  const path = `${url.pathname}${url.search}`
  /** By intended time, since they are sent in that order. */
  const inFlight = new Set<Request>()
  let waiting: Request[] = []
  let head = 0
  const sweep = setInterval(expire, Math.min(MOST_SWEEP_MS, timeoutMs / 4))

  function end(request: Request, fate: Fate): void {
    if (request.isOver) return
    request.isOver = true
    over(request.intendedMs, fate)
  }

  function start(request: Request): void {
    inFlight.add(request)
    request.sentMs = nowMs()
    pool.dispatch({ path, method, headers, body }, handlerOf(request))
  }

  function freed(request: Request): void {
    inFlight.delete(request)
    while (head < waiting.length && inFlight.size < mostInFlight) {
      const next = waiting[head++]!
      if (!next.isOver) start(next)
    }
    if (head > 1000 && head * 2 > waiting.length) {
      waiting = waiting.slice(head)
      head = 0
    }
  }

  function handlerOf(request: Request): Dispatcher.DispatchHandler {
    let status = 0
    return {
      onRequestStart(controller) {
        request.controller = controller
        if (request.isOver) controller.abort(new Error('too late'))
      },
      onResponseStart(_controller, statusCode) {
        status = statusCode
      },
      onResponseData() {},
      onResponseEnd() {
        const now = nowMs()
        const seconds = (now - request.intendedMs) / 1000
        const servedSeconds = (now - request.sentMs) / 1000
        end(request, { kind: 'answered', status, seconds, servedSeconds })
        freed(request)
      },
      onResponseError(_controller, error) {
        end(request, { kind: 'fault', code: codeOf(error) })
        freed(request)
      },
    }
  }

  function expire(): void {
    const before = nowMs() - timeoutMs
    for (const request of inFlight) {
      if (request.intendedMs > before) break
      end(request, { kind: 'timeout' })
      request.controller?.abort(new Error('timed out'))
    }
    for (let i = head; i < waiting.length && waiting[i]!.intendedMs <= before; i++)
      end(waiting[i]!, { kind: 'timeout' })
  }

  const open = () => [...inFlight, ...waiting.slice(head)].filter((request) => !request.isOver)

  return {
    pending: () => inFlight.size + waiting.length - head,
    send(intendedMs) {
      const request = { intendedMs, sentMs: Number.NaN, isOver: false, controller: undefined }
      if (inFlight.size < mostInFlight) start(request)
      else waiting.push(request)
    },
    async close(limitMs) {
      const givenUpMs = nowMs() + limitMs
      while (open().length > 0 && nowMs() < givenUpMs)
        await new Promise((resolve) => setTimeout(resolve, 10))
      clearInterval(sweep)
      for (const request of open()) end(request, { kind: 'unfinished' })
      await pool.destroy()
    },
  }
}

/** ECONNREFUSED, UND_ERR_SOCKET, …; of an error without a code its name. */
function codeOf(error: Error): string {
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' ? code : error.name
}
