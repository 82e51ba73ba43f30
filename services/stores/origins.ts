/**
 * One metric of one service comes from one series. A second one (of another host or pod) would be stored over the first,
 * and one half of a load reads as a load that fell: so it is refused, by name, until whoever sends adds them up. An
 * origin that was silent for a while gives way, so that a host may be replaced.
 */
import type { MetricName, ServiceId } from '../../forecaster/series.ts'

/** Prometheus' own look-back: a series that is silent for longer is gone. */
const GONE_AFTER_MS = 5 * 60 * 1000

export interface Origins {
  /** False when another series speaks for this service and metric. */
  admit(service: ServiceId, metric: MetricName, origin: string, atMs: number): boolean
}

export function createOrigins(): Origins {
  const speaking = new Map<string, { origin: string; lastMs: number }>()
  return {
    admit(service, metric, origin, atMs) {
      const key = `${service} ${metric}`
      const one = speaking.get(key)
      if (one === undefined) {
        speaking.set(key, { origin, lastMs: atMs })
        return true
      }
      if (one.origin !== origin) {
        if (atMs - one.lastMs <= GONE_AFTER_MS) return false
        one.origin = origin
      }
      one.lastMs = Math.max(one.lastMs, atMs)
      return true
    },
  }
}

/** What tells a series from others of the same service and metric: its labels, but for those that make no other. */
export function originOf(
  labels: Iterable<readonly [string, string]>,
  ignored: ReadonlySet<string>,
): string {
  return [...labels]
    .filter(([name]) => !ignored.has(name))
    .map(([name, text]) => `${name}=${JSON.stringify(text)}`)
    .sort()
    .join(',')
}
