/** The decision log: newest first, each decision once, bounded. Pure. */
import type { Decision, Settlement } from '../../../coordinator/decision.ts'

export type LoggedDecision = Decision & {
  readonly settlement: Settlement
  readonly settledAtMs?: number | null
  readonly detail?: string | null
}

/** Enough changes to look back on, and every decision of the last ticks. */
export const CHANGES_MAX = 300
export const UNCHANGED_MAX = 300

/** Lays decisions into the log. What is settled stays settled: a tick's event may come after its outcome. */
export function layIn(
  log: readonly LoggedDecision[],
  added: readonly LoggedDecision[],
): readonly LoggedDecision[] {
  const byId = new Map(log.map((decision) => [decision.id, decision]))
  for (const decision of added) {
    const old = byId.get(decision.id)
    const isSettled = old !== undefined && old.settlement !== 'pending'
    if (isSettled && decision.settlement === 'pending') continue
    byId.set(decision.id, { ...old, ...decision })
  }
  const newestFirst = [...byId.values()].sort(
    (a, b) => b.atMs - a.atMs || a.service.localeCompare(b.service),
  )
  return bounded(newestFirst)
}

function bounded(log: readonly LoggedDecision[]): LoggedDecision[] {
  let changes = 0
  let unchanged = 0
  return log.filter(({ from, to }) =>
    from === to ? ++unchanged <= UNCHANGED_MAX : ++changes <= CHANGES_MAX,
  )
}
