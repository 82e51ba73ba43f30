/**
 * What the scores cost a tick: every strategy, HPA and static thresholds in the shadow, judged against the load that came, with
 * `selection.enabled`; the tick on which they are written is not the least one, so its share is added.
 */
import type { TickInput } from '../../coordinator/tick-input.ts'
import { forecastAll, observeAll } from '../../services/loops/control-loop.ts'
import { followLoad } from '../../services/models/contenders.ts'
import { openSelection } from '../../services/selection/selection.ts'
import { followingOf, loadAt, STEP_MS } from './fleet.ts'
import { counts, fleetConfig, memoryBook, plainSettings, START_MS } from './tick-fleet.ts'
import { leastMs } from './timing.ts'

const RUNS = 9

/** Milliseconds a tick. */
export async function selectionMs(n: number): Promise<number> {
  const known = fleetConfig(n)
  const config = { ...known, selection: { ...known.selection, enabled: true } }
  const { book, entries } = memoryBook(n)
  const replicas = counts(n)
  const selection = await openSelection({
    ledger: { checkpoint: async () => {}, restore: async () => undefined },
    config: () => config,
    policyOf: () => 'predictive',
    isInRollout: () => false,
  })
  const inputs = Array.from({ length: RUNS + 1 }, (_, run): TickInput => {
    const nowMs = START_MS + run * STEP_MS
    entries.forEach((entry, i) => {
      entry.loadRps = loadAt(i, run)
      entry.loadAtMs = nowMs
      followLoad(entry.contenders, entry.loadRps, nowMs, followingOf(entry.service))
    })
    return observeAll(
      { config, book, settings: plainSettings(config) },
      {
        ...{ nowMs, tick: run + 1, forecasts: forecastAll(book, config), replicas },
        ...{ startups: new Map(), memories: new Map() },
      },
    )
  })
  return leastMs(RUNS, (run) => selection.follow(inputs[run + 1]!))
}
