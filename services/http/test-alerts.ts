/** Alerts, outbox and days of demand in memory for tests of the HTTP surface: two alerts, the documented ones. */

import { rankOf } from '../alerts/alert.ts'
import type { AlertsLedger } from '../ledger/alerts-ledger.ts'
import * as examples from './examples-alerts.ts'

export function createTestAlerts(): AlertsLedger {
  let alerts = [examples.alert, examples.closedAlert]
  return {
    async saveAlerts(changed) {
      const ids = new Set(changed.map(({ id }) => id))
      alerts = [...changed, ...alerts.filter(({ id }) => !ids.has(id))]
    },
    alert: async (id) => alerts.find((alert) => alert.id === id),
    alerts: async ({ service, kind, minSeverity, open, limit }) => ({
      items: alerts
        .filter((alert) => service === undefined || alert.service === service)
        .filter((alert) => kind === undefined || alert.kind === kind)
        .filter((alert) => rankOf(alert.severity) >= rankOf(minSeverity ?? 'info'))
        .filter((alert) => open === undefined || (alert.closedAtMs === null) === open)
        .slice(0, limit),
      next: undefined,
    }),
    openAlerts: async () => alerts.filter((alert) => alert.closedAtMs === null),
    async acknowledgeAlert(id, acknowledgedBy, acknowledgedAtMs) {
      alerts = alerts.map((alert) =>
        alert.id === id ? { ...alert, acknowledgedBy, acknowledgedAtMs } : alert,
      )
      return alerts.find((alert) => alert.id === id)
    },
    dueDeliveries: async () => [],
    nextDeliveryMs: async () => undefined,
    settleDelivery: async () => {},
    saveDemandDays: async () => {},
    demandDays: async () => [],
    lastDemandDays: async () => new Map(),
  }
}
