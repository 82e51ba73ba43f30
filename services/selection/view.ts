/** Scores of services and of the fleet as they travel over HTTP. */
import { z } from 'zod'
import { PolicyKind } from '../../agents/service-spec.ts'
import { ServiceId } from '../../forecaster/series.ts'

export const BaselineView = z
  .strictObject({
    cost: z.number().meta({ description: '$ that it would have cost.' }),
    violations: z.number().meta({ description: 'Violating requests that it would have had.' }),
    saved: z.number().meta({ description: '$ less than it; negative: more.' }),
    savedShare: z.number().nullable(),
    violationsAvoided: z.number(),
    violationsAvoidedPerDollar: z.number().nullable().meta({
      description: 'Return on what is spent beyond it; null where nothing more is spent.',
    }),
  })
  .meta({ id: 'BaselineScore' })

export const AccountView = z
  .strictObject({
    hours: z.number().meta({ description: 'Judged so far: time with fresh load.' }),
    cost: z.number().meta({ description: '$ spent, as observed.' }),
    requests: z.number(),
    violations: z.number().meta({
      description:
        'Requests outside the SLO by the learned violation curve, for what ran and for the baselines alike.',
    }),
    efficiency: z.number().nullable().meta({
      description:
        'Cost of what the load needed ÷ cost, times the share of good requests; 1 is perfect.',
    }),
    hpa: BaselineView,
    staticThresholds: BaselineView,
  })
  .meta({ id: 'Account' })
export type AccountView = z.infer<typeof AccountView>

export const ServiceScore = z
  .strictObject({
    service: ServiceId,
    acting: PolicyKind.meta({ description: 'What acts for it now.' }),
    chosen: PolicyKind.meta({ description: 'What the selection has act, where it is enabled.' }),
    rounds: z.int(),
    changes: z.int(),
    regret: z.number().meta({
      description:
        'Losses of whoever was chosen, less those of the one best strategy in all rounds.',
    }),
    strategies: z.array(
      z.strictObject({
        policy: PolicyKind,
        weight: z.number().meta({ description: 'Chance of being chosen anew.' }),
        meanLoss: z.number().nullable().meta({
          description:
            'Violations ÷ error budget + capacity ÷ need, as a share of the worst (20), a round; null before the first.',
        }),
      }),
    ),
    account: AccountView,
  })
  .meta({ id: 'ServiceScore' })
export type ServiceScore = z.infer<typeof ServiceScore>

export const Scoreboard = z
  .strictObject({
    enabled: z.boolean().meta({ description: 'Whether the selection chooses, or only scores.' }),
    fleet: AccountView,
    services: z.array(ServiceScore),
  })
  .meta({ id: 'Scoreboard' })
export type Scoreboard = z.infer<typeof Scoreboard>
