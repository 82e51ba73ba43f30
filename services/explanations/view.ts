/** A forecast taken apart, as it travels over HTTP. */
import { z } from 'zod'
import { ModelRef } from '../../forecaster/forecast.ts'
import { MetricName, ServiceId } from '../../forecaster/series.ts'

export const PART_NAMES = [
  'level',
  'trend',
  'season',
  'rest',
  'correction',
  'shift',
  'covariate',
] as const

export const ForecastPart = z
  .strictObject({
    name: z.enum(PART_NAMES).meta({
      description:
        'correction: what recent errors say; shift: the load has left its forecast; rest: what a model does not take apart.',
    }),
    seasonMs: z.number().nullable().meta({ description: 'Length of a season; else null.' }),
    model: z.string().nullable().meta({
      description: 'The model whose whole path a rest is, when it names no parts; else null.',
    }),
    covariate: z.string().nullable().meta({ description: 'Name of a covariate; else null.' }),
    values: z.array(z.number()).meta({ description: 'One a step, in the unit of the metric.' }),
  })
  .meta({ id: 'ForecastPart' })
export type ForecastPart = z.infer<typeof ForecastPart>

export const CovariateVerdict = z
  .strictObject({
    name: z.string(),
    used: z.boolean(),
    effect: z.number().nullable().meta({
      description:
        'What a value of 1 does (of a metric: one deviation from usual): a factor, or the load added; null when it is not used.',
    }),
    form: z.enum(['multiplicative', 'additive']),
    lossRatio: z.number().nullable().meta({
      description: 'Loss on events held out, with it over without it; null when none could be.',
    }),
    note: z.string().meta({ description: 'Why it is not used; empty when it is.' }),
  })
  .meta({ id: 'CovariateVerdict' })
export type CovariateVerdict = z.infer<typeof CovariateVerdict>

export const ForecastExplanation = z
  .strictObject({
    service: ServiceId,
    metric: MetricName,
    issuedAtMs: z.number(),
    stepMs: z.number(),
    drifting: z.boolean(),
    model: ModelRef,
    point: z.array(z.number()).meta({ description: 'The path that the band lies around.' }),
    parts: z.array(ForecastPart).meta({ description: 'They sum to the path in every step.' }),
    members: z
      .array(
        z.strictObject({
          kind: z.string(),
          weight: z.number().meta({ description: 'Mean over the steps.' }),
          weights: z.array(z.number()).meta({ description: 'One a step.' }),
        }),
      )
      .meta({
        description: 'Share of each model, the heaviest first; empty when a fallback speaks.',
      }),
    covariates: z.array(CovariateVerdict).meta({
      description: 'What the newest fit made of each covariate; after a restart of those in use.',
    }),
  })
  .meta({ id: 'ForecastExplanation' })
export type ForecastExplanation = z.infer<typeof ForecastExplanation>

const NeuralGroups = z
  .strictObject({
    model: z.string(),
    groups: z
      .array(
        z.strictObject({
          name: z.string(),
          importance: z.number().meta({
            description: 'Mean |Shapley value| over the issue times, unit of the metric.',
          }),
          newest: z
            .number()
            .meta({ description: 'Shapley value at the newest issue time, unit of the metric.' }),
        }),
      )
      .meta({
        description: 'The most important first; the newest values sum to output − expected.',
      }),
    issueTimes: z.int(),
    backgroundRows: z
      .int()
      .meta({ description: 'What the network saw of this service at so many other times.' }),
    output: z.number().meta({ description: "The network's mean median load at the newest time." }),
    expected: z.number().meta({ description: 'The same over the background.' }),
  })
  .meta({ id: 'NeuralImportance' })

export const FeatureImportance = z
  .strictObject({
    service: ServiceId,
    state: z.enum(['ready', 'computing', 'not-possible']).meta({
      description:
        'computing: ask again in a moment; not-possible: the history is too short, or without any loss.',
    }),
    modelVersion: z.string(),
    issueTimes: z.int().nullable(),
    loss: z.number().nullable().meta({
      description: 'Mean pinball loss with every input in its place, unit of the metric.',
    }),
    inputs: z
      .array(
        z.strictObject({
          input: z.enum(['recent', 'season', 'covariates']),
          seasonMs: z.number().nullable(),
          lossRatio: z.number().meta({
            description: 'Loss with this input permuted over that without; 1: it does not matter.',
          }),
        }),
      )
      .meta({ description: 'Of the whole forecaster, the most important first.' }),
    neural: z
      .array(NeuralGroups)
      .meta({ description: 'Shapley values, for each neural model that is at work.' }),
  })
  .meta({ id: 'FeatureImportance' })
export type FeatureImportance = z.infer<typeof FeatureImportance>
