/** Tables of ticks and what belongs to them: decisions, forecasts, outcomes, and what outlives a tick. */
import type { Dialect } from './dialect-sqlite.ts'

export const meta = (d: Dialect) =>
  d.table('meta', {
    key: d.text('key').primaryKey(),
    value: d.text('value').notNull(),
  })

export const ticks = (d: Dialect) =>
  d.table(
    'ticks',
    {
      tick: d.integer('tick').primaryKey(),
      atMs: d.real('at_ms').notNull(),
      epoch: d.text('epoch').notNull(),
      costBudgetPerHour: d.real('cost_budget_per_hour').notNull(),
      spendPerHour: d.real('spend_per_hour').notNull(),
      shadowPrice: d.real('shadow_price').notNull(),
      feasible: d.boolean('feasible').notNull(),
      boundBy: d.text('bound_by').notNull(),
      configHash: d.text('config_hash').notNull(),
      durationMs: d.real('duration_ms').notNull(),
      inputs: d.bytes('inputs').notNull(),
      outputsHash: d.text('outputs_hash').notNull(),
    },
    (table) => [d.index('ticks_by_time').on(table.atMs)],
  )

export const decisions = (d: Dialect) =>
  d.table(
    'decisions',
    {
      /** Order of writing; cursors are made of it. */
      seq: d.serial('seq'),
      id: d.text('id').notNull().unique(),
      tick: d.integer('tick').notNull(),
      atMs: d.real('at_ms').notNull(),
      service: d.text('service').notNull(),
      mode: d.text('mode').notNull(),
      policy: d.text('policy').notNull(),
      policyVersion: d.text('policy_version'),
      from: d.integer('from_replicas').notNull(),
      to: d.integer('to_replicas').notNull(),
      reactiveNeed: d.integer('reactive_need').notNull(),
      wanted: d.integer('wanted').notNull(),
      costPerHour: d.real('cost_per_hour').notNull(),
      shadowPrice: d.real('shadow_price').notNull(),
      expectedLoss: d.real('expected_loss').notNull(),
      boundBy: d.text('bound_by').notNull(),
      reason: d.text('reason').notNull(),
      rationale: d.text('rationale').notNull(),
      settlement: d.text('settlement').notNull(),
      settledAtMs: d.real('settled_at_ms'),
      detail: d.text('detail'),
    },
    (table) => [
      d.index('decisions_by_tick').on(table.tick),
      d.index('decisions_by_service').on(table.service, table.seq),
      d.index('decisions_by_settlement').on(table.settlement),
    ],
  )

export const forecasts = (d: Dialect) =>
  d.table(
    'forecasts',
    {
      service: d.text('service').notNull(),
      metric: d.text('metric').notNull(),
      /** Time of the tick that wrote it: what was the newest at a time is asked by this. */
      atMs: d.real('at_ms').notNull(),
      /** Without the quantiles, but for rows that a version before these wrote. */
      document: d.json('document').notNull(),
      /** levels × steps, row-major, little-endian float64: exact, and half as long as text. */
      quantiles: d.bytes('quantiles'),
    },
    (table) => [
      d.primaryKey({ columns: [table.service, table.metric, table.atMs] }),
      d.index('forecasts_by_time').on(table.atMs),
    ],
  )

export const outcomes = (d: Dialect) =>
  d.table(
    'outcomes',
    {
      tick: d.integer('tick').notNull(),
      service: d.text('service').notNull(),
      atMs: d.real('at_ms').notNull(),
      loadRps: d.real('load_rps'),
      violationRatio: d.real('violation_ratio'),
      replicaHours: d.real('replica_hours').notNull(),
      cost: d.real('cost').notNull(),
    },
    (table) => [
      d.primaryKey({ columns: [table.service, table.tick] }),
      d.index('outcomes_by_time').on(table.atMs),
    ],
  )

export const checkpoints = (d: Dialect) =>
  d.table('checkpoints', {
    key: d.text('key').primaryKey(),
    value: d.json('value').notNull(),
    atMs: d.real('at_ms').notNull(),
  })

/** Every change is a row; the newest of a key is in force. */
export const settings = (d: Dialect) =>
  d.table(
    'settings',
    {
      seq: d.serial('seq'),
      key: d.text('key').notNull(),
      value: d.json('value').notNull(),
      changedAtMs: d.real('changed_at_ms').notNull(),
      actor: d.text('actor').notNull(),
    },
    (table) => [d.index('settings_by_key').on(table.key, table.seq)],
  )
