/** The recommendations shown in the documentation: hand-made, of the same instant as examples.ts. */
import type { RightSizingView } from '../right-sizing/view.ts'

export const rightSizing: RightSizingView = {
  mode: 'recommend',
  windowDays: 7,
  savingPerHour: 0.17,
  services: [
    {
      service: 'search',
      mode: 'recommend',
      tier: 'large',
      recommended: 'small',
      savingPerHour: 0.17,
      isDue: false,
      historyDays: 21,
      neededDays: 14,
      tiers: [
        {
          ...{ tier: 'small', capacityPerReplica: 12.5, pricePerReplicaHour: 0.05 },
          ...{ lower: 2, target: 7, upper: 11, uncapped: 11 },
          ...{ costPerHour: 0.31, violationsRps: 0.04, scorePerHour: 0.33 },
          ...{ switchCost: 0.52, regret: 0.19, dueAt: 0.26 },
        },
        {
          ...{ tier: 'large', capacityPerReplica: 50, pricePerReplicaHour: 0.2 },
          ...{ lower: 1, target: 2, upper: 3, uncapped: 3 },
          ...{ costPerHour: 0.48, violationsRps: 0.03, scorePerHour: 0.5 },
          ...{ switchCost: 0, regret: 0, dueAt: 0 },
        },
      ],
      why: 'small would cost 0.31 $/h instead of 0.48 over the next 7 days (34 % less, 0.01 more violations/s, priced in), with 2 to 11 replicas instead of 1 to 3; the change costs 0.52 $; staying has cost 0.19 $ of the 0.26 $ that are waited for',
      yaml: 'services:\n  search:\n    tier: small\n    capacityPerReplica: 12.5\n    minReplicas: 1\n    maxReplicas: 40\n',
      change: null,
      lastChange: null,
    },
  ],
}
