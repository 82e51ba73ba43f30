/**
 * The stated rules for what comes in. A sample is refused when its value is not finite or negative, when its time is no
 * Unix time in ms, lies more than 30 s ahead of the clock, or is older than what is kept. Of two values for one
 * instant the larger stays, so the stored series does not depend on the order of arrival.
 */
import { AHEAD_LIMIT_MS, type AppendReport, type Rejection, type Sample } from './sample-store.ts'

export interface SanitiseOptions {
  readonly nowMs: number
  readonly retentionMs: number
}

/** Why `sample` is refused; undefined when it is not. */
export function rejectionOf(
  sample: Sample,
  { nowMs, retentionMs }: SanitiseOptions,
): Rejection | undefined {
  const { atMs, value } = sample
  if (!Number.isSafeInteger(Math.floor(atMs)) || atMs < 0) return 'bad-time'
  if (atMs > nowMs + AHEAD_LIMIT_MS) return 'far-future'
  if (atMs < nowMs - retentionMs) return 'too-old'
  if (!Number.isFinite(value)) return 'not-finite'
  return value < 0 ? 'negative' : undefined
}

export function sanitise(
  samples: readonly Sample[],
  options: SanitiseOptions,
): { kept: Sample[]; report: AppendReport } {
  const kept: Sample[] = []
  const rejected: Partial<Record<Rejection, number>> = {}
  for (const sample of samples) {
    const reason = rejectionOf(sample, options)
    if (reason === undefined)
      kept.push({ ...sample, atMs: Math.floor(sample.atMs), value: sample.value + 0 })
    else rejected[reason] = (rejected[reason] ?? 0) + 1
  }
  return { kept, report: { accepted: kept.length, rejected } }
}
