/** Settings of alerts and of the outlook. */
import { z } from 'zod'
import { Severity } from './alert.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

export const WebhookConfig = z
  .strictObject({
    url: z
      .string()
      .regex(/^https?:\/\/[^\s/]+/, 'must be an address that begins with http:// or https://'),
    minSeverity: Severity.default('warning').meta({
      description: 'Alerts below it are not sent.',
    }),
    secretEnv: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
      .optional()
      .meta({
        description:
          'Environment variable that holds the secret which messages are signed with (HMAC-SHA256); not given: they are not signed.',
      }),
  })
  .meta({ id: 'WebhookConfig' })
export type WebhookConfig = z.infer<typeof WebhookConfig>

export const AlertsConfig = z
  .strictObject({
    falseAlarmsPerWeek: z.number().positive().max(10_000).default(0.25).meta({
      description:
        'Anomalies that may be reported by chance a week, of all services together while forecasts are calibrated.',
    }),
    driftingMs: z
      .int()
      .positive()
      .default(30 * MINUTE_MS)
      .meta({ description: 'A forecast that drifts for longer is reported, ms.' }),
    coverage: z
      .strictObject({
        least: z.number().min(0).max(1).default(0.8),
        most: z.number().min(0).max(1).default(0.99),
      })
      .prefault({})
      .meta({
        description:
          'Bounds of the live coverage of the 90 % interval, over the last 500 steps of a service.',
      }),
    webhooks: z
      .array(WebhookConfig)
      .max(10)
      .default([])
      .meta({ description: 'Who is told, by HTTP POST.' }),
  })
  .meta({ id: 'AlertsConfig' })
export type AlertsConfig = z.infer<typeof AlertsConfig>

export const OutlookConfig = z
  .strictObject({
    dayMs: z
      .int()
      .positive()
      .multipleOf(24)
      .default(DAY_MS)
      .meta({ description: 'Length of a day, ms; shorter only where days are compressed.' }),
    weekDays: z
      .int()
      .min(1)
      .max(31)
      .default(7)
      .meta({ description: 'Days after which weekdays repeat; 1: days are all alike.' }),
    historyDays: z
      .int()
      .min(7)
      .max(1000)
      .default(90)
      .meta({ description: 'Days that are kept, an hourly figure each, and looked back on.' }),
    paths: z
      .int()
      .min(50)
      .max(2000)
      .default(300)
      .meta({ description: 'Possible futures that are drawn.' }),
    atRisk: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.5)
      .meta({ description: 'Probability from which on a bound counts as at risk on a day.' }),
  })
  .meta({ id: 'OutlookConfig' })
export type OutlookConfig = z.infer<typeof OutlookConfig>
