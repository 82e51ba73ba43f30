/**
 * The ledger's tables, once for both dialects: SQLite's column types and PostgreSQL's come as an argument, so what the two
 * databases hold cannot drift apart. Rows are mapped in this folder (*-rows.ts) and nowhere else.
 */
import type { Dialect } from './dialect-sqlite.ts'
import { apiKeys, audit, leases, shares } from './tables-access.ts'
import { alerts, deliveries, demandDays } from './tables-alerts.ts'
import { modelArtifacts, modelVersions, policies, rollouts, rolloutUnits } from './tables-models.ts'
import {
  checkpoints,
  decisions,
  forecasts,
  meta,
  outcomes,
  settings,
  ticks,
} from './tables-ticks.ts'

export const tablesOf = (dialect: Dialect) => ({
  meta: meta(dialect),
  ticks: ticks(dialect),
  decisions: decisions(dialect),
  forecasts: forecasts(dialect),
  outcomes: outcomes(dialect),
  checkpoints: checkpoints(dialect),
  settings: settings(dialect),
  modelVersions: modelVersions(dialect),
  modelArtifacts: modelArtifacts(dialect),
  policies: policies(dialect),
  rollouts: rollouts(dialect),
  rolloutUnits: rolloutUnits(dialect),
  alerts: alerts(dialect),
  deliveries: deliveries(dialect),
  demandDays: demandDays(dialect),
  apiKeys: apiKeys(dialect),
  audit: audit(dialect),
  leases: leases(dialect),
  shares: shares(dialect),
})
