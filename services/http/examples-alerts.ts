/** The alerts shown in the documentation, of the same instant as the other examples. */
import type { Alert } from '../alerts/alert.ts'
import type { OutlookView } from '../outlook/view.ts'

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

const DAY_MS = 86_400_000

export const outlook: OutlookView = {
  computedAtMs: AT_MS,
  fromMs: AT_MS - 28_800_000,
  dayMs: DAY_MS,
  days: 2,
  levels: [0.05, 0.25, 0.5, 0.75, 0.95],
  costBudgetPerHour: 1.6,
  costBudgetPerDay: 38.4,
  fleet: {
    cost: [
      [24.1, 25.6, 26.9, 28.2, 30.4],
      [25, 26.9, 28.4, 30.1, 33.2],
    ],
    peakCostPerHour: [
      [1.4, 1.5, 1.5, 1.6, 1.7],
      [1.4, 1.6, 1.7, 1.8, 2],
    ],
    risk: [0.18, 0.62],
  },
  services: [
    {
      service: 'search',
      historyDays: 28,
      neededDays: 14,
      demand: {
        peakLoadRps: [
          [78.1, 84.4, 88.9, 93.6, 101.2],
          [79.3, 87.5, 93.1, 99.8, 110.4],
        ],
        peakReplicas: [
          [7, 8, 8, 8, 9],
          [7, 8, 8, 9, 10],
        ],
        replicaHours: [
          [112, 118, 123, 128, 137],
          [114, 122, 129, 136, 149],
        ],
        cost: [
          [11.2, 11.8, 12.3, 12.8, 13.7],
          [11.4, 12.2, 12.9, 13.6, 14.9],
        ],
        budgetRisk: [0.18, 0.62],
        maxReplicasRisk: [0, 0.04],
      },
    },
  ],
  risks: [
    {
      bound: 'budget',
      service: 'search',
      firstDayMs: AT_MS - 28_800_000 + DAY_MS,
      probability: 0.62,
      probabilityByEnd: 0.64,
      lasting: false,
      limit: 1.6,
      wouldCarry: 1.9,
      sentence:
        'the budget of 1.60 $/h will not carry search on Sun 22 Nov (P = 0.62, 0.64 by Sun 22 Nov); 1.90 $/h would',
    },
  ],
  sentences: [
    'the budget of 1.60 $/h will not carry search on Sun 22 Nov (P = 0.62, 0.64 by Sun 22 Nov); 1.90 $/h would',
  ],
}
