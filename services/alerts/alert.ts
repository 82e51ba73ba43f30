/** What people are told of: an alert is open from the tick that finds it to the one that finds it over. */
import { z } from 'zod'
import { ANOMALY_KINDS } from '../../forecaster/anomaly.ts'
import { ServiceId } from '../../forecaster/series.ts'

export const SEVERITIES = ['info', 'warning', 'critical'] as const
export const Severity = z.enum(SEVERITIES).meta({
  id: 'Severity',
  description:
    'info: good to know; warning: an SLO, the budget or the data behind decisions is at stake; critical: it is being lost now.',
})
export type Severity = z.infer<typeof Severity>

export const AlertKind = z
  .enum([
    ...ANOMALY_KINDS,
    'budget-infeasible',
    'forecast-drifting',
    'forecast-coverage',
    'outlook-budget',
    'outlook-max-replicas',
    'rollout-rolled-back',
    'rollout-promoted',
    'scaling-conflict',
  ])
  .meta({ id: 'AlertKind' })
export type AlertKind = z.infer<typeof AlertKind>

export const Alert = z
  .strictObject({
    id: z.string(),
    key: z.string().meta({
      description: 'What it is of; of one key at most one alert is open.',
      example: 'anomaly/load/search',
    }),
    kind: AlertKind,
    severity: Severity,
    service: ServiceId.nullable().meta({ description: 'null: of the whole.' }),
    summary: z.string().meta({ description: 'A sentence.' }),
    figures: z.record(z.string(), z.number().nullable()).meta({
      description: 'The figures behind the sentence, as they were at its last change.',
    }),
    sinceMs: z.number().meta({ description: 'When what it tells of began.' }),
    openedAtMs: z.number(),
    updatedAtMs: z.number(),
    closedAtMs: z.number().nullable().meta({ description: 'null while it is open.' }),
    acknowledgedAtMs: z.number().nullable(),
    acknowledgedBy: z.string().nullable(),
  })
  .meta({ id: 'Alert' })
export type Alert = z.infer<typeof Alert>

export const AlertEvent = z
  .enum(['opened', 'updated', 'escalated', 'acknowledged', 'closed'])
  .meta({
    id: 'AlertEvent',
    description: 'updated: its kind changed; escalated: its severity rose.',
  })
export type AlertEvent = z.infer<typeof AlertEvent>

export const AlertChange = z
  .strictObject({ event: AlertEvent, alert: Alert })
  .meta({ id: 'AlertChange' })
export type AlertChange = z.infer<typeof AlertChange>

export const rankOf = (severity: Severity): number => SEVERITIES.indexOf(severity)
