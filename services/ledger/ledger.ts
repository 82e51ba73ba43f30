/**
 * The ledger: every tick with its inputs, every decision before its effect, and what became of it.
 * A tick is written whole or not at all; `settle` adds the outcome later. Checkpoints hold the plain-data
 * state of agents and coordinator; settings are what operators changed, with an audit trail.
 */
import type { BoundBy, Decision, Settlement } from '../../coordinator/decision.ts'
import type { ForecastDocument } from '../../forecaster/forecast.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { LeaseStore } from '../leader/lease.ts'
import type { ShareStore } from '../shards/share.ts'
import type { AccessLedger } from './access-ledger.ts'
import type { AlertsLedger } from './alerts-ledger.ts'
import type { ModelsLedger } from './models-ledger.ts'
import type { RolloutsLedger } from './rollouts-ledger.ts'

export class LedgerError extends Error {}

/** It does not answer, or did not say whether it has done what was asked. Nothing is known to be wrong with the request. */
export class LedgerUnavailable extends LedgerError {}

/** A newer token than that of this writer is known: somebody else leads. Nothing was written. */
export class Fenced extends LedgerError {}

/** degraded: it does not answer; what the ticks write waits on local disk. */
export interface LedgerHealth {
  readonly state: 'ok' | 'degraded'
  readonly sinceMs: number
  readonly reason: string
  readonly queued: number
  readonly queuedBytes: number
}

export interface StoredDecision extends Decision {
  readonly settlement: Settlement
  readonly settledAtMs: number | null
  readonly detail: string | null
}

export interface TickRecord {
  readonly tick: number
  readonly atMs: number
  readonly epoch: string
  readonly costBudgetPerHour: number
  readonly spendPerHour: number
  readonly shadowPrice: number
  readonly feasible: boolean
  readonly boundBy: BoundBy
  readonly configHash: string
  readonly durationMs: number
  /** The encoded inputs of the pure tick (coordinator/frame.ts): enough to decide again, bit for bit. */
  readonly inputs: Uint8Array
  /** SHA-256 of the encoded outputs. */
  readonly outputsHash: string
}

export interface Page<Row> {
  readonly items: readonly Row[]
  /** Opaque; undefined on the last page. */
  readonly next: string | undefined
}

export interface DecisionQuery {
  readonly service?: ServiceId | undefined
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  /** Only decisions with from ≠ to. */
  readonly changesOnly?: boolean | undefined
  /** Only decisions for another count than this: what was decided before a count came about. */
  readonly toOtherThan?: number | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface Outcome {
  readonly tick: number
  readonly service: ServiceId
  readonly atMs: number
  readonly loadRps: number | null
  readonly violationRatio: number | null
  readonly replicaHours: number
  readonly cost: number
}

export interface Setting {
  readonly key: string
  readonly value: unknown
  readonly changedAtMs: number
  readonly actor: string
}

export interface Ledger extends AccessLedger, AlertsLedger, ModelsLedger, RolloutsLedger {
  /** Random id made when the ledger was created; part of every decision's id. */
  readonly epoch: string
  /** The row that controllers which share this ledger elect their leader by. */
  readonly lease: LeaseStore
  /** The rows by which shards share a budget, where this ledger is the one that all of them reach. */
  readonly shares: ShareStore
  /**
   * From now on every write of the controller is refused (Fenced, nothing is written) unless `token` is still the newest of
   * the lease; compared in the write's own transaction. Keys and the audit log are anybody's and are not fenced.
   */
  fence(token: number | undefined): void
  /** Of a ledger that may be away and is waited for; absent: it is never waited for. */
  health?(): LedgerHealth
  /**
   * Durable when it resolves: the tick, its decisions and its forecasts, in one transaction. A decision without a
   * settlement of its own is pending.
   */
  openTick(
    tick: TickRecord,
    decisions: readonly (Decision & { readonly settlement?: Settlement })[],
    forecasts: readonly ForecastDocument[],
  ): Promise<void>
  settle(
    rows: readonly {
      id: string
      settlement: Settlement
      atMs: number
      detail?: string | undefined
    }[],
  ): Promise<void>
  lastTick(): Promise<TickRecord | undefined>
  tick(tick: number): Promise<TickRecord | undefined>
  ticks(query: {
    limit: number
    cursor?: string | undefined
  }): Promise<Page<Omit<TickRecord, 'inputs'>>>
  decision(id: string): Promise<StoredDecision | undefined>
  /** Newest first. */
  decisions(query: DecisionQuery): Promise<Page<StoredDecision>>
  decisionsOfTick(tick: number): Promise<readonly StoredDecision[]>
  pendingDecisions(): Promise<readonly StoredDecision[]>
  /** The forecast that was the newest at `atMs`. */
  forecast(service: ServiceId, metric: string, atMs: number): Promise<ForecastDocument | undefined>
  saveOutcomes(rows: readonly Outcome[]): Promise<void>
  outcomes(query: {
    service?: ServiceId | undefined
    fromMs: number
    toMs: number
  }): Promise<readonly Outcome[]>
  checkpoint(key: string, value: unknown, atMs: number): Promise<void>
  restore(key: string): Promise<unknown>
  putSetting(setting: Setting): Promise<void>
  settings(): Promise<readonly Setting[]>
  settingHistory(key: string): Promise<readonly Setting[]>
  /**
   * Drops ticks, decisions, forecasts and outcomes older than `beforeMs`, models that were retired before and whose state is
   * no longer kept, `specs:` checkpoints that no tick needs any more, alerts that closed and deliveries that ended before.
   */
  prune(beforeMs: number): Promise<void>
  /** What it takes of the disk, bytes, and what it may (then the oldest ticks go before their time); absent: any. */
  size(): Promise<{ readonly bytes: number; readonly mostBytes?: number | undefined }>
  close(): Promise<void>
}
