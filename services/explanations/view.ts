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
