/** Why a decision is what it is, and whether it is the same when decided again, as they travel over HTTP. */
import { z } from 'zod'
import { FRESHNESS } from '../../agents/observation.ts'
import { FEATURE_NAMES, type FeatureName } from '../../agents/policies/learned/features.ts'
import { TuningEffect } from '../../agents/policies/learned/tuning-attribution.ts'
import { ProposalDocument } from '../../agents/proposal.ts'
import { PARTS } from '../../coordinator/attribution-parts.ts'
import { BoundBy, Decision, Settlement } from '../../coordinator/decision.ts'
import { ForecastDocument } from '../../forecaster/forecast.ts'
import { ReplicaReport } from '../control-plane.ts'

export const Explanation = z
  .strictObject({
    decision: Decision.extend({
      settlement: Settlement,
      settledAtMs: z.number().nullable(),
      detail: z.string().nullable(),
    }),
    traceId: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .meta({
        description:
          "W3C trace id of the decision's tick; its spans are there where traces are kept.",
      }),
    observation: z.strictObject({
      loadRps: z.number().nullable(),
      freshness: z.enum(FRESHNESS),
      replicas: ReplicaReport,
      leadTimeMs: z.number(),
      capacityPerReplica: z.number(),
      saturationPerReplica: z.number(),
      drifting: z.boolean(),
      demand: z
        .array(z.strictObject({ level: z.number(), rps: z.number() }))
        .nullable()
        .meta({
          description:
            'Quantiles of the load that the decision must carry; null without a usable forecast.',
        }),
    }),
    forecast: ForecastDocument.nullable(),
    proposal: ProposalDocument,
    boundBy: BoundBy,
    counterfactual: z
      .strictObject({
        extraBudgetPerHour: z.number(),
        to: z.int(),
        lossAvoided: z
          .number()
          .meta({ description: 'Requests/s outside the SLO that this service would avoid.' }),
        fleetLossAvoided: z
          .number()
          .meta({ description: 'The same, weighted, over all services.' }),
      })
      .meta({ description: 'The same tick with one more $/hour.' }),
    moved: z
      .strictObject({
        sinceTick: z.int(),
        sinceAtMs: z.number(),
        from: z.int(),
        to: z.int(),
        parts: z.array(z.strictObject({ part: z.enum(PARTS), replicas: z.number() })).meta({
          description:
            'Shapley values: how many replicas each input is answerable for; they sum to `to` − `from`.',
        }),
      })
      .nullable()
      .meta({
        description:
          'Which inputs moved the count since it was last another; null when it never was, or that tick is no longer kept.',
      }),
    learned: z
      .strictObject({
        version: z.string(),
        stretch: z.number().meta({ description: 'What the forecast demand was multiplied by.' }),
        analytic: z.int().meta({
          description:
            'Replicas without the policy, alone and with all the money; `tuning`, `atRest` and the effects sum to `alone` − `analytic`.',
        }),
        alone: z.int().meta({ description: 'The same with it.' }),
        tuning: z.array(TuningEffect).meta({
          description:
            "What was learned from the service's own past added, part by part; empty where nothing was.",
        }),
        atRest: z
          .strictObject({ factor: z.number(), replicas: z.number() })
          .meta({ description: 'What it does of a service like this one at rest.' }),
        effects: z
          .array(
            z.strictObject({
              feature: z.enum(FEATURE_NAMES as [FeatureName, ...FeatureName[]]),
              value: z.number().meta({ description: 'As the policy saw it.' }),
              factor: z.number().meta({ description: 'What it multiplied the stretch by.' }),
              replicas: z.number().meta({ description: 'What it added to the count.' }),
            }),
          )
          .meta({ description: 'Shapley values over what it saw, the largest first.' }),
      })
      .nullable()
      .meta({
        description: 'What a learned policy saw and what of it moved it; null where none acted.',
      }),
  })
  .meta({ id: 'Explanation' })
export type Explanation = z.infer<typeof Explanation>

export const ReplayReport = z
  .strictObject({
    decisionId: z.string(),
    identical: z.boolean(),
    storedHash: z.string(),
    recomputedHash: z.string(),
    stored: Decision,
    recomputed: Decision,
  })
  .meta({ id: 'ReplayReport' })
export type ReplayReport = z.infer<typeof ReplayReport>
