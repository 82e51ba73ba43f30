/** The scoreboard shown in the documentation: hand-made, of the same instant as examples.ts. */
import type { AccountView, Scoreboard } from '../selection/view.ts'

const account: AccountView = {
  hours: 24,
  cost: 10.4,
  requests: 3_900_000,
  violations: 9_400,
  efficiency: 0.81,
  hpa: {
    cost: 13.1,
    violations: 21_000,
    saved: 2.7,
    savedShare: 0.206,
    violationsAvoided: 11_600,
    violationsAvoidedPerDollar: null,
  },
  staticThresholds: {
    cost: 9.9,
    violations: 88_000,
    saved: -0.5,
    savedShare: -0.051,
    violationsAvoided: 78_600,
    violationsAvoidedPerDollar: 157_200,
  },
}

export const scoreboard: Scoreboard = {
  enabled: true,
  fleet: account,
  services: [
    {
      service: 'search',
      acting: 'predictive',
      chosen: 'predictive',
      rounds: 24,
      changes: 1,
      regret: 0.12,
      strategies: [
        { policy: 'predictive', weight: 0.62, meanLoss: 0.071 },
        { policy: 'reactive', weight: 0.38, meanLoss: 0.094 },
      ],
      account,
    },
  ],
}
