/**
 * Sends requests over kept-alive connections and never waits for one before sending the next. What is on its way is
 * bounded per service; a request beyond the bound is not sent and counts as a failure: open-loop load says so when
 * it can no longer be offered.
 */
import { type Dispatcher, Pool } from 'undici'
import type { Results } from './results.ts'

/** Longer than the gateway waits for a replica. */
const ANSWER_TIMEOUT_MS = 10_000
const IDLE_CONNECTION_MS = 60_000

export interface Sender {
  send(service: string, intendedMs: number): void
  inFlight(service: string): number
  /** Resolves when all that was sent is over, or after `limitMs`. */
  close(limitMs: number): Promise<void>
}

export interface SenderOptions {
  readonly gatewayUrl: string
  readonly services: readonly string[]
  readonly mostInFlight: number
  readonly results: Results
  readonly nowMs: () => number
}

export function createSender({
  gatewayUrl,
  services,
  mostInFlight,
  results,
  nowMs,
}: SenderOptions): Sender {
  const pool = new Pool(gatewayUrl, {
    connections: null,
    pipelining: 1,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
  })
  const inFlightByService = new Map(services.map((service) => [service, 0]))
  const count = (service: string, change: number) =>
    inFlightByService.set(service, inFlightByService.get(service)! + change)
  const total = () => [...inFlightByService.values()].reduce((sum, n) => sum + n, 0)

  function handlerFor(service: string, intendedMs: number): Dispatcher.DispatchHandler {
    let code = 0
    return {
      onRequestStart() {},
      onResponseStart(_controller, statusCode) {
        code = statusCode
      },
      onResponseData() {},
      onResponseEnd() {
        count(service, -1)
        results.answered(service, intendedMs, (nowMs() - intendedMs) / 1000, code < 500)
      },
      onResponseError() {
        count(service, -1)
        results.failed(service, intendedMs)
      },
    }
  }

  return {
    inFlight: (service) => inFlightByService.get(service) ?? 0,
    send(service, intendedMs) {
      if (inFlightByService.get(service)! >= mostInFlight)
        return results.failed(service, intendedMs)
      count(service, 1)
      pool.dispatch({ path: `/${service}/work`, method: 'GET' }, handlerFor(service, intendedMs))
    },
    async close(limitMs) {
      for (let waitedMs = 0; total() > 0 && waitedMs < limitMs; waitedMs += 20) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      await pool.destroy()
    },
  }
}
