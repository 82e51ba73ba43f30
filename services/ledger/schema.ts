/** The ledger's tables in SQLite, and what their rows are in TypeScript for both dialects. */
import { sqlite } from './dialect-sqlite.ts'
import { tablesOf } from './tables.ts'

export const {
  meta,
  ticks,
  decisions,
  forecasts,
  modelVersions,
  modelArtifacts,
  policies,
  rollouts,
  rolloutUnits,
  outcomes,
  checkpoints,
  settings,
  alerts,
  deliveries,
  demandDays,
  apiKeys,
  audit,
  leases,
  shares,
} = tablesOf(sqlite)
