/**
 * What the baselines share: each looks after one service at a time, whole counts inside the owner's bounds, and a wish
 * that is no number leaves the count as it is.
 */
import type { Controller, Known, Scraped } from './controller.ts'

export type KnownService = Known['services'][number]

export interface OneService {
  readonly service: KnownService
  readonly known: Known
  /** Arrivals before the run, requests/s a step of `known.stepMs`, those from callers included. */
  readonly history: Float64Array
}

/** The count that one service should have from `atMs` on; NaN: leave it. */
export type Decide = (atMs: number, scraped: Scraped) => number

export function perService(known: Known, create: (one: OneService) => Decide): Controller {
  const histories = historicLoad(known)
  const deciders = known.services.map((service, i) =>
    create({ service, known, history: histories[i]! }),
  )
  return {
    decide: (atMs, scraped) =>
      Int32Array.from(known.services, ({ spec }, i) => {
        const { requested } = scraped[i]!.replicas
        const wish = deciders[i]!(atMs, scraped[i]!)
        return inBounds(Number.isNaN(wish) ? requested : wish, spec)
      }),
  }
}

/** A whole count inside the owner's bounds. */
export function inBounds(
  count: number,
  { minReplicas, maxReplicas }: { readonly minReplicas: number; readonly maxReplicas: number },
): number {
  return Math.max(minReplicas, Math.min(maxReplicas, Math.ceil(count)))
}

/** How often a request from outside may be passed on before its further calls are left out (a circle of calls). */
const CALL_DEPTH = 16

/** Each service's history with what its callers sent it. Same length and step for all. */
export function historicLoad({ services }: Known): Float64Array[] {
  const steps = services[0]?.history.length ?? 0
  const total = services.map(({ history }) => Float64Array.from(history))
  let wave = services.map(({ history }) => Float64Array.from(history))
  for (let depth = 0; depth < CALL_DEPTH; depth++) {
    const next = services.map(() => new Float64Array(steps))
    let any = false
    services.forEach(({ serving }, from) => {
      for (const call of serving.calls) {
        const to = services.findIndex(({ name }) => name === call.service)
        if (to < 0) continue
        any = true
        for (let t = 0; t < steps; t++) next[to]![t]! += wave[from]![t]! * call.perRequest
      }
    })
    if (!any) break
    total.forEach((load, i) => {
      for (let t = 0; t < steps; t++) load[t]! += next[i]![t]!
    })
    wave = next
  }
  return total
}

/** Replicas that `loadRps` keeps busy from end to end: what a CPU meter would show in sum (Little's law). */
export function busyReplicas(loadRps: number, { serving }: KnownService): number {
  return (loadRps * serving.serviceTime.meanSeconds) / serving.concurrency
}

/**
 * The least count of a rule that reads its replicas: from none of them it would never hear that somebody asks, and no
 * owner would set it up so.
 */
export function leastMeasured({ spec }: KnownService): number {
  return Math.max(1, spec.minReplicas)
}

/** Ticks that come nearest to `seconds`, one at least. */
export function ticksIn(seconds: number, tickMs: number): number {
  return Math.max(1, Math.round((seconds * 1000) / tickMs))
}
