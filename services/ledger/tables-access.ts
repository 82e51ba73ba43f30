/** Tables of who may come in, who changed what, who leads, and which shard may spend how much. */
import type { Dialect } from './dialect-sqlite.ts'

/** Of a key only the SHA-256 is kept. */
export const apiKeys = (d: Dialect) =>
  d.table('api_keys', {
    id: d.text('id').primaryKey(),
    name: d.text('name').notNull(),
    hash: d.text('hash').notNull(),
    role: d.text('role').notNull(),
    groups: d.json('groups').$type<string[]>(),
    createdAtMs: d.real('created_at_ms').notNull(),
    createdBy: d.text('created_by').notNull(),
    expiresAtMs: d.real('expires_at_ms'),
    revokedAtMs: d.real('revoked_at_ms'),
    revokedBy: d.text('revoked_by'),
    replacedBy: d.text('replaced_by'),
    lastUsedAtMs: d.real('last_used_at_ms'),
  })

/** Append-only: triggers refuse to change or drop a row. */
export const audit = (d: Dialect) =>
  d.table(
    'audit',
    {
      seq: d.integer('seq').primaryKey(),
      atMs: d.real('at_ms').notNull(),
      actor: d.text('actor').notNull(),
      action: d.text('action').notNull(),
      target: d.text('target'),
      /** The very text that was hashed. */
      detail: d.text('detail').notNull(),
      formerHash: d.text('former_hash').notNull(),
      hash: d.text('hash').notNull(),
    },
    (table) => [d.index('audit_by_time').on(table.atMs)],
  )

/** Who may act (services/leader/lease.ts). */
export const leases = (d: Dialect) =>
  d.table('leases', {
    name: d.text('name').primaryKey(),
    token: d.integer('token').notNull(),
    holder: d.text('holder'),
    url: d.text('url').notNull(),
    renewals: d.integer('renewals').notNull(),
  })

/** What each shard may spend of the budget that all of them share (services/shards/share.ts). */
export const shares = (d: Dialect) =>
  d.table('shares', {
    shard: d.text('shard').primaryKey(),
    /** Of all rows; each number is taken once, which makes a claim a compare-and-set of the whole table. */
    round: d.integer('round').notNull().unique(),
    token: d.integer('token').notNull(),
    claimPerHour: d.real('claim_per_hour').notNull(),
    said: d.json('said').notNull(),
  })
