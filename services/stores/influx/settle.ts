/**
 * InfluxDB keeps the value that was written last; ours is the larger of two for one instant. Within a batch the larger
 * wins; against what came lately the tail in memory decides; for instants that it does not hold (old ones, and those of
 * the time before this process began) the server is asked before it is written to.
 */
import type { MetricName, ServiceId } from '../../../forecaster/series.ts'
import type { Sample } from '../sample-store.ts'
import { lineOf, sampleOf } from './lines.ts'
import type { Tail } from './tail.ts'

/** Instants further apart than this are asked for by queries of their own. */
const SPAN_MS = 60 * 60 * 1000

export interface SettleDeps {
  readonly tail: Pick<Tail, 'valueAt'>
  /** From here on this process has seen every sample that it wrote. */
  readonly knownFromMs: () => number
  /** Every stored point of the range, by `service atMs`. */
  readonly stored: (
    metric: MetricName,
    services: readonly ServiceId[],
    fromMs: number,
    toMs: number,
  ) => Promise<ReadonlyMap<string, number>>
  /** Told of lines that are none of ours. */
  readonly onDamaged: (lines: number) => void
}

export function createSettle({ tail, knownFromMs, stored, onDamaged }: SettleDeps) {
  async function largerThanStored(group: readonly Sample[]): Promise<readonly Sample[]> {
    const services = [...new Set(group.map((sample) => sample.service))]
    const known = await stored(group[0]!.metric, services, group[0]!.atMs, group.at(-1)!.atMs + 1)
    return group.filter(({ service, atMs, value }) => !(known.get(`${service} ${atMs}`)! >= value))
  }

  return async (lines: readonly string[]): Promise<string[]> => {
    const samples = lines.map(sampleOf).filter((sample) => sample !== undefined)
    if (samples.length < lines.length) onDamaged(lines.length - samples.length)
    const best = largestOf(samples).map((sample) => {
      const held = tail.valueAt(sample.metric, sample.service, sample.atMs)
      return held !== undefined && held > sample.value ? { ...sample, value: held } : sample
    })
    const fromMs = knownFromMs()
    const settled = best.filter(({ atMs }) => atMs >= fromMs)
    for (const group of groupsOf(best.filter(({ atMs }) => atMs < fromMs)))
      settled.push(...(await largerThanStored(group)))
    return settled.map(lineOf)
  }
}

/** One sample an instant. */
function largestOf(samples: readonly Sample[]): Sample[] {
  const largest = new Map<string, Sample>()
  for (const sample of samples) {
    const key = `${sample.metric} ${sample.service} ${sample.atMs}`
    const before = largest.get(key)
    if (!before || sample.value > before.value) largest.set(key, sample)
  }
  return [...largest.values()]
}

/** By metric and in order of time, cut where a range would span more than SPAN_MS. */
function groupsOf(samples: readonly Sample[]): Sample[][] {
  const groups: Sample[][] = []
  const sorted = [...samples].sort((a, b) =>
    a.metric === b.metric ? a.atMs - b.atMs : a.metric < b.metric ? -1 : 1,
  )
  for (const sample of sorted) {
    const first = groups.at(-1)?.[0]
    if (first?.metric === sample.metric && sample.atMs - first.atMs < SPAN_MS)
      groups.at(-1)!.push(sample)
    else groups.push([sample])
  }
  return groups
}
