/** The alerts shown in the documentation, of the same instant as the other examples. */
import type { Alert } from '../alerts/alert.ts'

/** 2026-11-21T08:00:00Z */
const AT_MS = 1_795_248_000_000

export const alert: Alert = {
  id: '1b7c9a52d0e4f683',
  key: 'anomaly/load/search',
  kind: 'spike',
  severity: 'warning',
  service: 'search',
  summary:
    'search: 131 req/s, where 48.1 was forecast (99 % ≤ 71.9); 4 ready replicas carry 47.2 within the SLO',
  figures: { loadRps: 131, expectedRps: 48.1, evidence: 812_000, burnRate: 9.4 },
  sinceMs: AT_MS - 30_000,
  openedAtMs: AT_MS,
  updatedAtMs: AT_MS,
  closedAtMs: null,
  acknowledgedAtMs: null,
  acknowledgedBy: null,
}

export const closedAlert: Alert = {
  ...alert,
  id: '77aa05be913cd204',
  key: 'forecast-drifting/payment',
  kind: 'forecast-drifting',
  severity: 'info',
  service: 'payment',
  summary: 'payment: its load has kept leaving the forecast for 31 min',
  figures: { driftingMs: 1_860_000 },
  sinceMs: AT_MS - 7_200_000,
  openedAtMs: AT_MS - 5_340_000,
  updatedAtMs: AT_MS - 3_600_000,
  closedAtMs: AT_MS - 3_600_000,
}
