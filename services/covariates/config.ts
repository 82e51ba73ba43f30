/** Settings of covariates: holidays, and metrics that lead the load or are known in advance. Events come by the API. */
import { z } from 'zod'
import { MetricName, ServiceId } from '../../forecaster/series.ts'

const DAY_MS = 24 * 60 * 60 * 1000

export const HOLIDAY_TYPES = ['public', 'bank', 'school', 'optional', 'observance'] as const

export const HolidaysConfig = z
  .strictObject({
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, 'must be two capital letters')
      .meta({ description: 'ISO 3166 code: DE.' }),
    state: z.string().min(1).optional().meta({ description: 'Part of the country: BY.' }),
    region: z.string().min(1).optional().meta({ description: 'Part of the state: A.' }),
    timezone: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "IANA time zone of its days; default: the country's." }),
    types: z
      .array(z.enum(HOLIDAY_TYPES))
      .min(1)
      .default(['public'])
      .meta({ description: 'Kinds of holidays that count.' }),
  })
  .meta({ id: 'HolidaysConfig' })
export type HolidaysConfig = z.infer<typeof HolidaysConfig>

export const CovariateMetric = z
  .strictObject({
    metric: MetricName,
    of: ServiceId.optional().meta({
      description: 'Whose metric; default: of the service that is forecast.',
    }),
    services: z
      .array(ServiceId)
      .min(1)
      .optional()
      .meta({ description: 'Services whose load it may act on; default: all.' }),
    lagMs: z.int().min(0).max(DAY_MS).default(0).meta({
      description: 'Time after which it acts, ms: orders now are requests in ten minutes.',
    }),
    aheadMs: z
      .int()
      .min(0)
      .max(60 * DAY_MS)
      .default(0)
      .meta({
        description:
          'How far ahead of the clock its samples may be stamped, ms: for what is planned.',
      }),
  })
  .meta({ id: 'CovariateMetric' })
export type CovariateMetric = z.infer<typeof CovariateMetric>

export const CovariatesConfig = z
  .strictObject({
    holidays: HolidaysConfig.optional().meta({
      description: 'Holidays of a country act on all services; each day is one event `holiday`.',
    }),
    metrics: z
      .array(CovariateMetric)
      .max(16)
      .default([])
      .meta({ description: 'Metrics, pushed like any other, that may say something of the load.' }),
  })
  .meta({ id: 'CovariatesConfig' })
export type CovariatesConfig = z.infer<typeof CovariatesConfig>

/** A metric that is forecast beside the load. */
export const ForecastMetric = z
  .strictObject({
    metric: MetricName,
    services: z
      .array(ServiceId)
      .min(1)
      .optional()
      .meta({ description: 'Services that have it; default: all.' }),
  })
  .meta({ id: 'ForecastMetric' })
export type ForecastMetric = z.infer<typeof ForecastMetric>
