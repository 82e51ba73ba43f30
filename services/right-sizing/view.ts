/** What right-sizing knows and would do, as it travels over HTTP. */
import { z } from 'zod'
import { Mode } from '../../agents/service-spec.ts'
import { ServiceId } from '../../forecaster/series.ts'

export const TierEstimate = z
  .strictObject({
    tier: z.string(),
    capacityPerReplica: z.number().meta({
      description:
        'Requests/s of one replica: learned on the present tier, in proportion on others.',
    }),
    pricePerReplicaHour: z.number(),
    lower: z.int().meta({ description: 'Fewest replicas of any hour of the window.' }),
    target: z.int().meta({ description: 'Replicas of the hour that runs.' }),
    upper: z.int().meta({ description: 'Most replicas of any hour of the window.' }),
    uncapped: z.int().meta({ description: 'The same were there no maximum.' }),
    costPerHour: z
      .number()
      .meta({ description: 'Mean over the window, start-ups with it, $/hour.' }),
    violationsRps: z.number().meta({
      description: 'Expected requests/s outside the SLO, failing replicas with them.',
    }),
    scorePerHour: z.number().meta({ description: 'Cost and violations at their price, $/hour.' }),
    switchCost: z.number().meta({ description: '$ for going to it now; 0 for the present tier.' }),
    regret: z.number().meta({ description: '$ that staying has cost more than it lately.' }),
    dueAt: z.number().meta({ description: '$ of regret at which the change is made.' }),
  })
  .meta({ id: 'TierEstimate' })
export type TierEstimate = z.infer<typeof TierEstimate>

export const TierChange = z
  .strictObject({
    to: z.string(),
    beganMs: z.number(),
    replicas: z.int().meta({ description: 'Of the new tier, to run beside the present ones.' }),
    ready: z.int(),
    costPerHour: z.number().meta({ description: 'Of the overlap, out of the budget.' }),
  })
  .meta({ id: 'TierChange', description: 'A change under way: both tiers run.' })

export const SizeRecommendation = z
  .strictObject({
    service: ServiceId,
    mode: Mode.meta({ description: 'enforce: changes are made; recommend: they are only named.' }),
    tier: z.string().meta({ description: 'That it runs on.' }),
    recommended: z
      .string()
      .meta({ description: 'That would cost least; the same where none would.' }),
    savingPerHour: z
      .number()
      .meta({ description: '$/hour over the window, violations at their price.' }),
    isDue: z.boolean().meta({ description: 'Whether the change has been waited for long enough.' }),
    historyDays: z.int(),
    neededDays: z.int().meta({ description: 'Days of history before anything is said.' }),
    tiers: z.array(TierEstimate).meta({ description: 'Empty while history is too short.' }),
    why: z.string(),
    yaml: z.string().nullable().meta({ description: 'To be put into the configuration.' }),
    change: TierChange.nullable(),
    lastChange: z
      .strictObject({ atMs: z.number(), from: z.string(), to: z.string(), outcome: z.string() })
      .nullable(),
  })
  .meta({ id: 'SizeRecommendation' })
export type SizeRecommendation = z.infer<typeof SizeRecommendation>

export const RightSizingView = z
  .strictObject({
    mode: Mode,
    windowDays: z.int(),
    services: z.array(SizeRecommendation).meta({ description: 'Those that have tiers.' }),
    savingPerHour: z.number().meta({ description: 'Of all recommendations together, $/hour.' }),
  })
  .meta({ id: 'RightSizing' })
export type RightSizingView = z.infer<typeof RightSizingView>
