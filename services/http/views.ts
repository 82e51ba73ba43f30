/** Shapes that only HTTP has: rows of the ledger as they travel, and small answers. */
import { z } from 'zod'
import { Mode, PolicyKind } from '../../agents/service-spec.ts'
import { BoundBy, Decision, Settlement } from '../../coordinator/decision.ts'
import { MetricName, ServiceId } from '../../forecaster/series.ts'
import { LeadershipView } from '../leader/view.ts'

export const StoredDecisionView = Decision.extend({
  settlement: Settlement,
  settledAtMs: z.number().nullable(),
  detail: z.string().nullable(),
}).meta({ id: 'StoredDecision', description: 'A decision and what became of it.' })
export type StoredDecisionView = z.infer<typeof StoredDecisionView>

export const TickRow = z
  .strictObject({
    tick: z.int(),
    atMs: z.number(),
    epoch: z.string().meta({ description: 'Made when the ledger was created.' }),
    costBudgetPerHour: z.number(),
    spendPerHour: z.number(),
    shadowPrice: z.number(),
    feasible: z.boolean(),
    boundBy: BoundBy,
    configHash: z.string(),
    durationMs: z.number(),
    outputsHash: z.string().meta({ description: 'SHA-256 of the encoded outputs.' }),
  })
  .meta({ id: 'TickRow', description: 'One tick as the ledger keeps it.' })
export type TickRow = z.infer<typeof TickRow>

export const Arbitration = TickRow.extend({ decisions: z.array(StoredDecisionView) }).meta({
  id: 'Arbitration',
  description: 'One tick and all its decisions: how the budget was shared.',
})

export const SeriesView = z
  .strictObject({
    service: ServiceId,
    metric: MetricName,
    startMs: z.number(),
    stepMs: z.number(),
    values: z.array(z.number().nullable()).meta({
      description: 'Value i covers [startMs + i·stepMs, startMs + (i+1)·stepMs); null is a gap.',
    }),
    recordedUntilMs: z.number().nullable().meta({
      description: 'Values before this instant were recorded earlier and preloaded, not measured.',
    }),
  })
  .meta({ id: 'Series' })

export const OutcomeView = z
  .strictObject({
    tick: z.int(),
    service: ServiceId,
    atMs: z.number(),
    loadRps: z.number().nullable(),
    violationRatio: z.number().nullable(),
    replicaHours: z.number(),
    cost: z.number(),
  })
  .meta({ id: 'Outcome', description: 'What was measured after a tick.' })

export const ModeView = z
  .strictObject({
    mode: Mode,
    paused: z.boolean(),
    leadership: LeadershipView.optional(),
  })
  .meta({
    id: 'ModeView',
    description: 'The global mode, whether all writes are paused, and who leads.',
  })

export const StrategyView = z
  .strictObject({ policy: PolicyKind, description: z.string(), services: z.array(ServiceId) })
  .meta({ id: 'Strategy', description: 'A policy and the services it acts for.' })

export const SampleReport = z
  .strictObject({
    accepted: z.int(),
    rejected: z
      .record(z.string(), z.int())
      .meta({ description: 'Samples that were not stored, by reason.' }),
  })
  .meta({ id: 'SampleReport' })

export function items<Row extends z.ZodType>(row: Row) {
  return z.strictObject({ items: z.array(row) })
}

export function page<Row extends z.ZodType>(row: Row) {
  return z.strictObject({
    items: z.array(row),
    next: z
      .string()
      .nullable()
      .meta({ description: 'Cursor of the next page; null on the last one.' }),
  })
}
