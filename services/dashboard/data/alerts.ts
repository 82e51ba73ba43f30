/** Alerts as the page knows them: each once, the open ones first, the gravest of them on top; bounded. Pure. */
import type { Alert, Severity } from '../../alerts/alert.ts'

const ALERTS_MAX = 100
const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 }

export function layInAlerts(known: readonly Alert[], added: readonly Alert[]): readonly Alert[] {
  const byId = new Map(known.map((alert) => [alert.id, alert]))
  for (const alert of added) {
    const old = byId.get(alert.id)
    if (!old || old.updatedAtMs <= alert.updatedAtMs) byId.set(alert.id, newer(old, alert))
  }
  return [...byId.values()].sort(before).slice(0, ALERTS_MAX)
}

/** News that crossed an acknowledgement on its way does not undo it. */
function newer(old: Alert | undefined, alert: Alert): Alert {
  if (!old || old.acknowledgedAtMs === null || alert.acknowledgedAtMs !== null) return alert
  const { acknowledgedAtMs, acknowledgedBy } = old
  return { ...alert, acknowledgedAtMs, acknowledgedBy }
}

function before(a: Alert, b: Alert): number {
  const open = Number(a.closedAtMs !== null) - Number(b.closedAtMs !== null)
  if (open !== 0) return open
  const grave = a.closedAtMs === null ? RANK[b.severity] - RANK[a.severity] : 0
  return grave || b.openedAtMs - a.openedAtMs
}
