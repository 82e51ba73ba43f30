/** What is compared and how long; one YAML file (configs here). Nothing in it is of a single trace. */
import { z } from 'zod'
import { ForecastConfig } from '../../../forecaster/config.ts'

const Name = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'must be of a–z, 0–9, "-" and "."')

const Group = z.strictObject({
  name: Name,
  traces: z.array(z.string().min(1)).min(1),
  tickSeconds: z.number().positive().max(3600).optional().meta({
    description: 'Where the traces are too short for the tick of all.',
  }),
})
export type Group = z.infer<typeof Group>

export const HistoryConfig = z.strictObject({
  name: Name,
  groups: z.array(Group).min(1),
  tickSeconds: z.number().positive().max(3600).default(60),
  judgedShare: z.number().gt(0).lt(1).default(0.25).meta({
    description:
      'Of what all traces of a group have: the last part, which is judged and nothing else.',
  }),
  mostDays: z
    .strictObject({
      learned: z.number().positive().default(14),
      rehearsed: z.number().positive().default(14),
      judged: z.number().positive().default(6),
    })
    .prefault({}),
  budgetShares: z.array(z.number().positive()).min(1).default([1, 0.7]).meta({
    description:
      'Budgets of a group ÷ what the busy hours of all its services cost at once: each is judged.',
  }),
  forecast: z
    .strictObject({
      models: ForecastConfig.shape.models.optional(),
      refitMs: z.int().positive().optional(),
    })
    .default({}),
  evaluations: z.int().min(1).default(100).meta({
    description: 'Tunings tried of a service, besides the whole sweep of the analytic policy.',
  }),
  blocks: z
    .int()
    .min(3)
    .default(24)
    .meta({ description: 'Of the rehearsed and of the judged part.' }),
  folds: z.int().min(1).default(3).meta({
    description: 'Parts of the rehearsed time in each of which a tuning has to pay.',
  }),
  thin: z.int().min(1).default(1).meta({
    description:
      'Of the analytic sweep every so manieth setting is judged, and matched by the learned arms.',
  }),
  seed: z.int().min(0).default(1),
  draws: z.int().min(100).default(1000),
  level: z.number().gt(0.5).lt(1).default(0.95),
})
export type HistoryConfig = z.infer<typeof HistoryConfig>
