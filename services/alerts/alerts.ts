/**
 * The running alerts: follows every step and tick, keeps what is open in the ledger, puts what has to be sent into the
 * outbox in the same transaction, and tells listeners. A failure here is logged and counted; it never fails a tick.
 */
import { hash } from 'node:crypto'
import type { ServiceId } from '../../forecaster/series.ts'
import type { AppConfig } from '../config.ts'
import { sinkAddress } from '../events/relay.ts'
import type { Delivery } from '../ledger/alerts-ledger.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { TickResult } from '../loops/control-loop.ts'
import type { OutlookView } from '../outlook/view.ts'
import type { Rollout } from '../rollouts/rollout.ts'
import { type Alert, type AlertChange, type AlertKind, rankOf } from './alert.ts'
import { type AnomalyWatch, type Coverage, createAnomalyWatch } from './anomalies.ts'
import { type StandingInput, standingOf } from './conditions.ts'
import { follow } from './follow.ts'
import { endedRollouts } from './rollouts.ts'
import { createHolds, type Holds } from './standing.ts'
import type { DeliveryCounts, Webhooks } from './webhooks.ts'

export interface AlertsView {
  readonly open: readonly Alert[]
  /** Since this process started. */
  readonly openedByKind: ReadonlyMap<AlertKind, number>
  readonly errors: number
  readonly deliveries: DeliveryCounts
}

export interface Alerts {
  step(service: ServiceId, endMs: number, loadRps: number): void
  /** Never rejects. */
  tick(result: TickResult, given: TickGiven): Promise<void>
  /** Undefined when there is no such alert. */
  acknowledge(id: string, by: string, atMs: number): Promise<Alert | undefined>
  coverage(service: ServiceId): Coverage | undefined
  view(): AlertsView
  /** A changed configuration: what is open stays open. */
  rebase(config: AppConfig): void
  close(): Promise<void>
}

export interface TickGiven {
  readonly violationRatioOf: (service: ServiceId) => number
  readonly outlooks: readonly OutlookView[]
  readonly conflictOf?: StandingInput['conflictOf']
  /** The newest that have ended. */
  readonly endedRollouts: readonly Rollout[]
}

export interface AlertsDeps {
  readonly config: AppConfig
  readonly ledger: Ledger
  readonly webhooks: Webhooks
  readonly emit: (change: AlertChange) => void
  readonly log: {
    info(fields: object, message: string): void
    error(fields: object, message: string): void
  }
}

export async function openAlerts(deps: AlertsDeps): Promise<Alerts> {
  const { ledger, webhooks, emit, log } = deps
  let { config } = deps
  const open = new Map<string, Alert>()
  for (const alert of await ledger.openAlerts()) open.set(alert.key, alert)
  const openedByKind = new Map<AlertKind, number>()
  let errors = 0
  let { anomalies, holds } = watches(config, open)
  const idOf = (key: string, atMs: number) =>
    hash('sha256', `${ledger.epoch}:${key}:${atMs}`, 'hex').slice(0, 16)

  async function record(result: TickResult, given: TickGiven): Promise<void> {
    const { atMs } = result.decided.input
    const standing = standingOf({
      config,
      result,
      coverageOf: anomalies.coverage,
      isOpen: (key) => open.has(key),
      knows: holds.knows,
      outlooks: given.outlooks,
      conflictOf: given.conflictOf,
    })
    const conditions = [
      ...anomalies.tick(result, given.violationRatioOf),
      ...holds.update([...standing, ...endedRollouts(given.endedRollouts, atMs)], atMs),
    ]
    // what could not be written is not yet so: the next tick finds it again
    const next = new Map(open)
    const changes = follow(next, conditions, atMs, idOf)
    if (changes.length === 0) return
    await ledger.saveAlerts(
      changes.map(({ alert }) => alert),
      (await Promise.all(changes.map((one) => deliveriesOf(one, config, ledger.epoch)))).flat(),
    )
    for (const key of open.keys()) if (!next.has(key)) open.delete(key)
    for (const [key, alert] of next) open.set(key, withAcknowledgement(alert, open.get(key)))
    for (const change of changes) {
      const { event, alert } = change
      if (event === 'opened') openedByKind.set(alert.kind, (openedByKind.get(alert.kind) ?? 0) + 1)
      log.info({ alert: alert.id, event, severity: alert.severity }, alert.summary)
      emit(change)
    }
    webhooks.kick()
  }

  return {
    step: (service, endMs, loadRps) => anomalies.step(service, endMs, loadRps),
    async tick(result, given) {
      try {
        await record(result, given)
      } catch (error) {
        errors++
        log.error({ err: error }, 'alerts could not be followed or recorded')
      }
    },
    async acknowledge(id, by, atMs) {
      const alert = await ledger.acknowledgeAlert(id, by, atMs)
      if (!alert) return undefined
      if (alert.closedAtMs === null && open.has(alert.key)) open.set(alert.key, alert)
      emit({ event: 'acknowledged', alert })
      return alert
    },
    coverage: (service) => anomalies.coverage(service),
    view: () => ({ open: [...open.values()], openedByKind, errors, deliveries: webhooks.counts() }),
    rebase(next) {
      config = next
      ;({ anomalies, holds } = watches(config, open))
    },
    close: () => webhooks.close(),
  }
}

/** Somebody may have acknowledged it while it was written. */
function withAcknowledgement(alert: Alert, known: Alert | undefined): Alert {
  if (known?.id !== alert.id) return alert
  const { acknowledgedAtMs, acknowledgedBy } = known
  return { ...alert, acknowledgedAtMs, acknowledgedBy }
}

function watches(
  { stepMs, tickMs, alerts }: AppConfig,
  open: ReadonlyMap<string, Alert>,
): { anomalies: AnomalyWatch; holds: Holds } {
  const all = [...open.values()]
  const isAnomaly = ({ key }: Alert) => key.startsWith('anomaly/')
  return {
    anomalies: createAnomalyWatch({
      stepMs,
      tickMs,
      falseAlarmsPerWeek: alerts.falseAlarmsPerWeek,
      open: all.filter(isAnomaly),
    }),
    holds: createHolds(all.filter((alert) => !isAnomaly(alert))),
  }
}

/** One message for each address that wants to know; the same change always has the same ids. */
async function deliveriesOf(
  change: AlertChange,
  { alerts, events }: AppConfig,
  epoch: string,
): Promise<Delivery[]> {
  const { event, alert } = change
  if (event === 'updated') return []
  const to = (url: string, body: string): Delivery => ({
    id: hash('sha256', `${alert.id}:${event}:${alert.severity}:${url}`, 'hex').slice(0, 32),
    alertId: alert.id,
    url,
    body,
    createdAtMs: Date.now(),
    attempts: 0,
    nextAtMs: 0,
    deliveredAtMs: null,
    error: null,
  })
  const webhooks = alerts.webhooks.filter(
    ({ minSeverity }) => rankOf(alert.severity) >= rankOf(minSeverity),
  )
  const sinks = events.sinks.filter((sink) => sink.events.includes('alert'))
  const own = webhooks.map(({ url }) => to(url, JSON.stringify({ version: 1, event, alert })))
  if (sinks.length === 0) return own
  const { alertEvent } = await import('../events/event.ts')
  const { json } = alertEvent(change, epoch)
  return [...own, ...sinks.map(({ name }) => to(sinkAddress(name), json))]
}
