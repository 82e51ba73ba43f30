/** A version of a service's model as the registry keeps it and as it travels: what it learned from, why, and its standing. */
import { z } from 'zod'
import { Quality } from '../../forecaster/forecast.ts'
import { MetricName, ServiceId } from '../../forecaster/series.ts'

export const MODEL_STATUSES = ['champion', 'challenger', 'retired'] as const
export const ModelStatus = z.enum(MODEL_STATUSES).meta({
  id: 'ModelStatus',
  description:
    'champion: it forecasts; challenger: it forecasts in the shadow and is scored beside the champion; retired: neither.',
})
export type ModelStatus = z.infer<typeof ModelStatus>

export const TRAINING_REASONS = [
  'first',
  'grown',
  'scheduled',
  'drift',
  'changepoint',
  'config',
  'manual',
  'rollback',
  'import',
] as const
export const TrainingReason = z.enum(TRAINING_REASONS).meta({
  id: 'TrainingReason',
  description:
    'Why this version was made: no model before it, a history longer by a quarter, time, a load that left its forecast, errors that changed, other forecast settings, somebody asked, an earlier version taken back, a file.',
})
export type TrainingReason = z.infer<typeof TrainingReason>

const When = z.number().nullable()
const Who = z.string().nullable()

export const ModelVersion = z
  .strictObject({
    service: ServiceId,
    metric: MetricName,
    number: z.int().min(1).meta({ description: 'Counts the versions of a service and metric.' }),
    kind: z.string().min(1).meta({ description: 'Who speaks: a model, or the ensemble.' }),
    version: z.string().min(1).meta({ description: 'Hash of what fitting learned.' }),
    status: ModelStatus,
    fittedAtMs: z.number(),
    fromMs: z.number().meta({ description: 'The history that it learned from: [fromMs, toMs).' }),
    toMs: z.number(),
    stepMs: z.number().positive(),
    steps: z.int().min(0).meta({ description: 'Steps of that history.' }),
    configHash: z.string(),
    config: z
      .record(z.string(), z.unknown())
      .meta({ description: 'Forecast settings that it was fitted with.' }),
    seed: z.int(),
    quality: Quality,
    contest: z
      .array(
        z.strictObject({
          kind: z.string(),
          scaledPinball: z.number().nullable(),
          mase: z.number().nullable(),
          note: z.string().nullable(),
        }),
      )
      .meta({ description: 'Every model that competed in the fit, best first.' }),
    parent: z
      .int()
      .nullable()
      .meta({ description: 'Number of the version that forecast when this one was made.' }),
    reason: TrainingReason,
    detail: z.string().meta({ description: 'More about the reason, in words; may be empty.' }),
    contestFromMs: When.meta({ description: 'When its contest with the champion began.' }),
    promotedAtMs: When,
    promotedBy: Who,
    promotedWhy: Who,
    retiredAtMs: When,
    retiredBy: Who,
    retiredWhy: Who,
    hasArtifact: z.boolean().meta({
      description: 'Its fitted state is kept: it can be rolled back to, compared and exported.',
    }),
  })
  .meta({ id: 'Model', description: 'A version of a model: its data, its score, its standing.' })
export type ModelVersion = z.infer<typeof ModelVersion>

/** What the live stream tells of a model. */
export const ModelChange = z
  .strictObject({
    event: z.enum(['fitted', 'promoted', 'retired']).meta({ id: 'ModelEvent' }),
    model: ModelVersion,
  })
  .meta({ id: 'ModelChange' })
export type ModelChange = z.infer<typeof ModelChange>

/** Who promotes and retires when nobody asked. */
export const AUTOMATIC = 'lifecycle'
