/** Tables of the registries: models with their fitted states, learned policies and their rollouts. */
import type { Dialect } from './dialect-sqlite.ts'

/** The registry; rows are never taken back, only their standing changes. */
export const modelVersions = (d: Dialect) =>
  d.table(
    'model_versions',
    {
      seq: d.serial('seq'),
      service: d.text('service').notNull(),
      metric: d.text('metric').notNull(),
      number: d.integer('number').notNull(),
      kind: d.text('kind').notNull(),
      version: d.text('version').notNull(),
      status: d.text('status').notNull(),
      fittedAtMs: d.real('fitted_at_ms').notNull(),
      fromMs: d.real('from_ms').notNull(),
      toMs: d.real('to_ms').notNull(),
      stepMs: d.real('step_ms').notNull(),
      steps: d.integer('steps').notNull(),
      configHash: d.text('config_hash').notNull(),
      config: d.json('config').notNull(),
      seed: d.integer('seed').notNull(),
      quality: d.json('quality').notNull(),
      contest: d.json('contest').notNull(),
      parent: d.integer('parent'),
      reason: d.text('reason').notNull(),
      detail: d.text('detail').notNull(),
      contestFromMs: d.real('contest_from_ms'),
      promotedAtMs: d.real('promoted_at_ms'),
      promotedBy: d.text('promoted_by'),
      promotedWhy: d.text('promoted_why'),
      retiredAtMs: d.real('retired_at_ms'),
      retiredBy: d.text('retired_by'),
      retiredWhy: d.text('retired_why'),
    },
    (table) => [
      d.uniqueIndex('model_versions_number').on(table.service, table.metric, table.number),
      d.index('model_versions_by_status').on(table.status),
    ],
  )

/** Fitted states of the newest versions. */
export const modelArtifacts = (d: Dialect) =>
  d.table(
    'model_artifacts',
    {
      service: d.text('service').notNull(),
      metric: d.text('metric').notNull(),
      number: d.integer('number').notNull(),
      standsAtMs: d.real('stands_at_ms').notNull(),
      formatVersion: d.integer('format_version').notNull(),
      sha256: d.text('sha256').notNull(),
      packed: d.bytes('packed').notNull(),
    },
    (table) => [d.primaryKey({ columns: [table.service, table.metric, table.number] })],
  )

/** The registry of learned policies: what acts, by its hash. Ticks name them, so they are never dropped. */
export const policies = (d: Dialect) =>
  d.table(
    'policies',
    {
      seq: d.serial('seq'),
      version: d.text('version').notNull().unique(),
      name: d.text('name').notNull(),
      learner: d.text('learner').notNull(),
      source: d.text('source').notNull(),
      addedAtMs: d.real('added_at_ms').notNull(),
      addedBy: d.text('added_by').notNull(),
      why: d.text('why').notNull(),
      provenance: d.json('provenance').notNull(),
      document: d.json('document').notNull(),
    },
    (table) => [d.index('policies_by_name').on(table.name)],
  )

export const rollouts = (d: Dialect) =>
  d.table(
    'rollouts',
    {
      number: d.integer('number').primaryKey(),
      stage: d.text('stage').notNull(),
      startedAtMs: d.real('started_at_ms').notNull(),
      document: d.json('document').notNull(),
    },
    (table) => [d.index('rollouts_by_stage').on(table.stage)],
  )

/** What a service lost in a block of a rollout's stage, and under which arm. */
export const rolloutUnits = (d: Dialect) =>
  d.table(
    'rollout_units',
    {
      rollout: d.integer('rollout').notNull(),
      stage: d.text('stage').notNull(),
      service: d.text('service').notNull(),
      block: d.integer('block').notNull(),
      unit: d.json('unit').notNull(),
    },
    (table) => [
      d.primaryKey({ columns: [table.rollout, table.stage, table.service, table.block] }),
    ],
  )
