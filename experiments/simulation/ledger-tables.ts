/** The rows of the simulated ledger, and what a power cut leaves of them. */

import type { PolicyDocument } from '../../agents/policies/learned/document.ts'
import type { Alert } from '../../services/alerts/alert.ts'
import type { LeaseRow } from '../../services/leader/lease.ts'
import type { Delivery, DemandDay } from '../../services/ledger/alerts-ledger.ts'
import type { Setting, StoredDecision, TickRecord } from '../../services/ledger/ledger.ts'
import type { Artifact } from '../../services/ledger/models-ledger.ts'
import type { ModelVersion } from '../../services/models/model-version.ts'
import type { PolicyVersion } from '../../services/rollouts/policy-version.ts'

export interface Tables {
  ticks: Map<number, TickRecord>
  newestTick: number
  /** Decisions of all ticks, in the order in which they were written. */
  decisions: Map<string, StoredDecision>
  /** Ids by tick. */
  decided: Map<number, readonly string[]>
  /** Ids of what is not settled. */
  pending: Set<string>
  checkpoints: Map<string, string>
  settings: Setting[]
  alerts: Map<string, Alert>
  deliveries: Map<string, Delivery>
  models: ModelVersion[]
  artifacts: Map<string, Artifact>
  days: Map<string, DemandDay>
  policies: Map<string, { readonly row: PolicyVersion; readonly document: PolicyDocument }>
  lease: LeaseRow | undefined
  outcomes: number
}

export const emptyTables = (): Tables => ({
  ticks: new Map(),
  newestTick: 0,
  decisions: new Map(),
  decided: new Map(),
  pending: new Set(),
  checkpoints: new Map(),
  settings: [],
  alerts: new Map(),
  deliveries: new Map(),
  models: [],
  artifacts: new Map(),
  days: new Map(),
  policies: new Map(),
  lease: undefined,
  outcomes: 0,
})

/** Rows are never changed, only replaced: copying the tables copies the books. */
export function copyTables(tables: Tables): Tables {
  return {
    ...tables,
    ticks: new Map(tables.ticks),
    decisions: new Map(tables.decisions),
    decided: new Map(tables.decided),
    pending: new Set(tables.pending),
    checkpoints: new Map(tables.checkpoints),
    settings: [...tables.settings],
    alerts: new Map(tables.alerts),
    deliveries: new Map(tables.deliveries),
    models: [...tables.models],
    artifacts: new Map(tables.artifacts),
    days: new Map(tables.days),
    policies: new Map(tables.policies),
  }
}
