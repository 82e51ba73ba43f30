/** What the ledger keeps of alerts and for the outlook: alerts, the outbox of their webhooks, and loads of whole days. */
import type { ServiceId } from '../../forecaster/series.ts'
import type { Alert, AlertKind, Severity } from '../alerts/alert.ts'
import type { Page } from './ledger.ts'

export interface AlertQuery {
  readonly service?: ServiceId | undefined
  readonly kind?: AlertKind | undefined
  /** This severity and those above. */
  readonly minSeverity?: Severity | undefined
  readonly open?: boolean | undefined
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

/** A message that has to reach a webhook. */
export interface Delivery {
  /** Sent along, so that the receiver can tell a repetition. */
  readonly id: string
  readonly alertId: string
  readonly url: string
  readonly body: string
  readonly createdAtMs: number
  readonly attempts: number
  /** When to try next; null when it has arrived or was given up. */
  readonly nextAtMs: number | null
  readonly deliveredAtMs: number | null
  readonly error: string | null
}

/** Loads of the parts of one day of one service, NaN where nothing was measured. */
export interface DemandDay {
  readonly service: ServiceId
  readonly dayMs: number
  readonly startMs: number
  readonly parts: Float64Array
}

export interface AlertsLedger {
  /**
   * In one transaction. An alert that is there is brought up to date, its acknowledgement left as it is; a delivery
   * that is there stays as it is.
   */
  saveAlerts(alerts: readonly Alert[], deliveries: readonly Delivery[]): Promise<void>
  alert(id: string): Promise<Alert | undefined>
  /** Newest first. */
  alerts(query: AlertQuery): Promise<Page<Alert>>
  openAlerts(): Promise<readonly Alert[]>
  /** The first acknowledgement stays. Undefined when there is no such alert. */
  acknowledgeAlert(id: string, by: string, atMs: number): Promise<Alert | undefined>
  /** Deliveries to be tried by `nowMs`, oldest first. */
  dueDeliveries(nowMs: number, limit: number): Promise<readonly Delivery[]>
  /** When the next delivery is to be tried; undefined when none is waiting. */
  nextDeliveryMs(): Promise<number | undefined>
  settleDelivery(
    row: Pick<Delivery, 'id' | 'attempts' | 'nextAtMs' | 'deliveredAtMs' | 'error'>,
  ): Promise<void>
  /** A day that is there is overwritten; days of this length that began before `dropBeforeMs` are dropped. */
  saveDemandDays(rows: readonly DemandDay[], dropBeforeMs: number): Promise<void>
  /** Days of one length that began in [fromMs, …), oldest first within a service. */
  demandDays(query: {
    dayMs: number
    fromMs: number
    services: readonly ServiceId[]
  }): Promise<readonly DemandDay[]>
  /** Start of the newest day of each service. */
  lastDemandDays(dayMs: number): Promise<ReadonlyMap<ServiceId, number>>
}
