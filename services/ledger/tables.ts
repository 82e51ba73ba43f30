/**
 * The ledger's tables, once for both dialects: SQLite's column types and PostgreSQL's are arguments, so what the two
 * databases hold cannot drift apart. Rows are mapped in this folder (*-rows.ts) and nowhere else.
 */
import type { Dialect } from './dialect-sqlite.ts'

export function tablesOf({
  table,
  text,
  json,
  real,
  integer,
  boolean,
  bytes,
  serial,
  index,
  uniqueIndex,
  primaryKey,
}: Dialect) {
  const meta = table('meta', {
    key: text('key').primaryKey(),
    value: text('value').notNull(),
  })

  const ticks = table(
    'ticks',
    {
      tick: integer('tick').primaryKey(),
      atMs: real('at_ms').notNull(),
      epoch: text('epoch').notNull(),
      costBudgetPerHour: real('cost_budget_per_hour').notNull(),
      spendPerHour: real('spend_per_hour').notNull(),
      shadowPrice: real('shadow_price').notNull(),
      feasible: boolean('feasible').notNull(),
      boundBy: text('bound_by').notNull(),
      configHash: text('config_hash').notNull(),
      durationMs: real('duration_ms').notNull(),
      inputs: bytes('inputs').notNull(),
      outputsHash: text('outputs_hash').notNull(),
    },
    (table) => [index('ticks_by_time').on(table.atMs)],
  )

  const decisions = table(
    'decisions',
    {
      /** Order of writing; cursors are made of it. */
      seq: serial('seq'),
      id: text('id').notNull().unique(),
      tick: integer('tick').notNull(),
      atMs: real('at_ms').notNull(),
      service: text('service').notNull(),
      mode: text('mode').notNull(),
      policy: text('policy').notNull(),
      policyVersion: text('policy_version'),
      from: integer('from_replicas').notNull(),
      to: integer('to_replicas').notNull(),
      reactiveNeed: integer('reactive_need').notNull(),
      wanted: integer('wanted').notNull(),
      costPerHour: real('cost_per_hour').notNull(),
      shadowPrice: real('shadow_price').notNull(),
      expectedLoss: real('expected_loss').notNull(),
      boundBy: text('bound_by').notNull(),
      reason: text('reason').notNull(),
      rationale: text('rationale').notNull(),
      settlement: text('settlement').notNull(),
      settledAtMs: real('settled_at_ms'),
      detail: text('detail'),
    },
    (table) => [
      index('decisions_by_tick').on(table.tick),
      index('decisions_by_service').on(table.service, table.seq),
      index('decisions_by_settlement').on(table.settlement),
    ],
  )

  const forecasts = table(
    'forecasts',
    {
      service: text('service').notNull(),
      metric: text('metric').notNull(),
      /** Time of the tick that wrote it: what was the newest at a time is asked by this. */
      atMs: real('at_ms').notNull(),
      /** Without the quantiles, but for rows that a version before these wrote. */
      document: json('document').notNull(),
      /** levels × steps, row-major, little-endian float64: exact, and half as long as text. */
      quantiles: bytes('quantiles'),
    },
    (table) => [
      primaryKey({ columns: [table.service, table.metric, table.atMs] }),
      index('forecasts_by_time').on(table.atMs),
    ],
  )

  /** The registry; rows are never taken back, only their standing changes. */
  const modelVersions = table(
    'model_versions',
    {
      seq: serial('seq'),
      service: text('service').notNull(),
      metric: text('metric').notNull(),
      number: integer('number').notNull(),
      kind: text('kind').notNull(),
      version: text('version').notNull(),
      status: text('status').notNull(),
      fittedAtMs: real('fitted_at_ms').notNull(),
      fromMs: real('from_ms').notNull(),
      toMs: real('to_ms').notNull(),
      stepMs: real('step_ms').notNull(),
      steps: integer('steps').notNull(),
      configHash: text('config_hash').notNull(),
      config: json('config').notNull(),
      seed: integer('seed').notNull(),
      quality: json('quality').notNull(),
      contest: json('contest').notNull(),
      parent: integer('parent'),
      reason: text('reason').notNull(),
      detail: text('detail').notNull(),
      contestFromMs: real('contest_from_ms'),
      promotedAtMs: real('promoted_at_ms'),
      promotedBy: text('promoted_by'),
      promotedWhy: text('promoted_why'),
      retiredAtMs: real('retired_at_ms'),
      retiredBy: text('retired_by'),
      retiredWhy: text('retired_why'),
    },
    (table) => [
      uniqueIndex('model_versions_number').on(table.service, table.metric, table.number),
      index('model_versions_by_status').on(table.status),
    ],
  )

  /** Fitted states of the newest versions. */
  const modelArtifacts = table(
    'model_artifacts',
    {
      service: text('service').notNull(),
      metric: text('metric').notNull(),
      number: integer('number').notNull(),
      standsAtMs: real('stands_at_ms').notNull(),
      formatVersion: integer('format_version').notNull(),
      sha256: text('sha256').notNull(),
      packed: bytes('packed').notNull(),
    },
    (table) => [primaryKey({ columns: [table.service, table.metric, table.number] })],
  )

  /** The registry of learned policies: what acts, by its hash. Ticks name them, so they are never dropped. */
  const policies = table(
    'policies',
    {
      seq: serial('seq'),
      version: text('version').notNull().unique(),
      name: text('name').notNull(),
      learner: text('learner').notNull(),
      source: text('source').notNull(),
      addedAtMs: real('added_at_ms').notNull(),
      addedBy: text('added_by').notNull(),
      why: text('why').notNull(),
      provenance: json('provenance').notNull(),
      document: json('document').notNull(),
    },
    (table) => [index('policies_by_name').on(table.name)],
  )

  const rollouts = table(
    'rollouts',
    {
      number: integer('number').primaryKey(),
      stage: text('stage').notNull(),
      startedAtMs: real('started_at_ms').notNull(),
      document: json('document').notNull(),
    },
    (table) => [index('rollouts_by_stage').on(table.stage)],
  )

  /** What a service lost in a block of a rollout's stage, and under which arm. */
  const rolloutUnits = table(
    'rollout_units',
    {
      rollout: integer('rollout').notNull(),
      stage: text('stage').notNull(),
      service: text('service').notNull(),
      block: integer('block').notNull(),
      unit: json('unit').notNull(),
    },
    (table) => [primaryKey({ columns: [table.rollout, table.stage, table.service, table.block] })],
  )

  const outcomes = table(
    'outcomes',
    {
      tick: integer('tick').notNull(),
      service: text('service').notNull(),
      atMs: real('at_ms').notNull(),
      loadRps: real('load_rps'),
      violationRatio: real('violation_ratio'),
      replicaHours: real('replica_hours').notNull(),
      cost: real('cost').notNull(),
    },
    (table) => [
      primaryKey({ columns: [table.service, table.tick] }),
      index('outcomes_by_time').on(table.atMs),
    ],
  )

  const checkpoints = table('checkpoints', {
    key: text('key').primaryKey(),
    value: json('value').notNull(),
    atMs: real('at_ms').notNull(),
  })

  /** Every change is a row; the newest of a key is in force. */
  const settings = table(
    'settings',
    {
      seq: serial('seq'),
      key: text('key').notNull(),
      value: json('value').notNull(),
      changedAtMs: real('changed_at_ms').notNull(),
      actor: text('actor').notNull(),
    },
    (table) => [index('settings_by_key').on(table.key, table.seq)],
  )

  const alerts = table(
    'alerts',
    {
      /** Order of opening; cursors are made of it. */
      seq: serial('seq'),
      id: text('id').notNull().unique(),
      key: text('key').notNull(),
      kind: text('kind').notNull(),
      severity: text('severity').notNull(),
      service: text('service'),
      summary: text('summary').notNull(),
      figures: json('figures').notNull(),
      sinceMs: real('since_ms').notNull(),
      openedAtMs: real('opened_at_ms').notNull(),
      updatedAtMs: real('updated_at_ms').notNull(),
      closedAtMs: real('closed_at_ms'),
      acknowledgedAtMs: real('acknowledged_at_ms'),
      acknowledgedBy: text('acknowledged_by'),
    },
    (table) => [
      index('alerts_by_service').on(table.service, table.seq),
      index('alerts_by_closing').on(table.closedAtMs),
    ],
  )

  /** The outbox of webhooks. */
  const deliveries = table(
    'deliveries',
    {
      seq: serial('seq'),
      id: text('id').notNull().unique(),
      alertId: text('alert_id').notNull(),
      url: text('url').notNull(),
      body: text('body').notNull(),
      createdAtMs: real('created_at_ms').notNull(),
      attempts: integer('attempts').notNull(),
      nextAtMs: real('next_at_ms'),
      deliveredAtMs: real('delivered_at_ms'),
      error: text('error'),
    },
    (table) => [index('deliveries_by_next').on(table.nextAtMs)],
  )

  const demandDays = table(
    'demand_days',
    {
      service: text('service').notNull(),
      dayMs: real('day_ms').notNull(),
      startMs: real('start_ms').notNull(),
      /** Loads of its parts, little-endian float64. */
      parts: bytes('parts').notNull(),
    },
    (table) => [primaryKey({ columns: [table.service, table.dayMs, table.startMs] })],
  )

  /** Of a key only the SHA-256 is kept. */
  const apiKeys = table('api_keys', {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    hash: text('hash').notNull(),
    role: text('role').notNull(),
    groups: json('groups').$type<string[]>(),
    createdAtMs: real('created_at_ms').notNull(),
    createdBy: text('created_by').notNull(),
    expiresAtMs: real('expires_at_ms'),
    revokedAtMs: real('revoked_at_ms'),
    revokedBy: text('revoked_by'),
    replacedBy: text('replaced_by'),
    lastUsedAtMs: real('last_used_at_ms'),
  })

  /** Append-only: triggers refuse to change or drop a row. */
  const audit = table(
    'audit',
    {
      seq: integer('seq').primaryKey(),
      atMs: real('at_ms').notNull(),
      actor: text('actor').notNull(),
      action: text('action').notNull(),
      target: text('target'),
      /** The very text that was hashed. */
      detail: text('detail').notNull(),
      formerHash: text('former_hash').notNull(),
      hash: text('hash').notNull(),
    },
    (table) => [index('audit_by_time').on(table.atMs)],
  )

  return {
    meta,
    ticks,
    decisions,
    forecasts,
    modelVersions,
    modelArtifacts,
    policies,
    rollouts,
    rolloutUnits,
    outcomes,
    checkpoints,
    settings,
    alerts,
    deliveries,
    demandDays,
    apiKeys,
    audit,
  }
}
