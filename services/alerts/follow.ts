/** From what is the case now to what people are told: one alert a key, opened once, never lowered, closed once. Pure. */
import { type Alert, type AlertChange, rankOf } from './alert.ts'

/** Something that is the case and that people should know of. */
export type Condition = Pick<
  Alert,
  'key' | 'kind' | 'severity' | 'service' | 'summary' | 'figures' | 'sinceMs'
>

/**
 * `open`: the open alerts by key, brought up to date in place; `conditions`: all that is the case at `atMs`, each key
 * once; `idOf`: the id of an alert that opens now. Answers the changes, closings first.
 */
export function follow(
  open: Map<string, Alert>,
  conditions: readonly Condition[],
  atMs: number,
  idOf: (key: string, atMs: number) => string,
): AlertChange[] {
  const current = new Map(conditions.map((condition) => [condition.key, condition]))
  const changes: AlertChange[] = []
  for (const alert of open.values()) {
    if (current.has(alert.key)) continue
    open.delete(alert.key)
    changes.push({ event: 'closed', alert: { ...alert, updatedAtMs: atMs, closedAtMs: atMs } })
  }
  for (const condition of current.values()) {
    const change = changeOf(open.get(condition.key), condition, atMs, idOf)
    if (!change) continue
    open.set(condition.key, change.alert)
    changes.push(change)
  }
  return changes
}

function changeOf(
  known: Alert | undefined,
  condition: Condition,
  atMs: number,
  idOf: (key: string, atMs: number) => string,
): AlertChange | undefined {
  if (!known) {
    const nobody = { closedAtMs: null, acknowledgedAtMs: null, acknowledgedBy: null }
    const id = idOf(condition.key, atMs)
    return {
      event: 'opened',
      alert: { ...condition, id, openedAtMs: atMs, updatedAtMs: atMs, ...nobody },
    }
  }
  const rises = rankOf(condition.severity) > rankOf(known.severity)
  if (!rises && condition.kind === known.kind) return undefined
  const { kind, summary, figures } = condition
  const severity = rises ? condition.severity : known.severity
  return {
    event: rises ? 'escalated' : 'updated',
    alert: { ...known, kind, summary, figures, severity, updatedAtMs: atMs },
  }
}
