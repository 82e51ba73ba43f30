/** Spikes: a service's load multiplied by a factor for a while. Several at once multiply one another. */
import { z } from 'zod'
import { ServiceId } from '../../forecaster/series.ts'

export const MOST_FACTOR = 100

export const SpikeRequest = z.strictObject({
  service: ServiceId,
  factor: z.number().min(0).max(MOST_FACTOR),
  durationMs: z.int().min(100).max(86_400_000),
})
export type SpikeRequest = z.infer<typeof SpikeRequest>

export interface Spike extends SpikeRequest {
  readonly id: string
  readonly fromMs: number
  readonly toMs: number
}

export interface Spikes {
  start(request: SpikeRequest, nowMs: number): Spike
  /** false when there is no such spike, or it is over. */
  stop(id: string, nowMs: number): boolean
  active(nowMs: number): readonly Spike[]
  /** What the service's load is multiplied by at `atMs`. */
  factorAt(service: string, atMs: number): number
  /** A bound on that factor within [fromMs, toMs); at least 1. */
  mostFactor(service: string, fromMs: number, toMs: number): number
}

export function createSpikes(): Spikes {
  let spikes: Spike[] = []
  let started = 0
  const active = (nowMs: number) => spikes.filter((s) => s.toMs > nowMs)
  return {
    active,
    start(request, nowMs) {
      const spike = {
        ...request,
        id: `spike-${nowMs}-${++started}`,
        fromMs: nowMs,
        toMs: nowMs + request.durationMs,
      }
      spikes = [...active(nowMs - 60_000), spike]
      return spike
    },
    stop(id, nowMs) {
      const found = active(nowMs).some((s) => s.id === id)
      if (found) spikes = spikes.map((s) => (s.id === id ? { ...s, toMs: nowMs } : s))
      return found
    },
    factorAt: (service, atMs) =>
      spikes.reduce(
        (factor, s) =>
          s.service === service && s.fromMs <= atMs && atMs < s.toMs ? factor * s.factor : factor,
        1,
      ),
    mostFactor: (service, fromMs, toMs) =>
      spikes.reduce(
        (most, s) =>
          s.service === service && s.fromMs < toMs && fromMs < s.toMs
            ? most * Math.max(1, s.factor)
            : most,
        1,
      ),
  }
}
