/** The ledger's tables in PostgreSQL. */
import { postgresql } from './dialect-postgresql.ts'
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
} = tablesOf(postgresql)
