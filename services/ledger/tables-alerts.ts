/** Tables of alerts, of their webhooks that have to arrive, and of loads of whole days. */
import type { Dialect } from './dialect-sqlite.ts'

export const alerts = (d: Dialect) =>
  d.table(
    'alerts',
    {
      /** Order of opening; cursors are made of it. */
      seq: d.serial('seq'),
      id: d.text('id').notNull().unique(),
      key: d.text('key').notNull(),
      kind: d.text('kind').notNull(),
      severity: d.text('severity').notNull(),
      service: d.text('service'),
      summary: d.text('summary').notNull(),
      figures: d.json('figures').notNull(),
      sinceMs: d.real('since_ms').notNull(),
      openedAtMs: d.real('opened_at_ms').notNull(),
      updatedAtMs: d.real('updated_at_ms').notNull(),
      closedAtMs: d.real('closed_at_ms'),
      acknowledgedAtMs: d.real('acknowledged_at_ms'),
      acknowledgedBy: d.text('acknowledged_by'),
    },
    (table) => [
      d.index('alerts_by_service').on(table.service, table.seq),
      d.index('alerts_by_closing').on(table.closedAtMs),
    ],
  )

/** The outbox of webhooks. */
export const deliveries = (d: Dialect) =>
  d.table(
    'deliveries',
    {
      seq: d.serial('seq'),
      id: d.text('id').notNull().unique(),
      alertId: d.text('alert_id').notNull(),
      url: d.text('url').notNull(),
      body: d.text('body').notNull(),
      createdAtMs: d.real('created_at_ms').notNull(),
      attempts: d.integer('attempts').notNull(),
      nextAtMs: d.real('next_at_ms'),
      deliveredAtMs: d.real('delivered_at_ms'),
      error: d.text('error'),
    },
    (table) => [d.index('deliveries_by_next').on(table.nextAtMs)],
  )

export const demandDays = (d: Dialect) =>
  d.table(
    'demand_days',
    {
      service: d.text('service').notNull(),
      dayMs: d.real('day_ms').notNull(),
      startMs: d.real('start_ms').notNull(),
      /** Loads of its parts, little-endian float64. */
      parts: d.bytes('parts').notNull(),
    },
    (table) => [d.primaryKey({ columns: [table.service, table.dayMs, table.startMs] })],
  )
