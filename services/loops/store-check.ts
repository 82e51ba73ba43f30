/** The store's part of readiness: degraded while ticks go on without it, which no restart would mend. */
import { LOAD_METRIC } from '../../forecaster/series.ts'
import type { HealthCheck } from '../control-plane.ts'
import { type SampleStore, StoreUnavailable } from '../stores/sample-store.ts'
import type { TolerantBook } from './tolerant-book.ts'

export async function storeCheck(
  store: Pick<SampleStore, 'latest' | 'health'>,
  book: Pick<TolerantBook, 'fault'>,
  nowMs: number,
): Promise<HealthCheck> {
  const name = 'store'
  const health = store.health?.()
  if (health?.state === 'degraded') return { name, ok: true, degraded: true, detail: health.detail }
  const fault = book.fault()
  try {
    const { size } = await store.latest(LOAD_METRIC, nowMs)
    if (!fault) return { name, ok: true, detail: `${size} services have load` }
    return {
      name,
      ok: true,
      degraded: true,
      detail: `loads were not read: ${wordsOf(fault.error)}`,
    }
  } catch (error) {
    const isAway = error instanceof StoreUnavailable
    return { name, ok: isAway, ...(isAway ? { degraded: true } : {}), detail: wordsOf(error) }
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
