/**
 * Samples as the lines that lie in the spool and go to the server: `metric,service=name value=1.5 1795248000000`, times
 * in ms. Names are escaped by the client's rules, though those of ours need none.
 */
import { escape as escaped } from '@influxdata/influxdb-client'
import type { Sample } from '../sample-store.ts'

const LINE = /^([^,\s]+),service=([^,\s]+) value=(\S+) (\d+)$/

export function lineOf({ metric, service, atMs, value }: Sample): string {
  return `${escaped.measurement(metric)},service=${escaped.tag(service)} value=${value} ${atMs}`
}

/** undefined for what is no line of ours. */
export function sampleOf(line: string): Sample | undefined {
  const match = LINE.exec(line)
  if (!match) return undefined
  const [, metric, service, value, atMs] = match
  return { metric: metric!, service: service!, value: Number(value), atMs: Number(atMs) }
}
